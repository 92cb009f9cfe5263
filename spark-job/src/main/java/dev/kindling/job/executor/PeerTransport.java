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
 * The other executors of a run, as this one sees them: it answers what they ask for and asks them, over connections like
 * those to the driver. Where one does not answer, the driver is asked or told. No frame is collected that is longer than
 * what may come: a question, or the longest answer to what was asked over the connection so far. Thread-safe.
 */
final class PeerTransport implements AutoCloseable {
    /** More than any question. */
    private static final long LARGEST_QUESTION = 64 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(PeerTransport.class);
    private static final AttributeKey<FrameSizeLimiter> LIMIT = AttributeKey.valueOf("kindling.frame-limit");
    /** A slice is given up after this time, and the driver asked for the whole vector. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    /** And after a second more for as many bytes of the vector. */
    private static final long BYTES_PER_SECOND = 16L << 20;
    /** A fold that the driver has given up long before. */
    private static final long LONGEST_FOLD_SECONDS = 120;

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
     * Opens a port of any number for the others.
     *
     * @param largest bytes of the largest vector or sum that is exchanged in slices
     */
    PeerTransport(long largest, ShardStore store) {
        this(largest, store, SparkEnv.get().executorId(), PendingConnections.Limits.STANDARD);
    }

    /**
     * With an executor's name and limits of its own.
     *
     * @param executor the id of this executor
     * @param limits of connections that are not authenticated
     */
    PeerTransport(long largest, ShardStore store, String executor, PendingConnections.Limits limits) {
        this.executor = executor;
        this.pending = new PendingConnections(limits, LOG);
        this.largest = largest;
        this.store = store;
        this.peerHandler = new PeerRpcHandler(pending, LARGEST_QUESTION, store);
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
            Thread thread = new Thread(work, "kindling-neighbours");
            thread.setDaemon(true);
            return thread;
        });
    }

    private void limit(Channel channel) {
        FrameSizeLimiter limit =
                new FrameSizeLimiter(LARGEST_QUESTION, FrameSizeLimiter.TO_CLIENT, what -> pending.drop(channel, what));
        channel.pipeline().addFirst(limit);
        channel.attr(LIMIT).set(limit);
    }

    /** How many connections were ended because of what came over them. */
    long turnedAway() {
        return pending.dropped();
    }

    /**
     * From now on others are authenticated, and this one to them.
     *
     * @param sessionKey of the connection to the driver
     */
    void authenticateWith(byte[] sessionKey) {
        session = sessionKey;
        peerHandler.authenticateWith(sessionKey);
    }

    /** Where the others find this one. */
    Peer self() {
        return self;
    }

    /** The vector of which this executor was sent a slice; exceptionally where the others do not send theirs in time. */
    CompletableFuture<BroadcastVector> gather(BroadcastShard mine) {
        store.begin(mine.version());
        store.take(mine.version(), mine.values());
        long bytes = (long) mine.size() * mine.values().precision().bytes();
        PeerRequest wanted = new PeerRequest.VectorShardRequest(mine.version());
        long slice = sliceOf(bytes, mine.peers().size());
        return ShardCollectives.gather(mine, index -> ask(mine.peers().get(index), wanted, slice))
                .orTimeout(PATIENCE.toMillis() + 1000 * bytes / BYTES_PER_SECOND, TimeUnit.MILLISECONDS);
    }

    /** The folded slice; exceptionally where a holder does not send what it should. */
    CompletableFuture<FlatVector> fold(ReduceShardRequest request) {
        return ShardCollectives.fold(
                        request,
                        source -> ask(
                                source.holder(),
                                new PeerRequest.SumShardRequest(request.shared(), source.firstTask(), request.shard()),
                                source.nodes().size()
                                        * sliceOf(largest, request.shard().count())))
                .orTimeout(LONGEST_FOLD_SECONDS, TimeUnit.SECONDS);
    }

    /** Bytes of a slice of so many at most. */
    private static long sliceOf(long bytes, int count) {
        return bytes / count + Double.BYTES;
    }

    /**
     * Asks.
     *
     * @param most bytes of the numbers that may come
     */
    private CompletableFuture<FlatVector> ask(PeerAccess access, PeerRequest wanted, long most) {
        if (access.peer().equals(self)) {
            return peerHandler.find(wanted);
        }
        return connection(access).thenCompose(client -> ask(client, wanted, most));
    }

    /** A first connection is waited for, and who calls is a thread that others wait for. */
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
        byte[] own = session;
        if (own == null) {
            throw new IllegalStateException("this executor is not authenticated yet");
        }
        try {
            TransportClient client = clients.createUnmanagedClient(peer.host(), peer.port());
            try {
                Handshake.begin(
                                client,
                                PeerKeys.open(own, access.sealedKey()),
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

    private static CompletableFuture<FlatVector> ask(TransportClient client, PeerRequest wanted, long most) {
        client.getChannel().attr(LIMIT).get().raise(LARGEST_QUESTION + most);
        CompletableFuture<FlatVector> answer = new CompletableFuture<>();
        client.sendRpc(ByteBuffer.wrap(MessageCodec.encodePeerRequest(wanted)), new RpcResponseCallback() {
            @Override
            public void onSuccess(ByteBuffer response) {
                byte[] bytes = new byte[response.remaining()];
                response.get(bytes);
                try {
                    answer.complete(MessageCodec.decodeShardPayload(bytes));
                } catch (RuntimeException | Error e) {
                    answer.completeExceptionally(e);
                }
            }

            @Override
            public void onFailure(Throwable failure) {
                answer.completeExceptionally(failure);
            }
        });
        return answer;
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
