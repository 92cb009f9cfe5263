package dev.kindling.job.executor;

import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.HandshakeMessage;
import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.PeerRequest;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.runner.ShardCollectives;
import dev.kindling.job.runner.ShardStore;
import dev.kindling.job.tensor.FlatVector;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.server.TransportServer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server and clients for the exchange of shards with the other executors of a run, authenticated like the connections to
 * the driver. A peer that does not respond in time fails the operation, and the driver then sends the whole vector or
 * collects whole sums. The frame size is limited to a request, or the largest response to the requests sent so far over the
 * connection. Thread-safe.
 */
final class PeerTransport implements AutoCloseable {
    /** More bytes than any request has. */
    private static final long LARGEST_REQUEST = 64 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(PeerTransport.class);
    private static final AttributeKey<FrameSizeLimiter> LIMIT = AttributeKey.valueOf("kindling.frame-limit");
    /** An all-gather fails after this time, and the driver sends the whole vector. */
    private static final Duration GATHER_TIMEOUT = Duration.ofSeconds(2);
    /** Adds a second to the time for this many bytes of the vector. */
    private static final long BYTES_PER_SECOND = 16L << 20;
    /** Longer than the driver waits for a reduced shard. */
    private static final long REDUCE_TIMEOUT_SECONDS = 120;

    private final long largest;
    private final String executor;
    private final PendingConnections pending;
    private final ShardStore store;
    private final PeerRpcHandler peerHandler;
    private final Transport transport;
    private final TransportServer server;
    private final TransportClientFactory clients;
    private final Peer self;
    private final ExecutorService connecting;
    private final Map<Peer, CompletableFuture<TransportClient>> connections = new ConcurrentHashMap<>();
    private volatile byte @Nullable [] session;

    /**
     * Opens a server on any free port.
     *
     * @param largest bytes of the largest vector or sum whose shards are exchanged
     */
    PeerTransport(long largest, ShardStore store) {
        this(largest, store, SparkEnv.get().executorId(), PendingConnections.Limits.STANDARD);
    }

