/**
 * The backend SPI: a backend compiles a program into an executable, a workspace runs it block by block. One sub-room per
 * backend; they do not know each other. May import {@code tensor} and {@code program}; no model and no algorithm enters.
 */
@NullMarked
package dev.kindling.job.backend;

import org.jspecify.annotations.NullMarked;
