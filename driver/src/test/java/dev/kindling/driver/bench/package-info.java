/**
 * Benchmarks, which {@code deploy/bench} runs: programs that time parts of Kindling and a baseline in the same run. They are
 * in the test sources so that the build compiles and checks them without shipping them, but they are not tests: they assert
 * nothing, and no build runs them. The script compiles this folder against the application jar, so that the shipped code is
 * timed. May import every package, the application's libraries and the JDK; must not import test libraries or other tests.
 */
@NullMarked
package dev.kindling.driver.bench;

import org.jspecify.annotations.NullMarked;
