/**
 * HOCON to settings: {@code reference.conf}, then the job file, then {@code --set}. May import every room whose settings
 * it fills; nobody but {@code cli} imports it. No hyper-parameter has its default here: defaults live in
 * {@code conf/reference.conf} alone.
 */
@NullMarked
package dev.kindling.driver.config;

import org.jspecify.annotations.NullMarked;
