/**
 * The command line: commands, exit codes, what a person sees. May import everything in the driver; nothing imports it. No
 * hyper-parameter and no decision about training lives here.
 */
@NullMarked
package dev.kindling.driver.cli;

import org.jspecify.annotations.NullMarked;
