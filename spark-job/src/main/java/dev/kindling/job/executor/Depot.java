package dev.kindling.job.executor;

import dev.kindling.job.runner.Holdings;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.ToPeer;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WireException;
import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the other executors of a run, each of whose questions must show the run's token. Thread-safe. */
final class Depot extends RpcHandler {
    private static final Logger LOG = LoggerFactory.getLogger(Depot.class);
    /** Who has shown the token once. */
    private static final AttributeKey<Boolean> KNOWN = AttributeKey.valueOf("kindling.known-neighbour");

    private final String token;
    private final Holdings holdings;
    private final LongAdder turnedAway = new LongAdder();
    private final OneForOneStreamManager noStreams = new OneForOneStreamManager();

    Depot(String token, Holdings holdings) {
        this.token = token;
        this.holdings = holdings;
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        try {
            ToPeer wanted = Wire.decodeToPeer(bytes);
            if (isOurs(wanted)) {
                client.getChannel().attr(KNOWN).set(true);
                var unused = find(wanted).whenComplete((numbers, failure) -> answer(callback, numbers, failure));
            } else {
                turnAway(client.getChannel(), "a question without the run's token");
            }
        } catch (WireException e) {
            turnAway(client.getChannel(), "what is no question");
        }
    }

    /** How many connections were ended because of what they said, or did not say. */
    long turnedAway() {
        return turnedAway.sum();
    }

    /** Ends the connection of somebody who is no neighbour, or not to be trusted as one. */
    void turnAway(Channel channel, String what) {
        turnedAway.increment();
        LOG.warn("dropped {} from {}", what, channel.remoteAddress());
        var unused = channel.close();
    }

    /** Ends a connection that has asked nothing yet. */
    void closeUnknown(Channel channel) {
        if (channel.isActive() && !channel.hasAttr(KNOWN)) {
            turnAway(channel, "a connection without a question");
        }
    }

    private boolean isOurs(ToPeer wanted) {
        return MessageDigest.isEqual(
                wanted.token().getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
    }

    /** What is asked for, maybe later. */
    CompletableFuture<Storage> find(ToPeer wanted) {
        if (wanted instanceof ToPeer.OfVector vector) {
            return holdings.slice(vector.version());
        }
        ToPeer.OfSums sums = (ToPeer.OfSums) wanted;
        try {
            return CompletableFuture.completedFuture(holdings.sums(sums.shared(), sums.firstTask(), sums.slice()));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private static void answer(RpcResponseCallback callback, @Nullable Storage numbers, @Nullable Throwable failure) {
        if (numbers != null) {
            callback.onSuccess(ByteBuffer.wrap(Wire.encodeNumbers(numbers)));
        } else {
            callback.onFailure(failure);
        }
    }

    @Override
    public StreamManager getStreamManager() {
        return noStreams;
    }
}
