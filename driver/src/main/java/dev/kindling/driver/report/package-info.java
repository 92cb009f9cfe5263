/**
 * One page of HTML from what a run or a comparison wrote: text, tables and pictures in SVG, nothing from outside and nothing that
 * runs. May import every driver room above it, and runs programs of a plan on a handful of tasks in this JVM; starts no
 * Spark and changes nothing of a run. The page is built with j2html, which escapes what it is given; it stays in here.
 */
@NullMarked
package dev.kindling.driver.report;

import org.jspecify.annotations.NullMarked;
