/**
 * Exceptions that only the driver throws and that decide its exit code: divergence (4), failure of the cluster (5), an
 * early stop (6), and a lost lock. May import {@code job.error} only.
 */
@NullMarked
package dev.kindling.driver.error;

import org.jspecify.annotations.NullMarked;
