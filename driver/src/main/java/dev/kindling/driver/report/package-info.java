/**
 * HTML reports of a run or a comparison: one self-contained page of text, tables and SVG charts, without scripts and external
 * resources. May import driver packages earlier in the list, and runs programs of a plan on a small number of tasks in this
 * JVM; must not start Spark or modify a run. The only package that imports j2html, which escapes all text.
 */
@NullMarked
package dev.kindling.driver.report;

import org.jspecify.annotations.NullMarked;
