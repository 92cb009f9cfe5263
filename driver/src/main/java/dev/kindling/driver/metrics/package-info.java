/**
 * The observable progress of a run: {@code metrics.jsonl} with a line per logged round, {@code status.json}, the logging
 * context, and the measurement of tasks per second. Lives on the driver. May import {@code checkpoint}; must not depend on
 * training state.
 */
@NullMarked
package dev.kindling.driver.metrics;

import org.jspecify.annotations.NullMarked;
