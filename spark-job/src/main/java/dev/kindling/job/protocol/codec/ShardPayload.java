package dev.kindling.job.protocol.codec;

import dev.kindling.job.tensor.FlatVector;

/** Numbers that an executor sends another one that has asked for them. */
record ShardPayload(FlatVector values) {}
