/**
 * The backend SPI: a backend compiles a program into an executable, a workspace runs it block by block. Each backend has a
 * sub-package, which imports no other backend. May import {@code tensor} and {@code program}; knows no models and no
 * algorithms.
 */
@NullMarked
package dev.kindling.job.backend;

import org.jspecify.annotations.NullMarked;
