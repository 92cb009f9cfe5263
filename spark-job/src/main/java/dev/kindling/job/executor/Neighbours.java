package dev.kindling.job.executor;

import dev.kindling.job.runner.Holdings;
import dev.kindling.job.runner.Slices;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.FoldOrder;
import dev.kindling.job.wire.Peer;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.ToPeer;
import dev.kindling.job.wire.VectorSlice;
import dev.kindling.job.wire.Wire;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.TransportServer;

/**
 * The other executors of a run, as this one sees them: it answers what they ask for and asks them, over connections like
 * those to the driver. Where one does not answer, the driver is asked or told. No frame is collected that is longer than
 * what may come: a question, or the longest answer to what was asked over the connection so far. Thread-safe.
 */
final class Neighbours implements AutoCloseable {
    /** More than any question and any handshake of Spark's. */
    private static final long LARGEST_QUESTION = 64 * 1024;
    /** Who connects and asks nothing shall not hold a connection for ever. */
    private static final Duration GREETING = Duration.ofSeconds(30);

    private static final AttributeKey<FrameLimit> LIMIT = AttributeKey.valueOf("kindling.frame-limit");
    /** A slice is given up after this time, and the driver asked for the whole vector. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    /** And after a second more for as many bytes of the vector. */
    private static final long BYTES_PER_SECOND = 16L << 20;
    /** A fold that the driver has given up long before. */
    private static final long LONGEST_FOLD_SECONDS = 120;

    private final String token;
    private final long largest;
    private final Holdings holdings;
    private final Depot depot;
    private final Transport transport;
    private final TransportServer server;
    private final TransportClientFactory clients;
    private final Peer self;
    private final ExecutorService connecting;

    /**
     * Opens a port of any number for the others.
     *
     * @param token that every question must show
     * @param largest bytes of the largest vector or sum that is exchanged in slices
     */
    Neighbours(String token, long largest, Holdings holdings) {
        this.token = token;
        this.largest = largest;
        this.holdings = holdings;
        this.depot = new Depot(token, holdings);
        SparkEnv spark = SparkEnv.get();
        SparkConf conf = spark.conf();
        SecurityManager security = spark.securityManager();
        this.transport = new Transport(conf, security, depot);
        String host = spark.blockManager().blockManagerId().host();
        this.server =
                transport.context().createServer(host, 0, transport.serverBootstraps(List.of(this::limitQuestions)));
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

    private RpcHandler limitQuestions(Channel channel, RpcHandler handler) {
        limit(channel);
        var unused = channel.eventLoop()
                .schedule(() -> depot.closeUnknown(channel), GREETING.toMillis(), TimeUnit.MILLISECONDS);
        return handler;
    }

    private void limit(Channel channel) {
        FrameLimit limit =
                new FrameLimit(LARGEST_QUESTION, length -> depot.turnAway(channel, "a frame of " + length + " bytes"));
        channel.pipeline().addFirst(limit);
        channel.attr(LIMIT).set(limit);
    }

    /** How many connections were ended because of what came over them. */
    long turnedAway() {
        return depot.turnedAway();
    }

    /** Where the others find this one. */
    Peer self() {
        return self;
    }

    /** The vector of which this executor was sent a slice; exceptionally where the others do not send theirs in time. */
    CompletableFuture<SharedVector> gather(VectorSlice mine) {
        holdings.begin(mine.version());
        holdings.take(mine.version(), mine.values());
        long bytes = (long) mine.size() * mine.values().precision().bytes();
        ToPeer wanted = new ToPeer.OfVector(token, mine.version());
        long slice = sliceOf(bytes, mine.peers().size());
        return Slices.gather(mine, index -> ask(mine.peers().get(index), wanted, slice))
                .orTimeout(PATIENCE.toMillis() + 1000 * bytes / BYTES_PER_SECOND, TimeUnit.MILLISECONDS);
    }

    /** The folded slice; exceptionally where a holder does not send what it should. */
    CompletableFuture<Storage> fold(FoldOrder order) {
        return Slices.fold(
                        order,
                        piece -> ask(
                                piece.holder(),
                                new ToPeer.OfSums(token, order.shared(), piece.firstTask(), order.slice()),
                                piece.nodes().size()
                                        * sliceOf(largest, order.slice().count())))
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
    private CompletableFuture<Storage> ask(Peer peer, ToPeer wanted, long most) {
        if (peer.equals(self)) {
            return depot.find(wanted);
        }
        // A first connection is waited for, and who calls is a thread that others wait for.
        return CompletableFuture.supplyAsync(() -> connect(peer), connecting)
                .thenCompose(client -> ask(client, wanted, most));
    }

    private TransportClient connect(Peer peer) {
        try {
            return clients.createClient(peer.host(), peer.port());
        } catch (IOException e) {
            throw new IllegalStateException("no connection to " + peer.host() + ":" + peer.port(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while connecting to " + peer.host(), e);
        }
    }

    private static CompletableFuture<Storage> ask(TransportClient client, ToPeer wanted, long most) {
        client.getChannel().attr(LIMIT).get().raise(LARGEST_QUESTION + most);
        CompletableFuture<Storage> answer = new CompletableFuture<>();
        client.sendRpc(ByteBuffer.wrap(Wire.encodeToPeer(wanted)), new RpcResponseCallback() {
            @Override
            public void onSuccess(ByteBuffer response) {
                byte[] bytes = new byte[response.remaining()];
                response.get(bytes);
                try {
                    answer.complete(Wire.decodeNumbers(bytes));
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
        clients.close();
        server.close();
        transport.context().close();
    }
}
