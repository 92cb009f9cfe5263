/**
 * A trained model in use: adapts to given examples and predicts in this JVM, without Spark and without a run. Lives on the
 * driver or in a serving JVM. May import {@code plan} and what that may import.
 */
@NullMarked
package dev.kindling.driver.serving;

import org.jspecify.annotations.NullMarked;