    /**
     * As above, with an executor id and limits.
     *
     * @param executor the id of this executor
     * @param limits of connections that are not authenticated
     */
    PeerTransport(long largest, ShardStore store, String executor, PendingConnections.Limits limits) {
        this.executor = executor;
        this.pending = new PendingConnections(limits, LOG);
        this.largest = largest;
        this.store = store;
        this.peerHandler = new PeerRpcHandler(pending, LARGEST_REQUEST, store);
        SparkEnv spark = SparkEnv.get();
        SparkConf conf = spark.conf();
        SecurityManager security = spark.securityManager();
        this.transport = new Transport(conf, security, peerHandler);
        String host = spark.blockManager().blockManagerId().host();
        this.server = transport.context().createServer(host, 0, transport.serverBootstraps(List.of(pending)));
        List<TransportClientBootstrap> bootstraps = new ArrayList<>();
        bootstraps.add((client, channel) -> limit(channel));
        bootstraps.addAll(transport.clientBootstraps(conf.getAppId()));
        this.clients = transport.context().createClientFactory(bootstraps);
        this.self = new Peer(host, server.getPort());
        this.connecting = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work, "kindling-peers");
            thread.setDaemon(true);
            return thread;
        });
    }

    private void limit(Channel channel) {
        FrameSizeLimiter limit =
                new FrameSizeLimiter(LARGEST_REQUEST, FrameSizeLimiter.TO_CLIENT, what -> pending.drop(channel, what));
        channel.pipeline().addFirst(limit);
        channel.attr(LIMIT).set(limit);
    }

    /** Number of connections that were dropped. */
    long turnedAway() {
        return pending.dropped();
    }

    /**
     * Sets the key from which the keys of connections between executors are derived.
     *
     * @param sessionKey of the connection to the driver
     */
    void authenticateWith(byte[] sessionKey) {
        session = sessionKey;
        peerHandler.authenticateWith(sessionKey);
    }

    /** The address of this executor for the others. */
    Peer self() {
        return self;
    }

    /** Gathers the vector from this executor's shard and those of its peers; fails if a peer does not respond in time. */
    CompletableFuture<BroadcastVector> gather(BroadcastShard mine) {
        store.begin(mine.version());
        store.put(mine.version(), mine.values());
        long bytes = (long) mine.size() * mine.values().precision().bytes();
        PeerRequest request = new PeerRequest.VectorShardRequest(mine.version());
        long shard = bytesOfShard(bytes, mine.peers().size());
        return ShardCollectives.gather(mine, index -> request(mine.peers().get(index), request, shard))
                .orTimeout(GATHER_TIMEOUT.toMillis() + 1000 * bytes / BYTES_PER_SECOND, TimeUnit.MILLISECONDS);
    }

    /** Reduces a shard of the sums; fails if a holder does not send its part. */
    CompletableFuture<FlatVector> reduce(ReduceShardRequest request) {
        return ShardCollectives.reduce(
                        request,
                        source -> request(
                                source.holder(),
                                new PeerRequest.SumShardRequest(request.shared(), source.firstTask(), request.shard()),
                                source.nodes().size()
                                        * bytesOfShard(largest, request.shard().count())))
                .orTimeout(REDUCE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    /** Upper bound for the bytes of a shard. */
    private static long bytesOfShard(long bytes, int count) {
        return bytes / count + Double.BYTES;
    }

    /**
     * Requests a shard of a peer, or of this executor itself.
     *
     * @param most upper bound for the bytes of the response
     */
    private CompletableFuture<FlatVector> request(PeerAccess access, PeerRequest request, long most) {
        if (access.peer().equals(self)) {
            return peerHandler.find(request);
        }
        return connection(access).thenCompose(client -> request(client, request, most));
    }

    /** Connects on another thread: the caller is a transport thread that must not block. */
    private CompletableFuture<TransportClient> connection(PeerAccess access) {
        return connections.compute(
                access.peer(),
                (peer, known) -> known != null && isUsable(known)
                        ? known
                        : CompletableFuture.supplyAsync(() -> connect(access), connecting));
    }

    private static boolean isUsable(CompletableFuture<TransportClient> connection) {
        return !connection.isDone()
                || (!connection.isCompletedExceptionally() && connection.join().isActive());
    }

    private TransportClient connect(PeerAccess access) {
        Peer peer = access.peer();
        byte[] key = session;
        if (key == null) {
            throw new IllegalStateException("this executor is not authenticated yet");
        }
        try {
            TransportClient client = clients.createUnmanagedClient(peer.host(), peer.port());
            try {
                Handshake.begin(
                                client,
                                PeerKeys.open(key, access.sealedKey()),
                                new HandshakeMessage.PeerHello(executor, Handshake.random()))
                        .prove(client);
                return client;
            } catch (IOException | RuntimeException e) {
                client.close();
                throw e;
            }
        } catch (IOException e) {
            throw new IllegalStateException("no connection to " + peer.host() + ":" + peer.port(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while connecting to " + peer.host(), e);
        }
    }

    private static CompletableFuture<FlatVector> request(TransportClient client, PeerRequest request, long most) {
        client.getChannel().attr(LIMIT).get().raise(LARGEST_REQUEST + most);
        CompletableFuture<FlatVector> result = new CompletableFuture<>();
        client.sendRpc(ByteBuffer.wrap(MessageCodec.encodePeerRequest(request)), new RpcResponseCallback() {
            @Override
            public void onSuccess(ByteBuffer response) {
                byte[] bytes = new byte[response.remaining()];
                response.get(bytes);
                try {
                    result.complete(MessageCodec.decodeShardPayload(bytes));
                } catch (RuntimeException | Error e) {
                    result.completeExceptionally(e);
                }
            }

            @Override
            public void onFailure(Throwable failure) {
                result.completeExceptionally(failure);
            }
        });
        return result;
    }

    @Override
    public void close() {
        connecting.shutdownNow();
        connections.values().forEach(each -> {
            var unused = each.thenAccept(TransportClient::close);
        });
        clients.close();
        server.close();
        pending.close();
        transport.context().close();
    }
}
