/**
 * Settings to model, algorithm, programs and job. May import {@code job} rooms and the driver rooms above; runs nothing
 * and reads no file.
 */
@NullMarked
package dev.kindling.driver.plan;

import org.jspecify.annotations.NullMarked;
