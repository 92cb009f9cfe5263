/**
 * Compilation of settings to a training plan: model, programs and job. May import {@code job} packages and driver packages
 * earlier in the list; must not run programs or read files.
 */
@NullMarked
package dev.kindling.driver.plan;

import org.jspecify.annotations.NullMarked;
