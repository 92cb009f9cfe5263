/**
 * The command line: commands, options, signals, and the output for the terminal. May import every package of the
 * driver; no package imports it. Contains no hyper-parameters and no training logic.
 */
@NullMarked
package dev.kindling.driver.cli;

import org.jspecify.annotations.NullMarked;
