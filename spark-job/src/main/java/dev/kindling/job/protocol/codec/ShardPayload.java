package dev.kindling.job.protocol.codec;

import dev.kindling.job.tensor.FlatVector;

/** The response of an executor to a {@link dev.kindling.job.protocol.PeerRequest}. */
record ShardPayload(FlatVector values) {}
