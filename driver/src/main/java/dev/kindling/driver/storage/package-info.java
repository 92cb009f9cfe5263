/**
 * File formats and durable writes on any Hadoop file system: a directory whose files are replaced atomically and synced to
 * disk, named tensors as safetensors, and Parquet files. Lives on the driver. May import {@code job.tensor} and the {@code error}
 * packages. Must not depend on runs, rounds or models, and never Java-deserialises what it reads.
 */
@NullMarked
package dev.kindling.driver.storage;

import org.jspecify.annotations.NullMarked;
