/**
 * Seeded fuzz tests of the parsers that read bytes from outside. May import everything of Kindling that is public; nothing
 * imports it.
 */
@NullMarked
package dev.kindling.driver.fuzz;

import org.jspecify.annotations.NullMarked;
