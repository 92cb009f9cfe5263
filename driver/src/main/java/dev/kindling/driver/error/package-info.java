/**
 * Exceptions with a meaning for the caller that only the driver throws: divergence (exit code 4), failure of the cluster
 * (exit code 5), a lost lock and an early stop (exit code 6). May import {@code job.error} alone.
 */
@NullMarked
package dev.kindling.driver.error;

import org.jspecify.annotations.NullMarked;
