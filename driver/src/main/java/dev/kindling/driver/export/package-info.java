/**
 * What leaves Kindling: a run's model in other programs' formats. May import {@code job} rooms and the driver rooms above;
 * trains nothing and starts no cluster.
 */
@NullMarked
package dev.kindling.driver.export;

import org.jspecify.annotations.NullMarked;
