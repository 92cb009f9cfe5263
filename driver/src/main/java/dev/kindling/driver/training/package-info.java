/**
 * The outer loop: the one room that sees sampler, cluster, aggregator, optimizer, metrics and model files together. May
 * import every driver room but {@code config} and {@code cli}; how a run is configured and shown is theirs.
 */
@NullMarked
package dev.kindling.driver.training;

import org.jspecify.annotations.NullMarked;
