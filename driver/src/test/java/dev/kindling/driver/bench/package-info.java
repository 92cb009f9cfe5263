/**
 * What {@code deploy/bench} runs: programs that time parts of Kindling beside a baseline in the same run. They stand among
 * the tests so that the build compiles and checks them without shipping them, but they are no tests: nothing here asserts,
 * and no build runs them. The script compiles this folder against the application as users get it, so that what is timed
 * is what is shipped. May import every room, the application's libraries and the JDK; never a test library or another
 * test, nor anything that tests import.
 */
@NullMarked
package dev.kindling.driver.bench;

import org.jspecify.annotations.NullMarked;
