package dev.kindling.job.executor;

import dev.kindling.job.protocol.HandshakeMessage;
import dev.kindling.job.protocol.PeerRequest;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.protocol.codec.ProtocolException;
import dev.kindling.job.runner.ShardStore;
import dev.kindling.job.tensor.FlatVector;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.jspecify.annotations.Nullable;

/**
 * Serves the requests of the other executors of a run: authenticates a connection by its handshake, then responds to
 * requests for shards. Thread-safe.
 */
final class PeerRpcHandler extends RpcHandler {
    private static final AttributeKey<Handshake> HANDSHAKE = AttributeKey.valueOf("kindling.peer-handshake");
    private static final AttributeKey<Boolean> AUTHENTICATED = AttributeKey.valueOf("kindling.peer-authenticated");

    private final PendingConnections pending;
    private final long largestRequest;
    private final ShardStore store;
    private final OneForOneStreamManager noStreams = new OneForOneStreamManager();
    private volatile byte @Nullable [] session;

    /**
     * A handler that has no session key yet and refuses all connections.
     *
     * @param pending connections of the server
     * @param largestRequest bytes of the longest frame of an authenticated connection
     */
    PeerRpcHandler(PendingConnections pending, long largestRequest, ShardStore store) {
        this.pending = pending;
        this.largestRequest = largestRequest;
        this.store = store;
    }

    /** Sets the key of the connection to the driver, from which the keys of connections to this executor are derived. */
    void authenticateWith(byte[] sessionKey) {
        session = sessionKey;
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
        Channel channel = client.getChannel();
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        try {
            if (channel.hasAttr(AUTHENTICATED)) {
                var unused = find(MessageCodec.decodePeerRequest(bytes))
                        .whenComplete((shard, failure) -> respond(callback, shard, failure));
            } else {
                handshake(channel, bytes, callback);
            }
        } catch (ProtocolException e) {
            pending.drop(channel, "bytes that are no message of an executor");
        }
    }

    /** Handles one step of a handshake; the transport delivers the messages of a connection one after the other. */
    private void handshake(Channel channel, byte[] bytes, RpcResponseCallback callback) {
        Handshake begun = channel.attr(HANDSHAKE).get();
        byte[] key = session;
        if (begun == null
                && key != null
                && pending.hasAccepted(channel)
                && MessageCodec.decodeHandshake(bytes) instanceof HandshakeMessage.PeerHello hello) {
            Handshake handshake = Handshake.answering(PeerKeys.pair(key, hello.executor()), bytes);
            channel.attr(HANDSHAKE).set(handshake);
            callback.onSuccess(ByteBuffer.wrap(handshake.challenge()));
        } else if (begun != null && begun.isProvedBy(bytes)) {
            channel.attr(AUTHENTICATED).set(true);
            pending.authenticated(channel, largestRequest);
            callback.onSuccess(ByteBuffer.allocate(0));
        } else {
            pending.drop(channel, "a handshake without the proof of an executor of this run");
        }
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message) {
        pending.drop(client.getChannel(), "a message that is no request");
    }

    /** The requested shard, once it is stored. */
    CompletableFuture<FlatVector> find(PeerRequest request) {
        if (request instanceof PeerRequest.VectorShardRequest vector) {
            return store.shard(vector.version());
        }
        PeerRequest.SumShardRequest sums = (PeerRequest.SumShardRequest) request;
        try {
            return CompletableFuture.completedFuture(store.sums(sums.shared(), sums.firstTask(), sums.shard()));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static void respond(RpcResponseCallback callback, @Nullable FlatVector shard, @Nullable Throwable failure) {
        if (shard != null) {
            callback.onSuccess(ByteBuffer.wrap(MessageCodec.encodeShardPayload(shard)));
        } else {
            callback.onFailure(failure);
        }
    }

    @Override
    public StreamManager getStreamManager() {
        return noStreams;
    }
}
