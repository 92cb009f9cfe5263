/**
 * What a run says about itself while it runs: a line of {@code metrics.jsonl} per logged round, {@code status.json}, and
 * the clock behind tasks per second. Lives on the driver. May import {@code checkpoint}; no training state enters.
 */
@NullMarked
package dev.kindling.driver.metrics;

import org.jspecify.annotations.NullMarked;
