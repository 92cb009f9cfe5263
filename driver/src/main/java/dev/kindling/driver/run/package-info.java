/**
 * The use cases of the driver: resolves a configuration into a plan and opens its data, begins or resumes a training in
 * a run directory, prepares the entrants of a comparison, writes reports, and starts the platform that runs rounds.
 * Runs on the driver; the command line and the API call it. May import every package of the driver except {@code
 * export} and {@code cli}. Command-line options, tables and signal handlers do not belong here.
 */
@NullMarked
package dev.kindling.driver.run;

import org.jspecify.annotations.NullMarked;
