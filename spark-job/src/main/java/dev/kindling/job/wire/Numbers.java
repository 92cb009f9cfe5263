package dev.kindling.job.wire;

import dev.kindling.job.tensor.Storage;

/** Numbers that an executor sends another one that has asked for them. */
record Numbers(Storage values) {}
