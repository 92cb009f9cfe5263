/**
 * Files on any Hadoop file system, below what a run keeps in them: a directory whose files are replaced atomically and
 * synced to disk, and named tensors as safetensors. Lives on the driver. May import {@code job.tensor} and the
 * {@code error} packages; nothing here knows of runs, rounds or models, and nothing read from disk is ever
 * Java-deserialised.
 */
@NullMarked
package dev.kindling.driver.storage;

import org.jspecify.annotations.NullMarked;
