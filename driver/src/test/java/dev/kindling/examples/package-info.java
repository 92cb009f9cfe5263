/** Programs that use Kindling as a user would, for docs/api.md: an own task source, an own method, an own layer. */
@NullMarked
package dev.kindling.examples;

import org.jspecify.annotations.NullMarked;
