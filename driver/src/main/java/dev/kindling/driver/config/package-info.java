/**
 * Converts HOCON to settings records, layered from {@code reference.conf}, the job file and {@code --set}. May import
 * every package whose settings it builds. Does not define defaults of hyper-parameters: {@code conf/reference.conf} has
 * them all.
 */
@NullMarked
package dev.kindling.driver.config;

import org.jspecify.annotations.NullMarked;
