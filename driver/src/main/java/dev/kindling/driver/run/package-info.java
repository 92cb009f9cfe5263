/**
 * Runs from beginning to end: a configuration resolved into a plan with its data at hand, a training that begins or resumes
 * in a run directory, the entrants of a comparison, reports, and what they run on. Lives on the driver; the command line
 * and the API call it. May import every package of the driver but {@code export} and {@code cli}; no option, table or
 * signal enters.
 */
@NullMarked
package dev.kindling.driver.run;

import org.jspecify.annotations.NullMarked;
