/**
 * Export of a run's model to the formats of other programs. May import {@code job} packages and driver packages earlier in
 * the list; must not train or start a cluster.
 */
@NullMarked
package dev.kindling.driver.export;

import org.jspecify.annotations.NullMarked;
