/**
 * The API for Java programs: {@link dev.kindling.MetaTrainer} trains on a Spark session that runs already or in this JVM,
 * {@link dev.kindling.TrainedModel} evaluates, adapts, is saved and loaded. What a builder does not set keeps the default of
 * {@code reference.conf}. Everything below {@code dev.kindling.job} and {@code dev.kindling.driver} is internal, but for the
 * types that these classes take and return and the service interfaces for extensions (docs/api.md lists them).
 */
@NullMarked
package dev.kindling;

import org.jspecify.annotations.NullMarked;
