/**
 * Seeded fuzz tests of the parsers of untrusted bytes. May import everything of Kindling that is public; nothing
 * imports it.
 */
@NullMarked
package dev.kindling.driver.fuzz;

import org.jspecify.annotations.NullMarked;
