/**
 * Keys and the streams of numbers that begin at them; the only source of randomness of the project. Imports nothing of
 * the project; nothing here remembers anything between keys.
 */
@NullMarked
package dev.kindling.job.random;

import org.jspecify.annotations.NullMarked;
