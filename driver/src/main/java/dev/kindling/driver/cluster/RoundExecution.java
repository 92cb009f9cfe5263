package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A request cut into ranges for the seats that were ready, and then a round under way: who is sent its vector and its
 * ranges, whether workers exchange slices, and what all that costs. Not thread-safe.
 */
final class RoundExecution {
    private static final ExecutorTimings NO_TIMES = new ExecutorTimings(0, 0, 0, 0);

    private final RoundRequest request;
    private final long version;
    private final RoundTracker tracker;
    private final List<RangeAssignment> assignments;
    private final List<ExecutorState> executors;
    private final LongSupplier nanoTime;
    private boolean exchanging;
    private @Nullable ReduceScatter reduceScatter;
    private @Nullable BroadcastVector shared;
    private byte @Nullable [] wholeVector;
    private boolean failed;
    private long encode;
    private long bytesOut;
    private long bytesIn;
    private ExecutorTimings times = NO_TIMES;

    /**
     * Nothing of it is given to anybody.
     *
     * @param version of its vector
     * @param executors that were ready
     * @param exchange if its workers keep their sums for one
     * @param nanoTime as {@link System#nanoTime}
     */
    RoundExecution(
            RoundRequest request,
            long version,
            RoundTracker tracker,
            List<RangeAssignment> assignments,
            List<ExecutorState> executors,
            Optional<ReduceScatter> exchange,
            LongSupplier nanoTime) {
        this.request = request;
        this.version = version;
        this.tracker = tracker;
        this.assignments = assignments;
        this.executors = executors;
        this.reduceScatter = exchange.orElse(null);
        this.exchanging = exchange.isPresent();
        this.nanoTime = nanoTime;
    }

    RoundRequest request() {
        return request;
    }

    long version() {
        return version;
    }

    RoundTracker round() {
        return tracker;
    }

    List<RangeAssignment> assignments() {
        return assignments;
    }

    List<ExecutorState> executors() {
        return executors;
    }

    /** The exchange; null where there is none, or no longer one. */
    @Nullable
    ReduceScatter reduceScatter() {
        return reduceScatter;
    }

    /** Those who have a range each. */
    List<ExecutorState> workers() {
        return assignments.stream().map(RangeAssignment::first).toList();
    }

    Optional<RangeAssignment> assignmentOf(int firstTask) {
        return assignments.stream()
                .filter(assignment -> assignment.firstTask() == firstTask)
                .findFirst();
    }

    /** Gives every range to whom it is meant for. */
    void begin(FlatVector vector) {
        shared = new BroadcastVector(version, vector);
        long begin = nanoTime.getAsLong();
        wholeVector();
        encode = nanoTime.getAsLong() - begin;
        assignments.forEach(assignment -> assign(assignment, assignment.first()));
    }

    /** The same, but every worker is sent a slice of the vector, and fetches the others from the others. */
    void beginInShards(FlatVector vector) {
        exchanging = true;
        shared = new BroadcastVector(version, vector);
        long begin = nanoTime.getAsLong();
        List<ExecutorState> workers = workers();
        for (int i = 0; i < workers.size(); i++) {
            FlatVector values = new VectorShard(i, workers.size()).of(vector);
            ExecutorConnection connection = workers.get(i).connection();
            List<PeerAccess> peers = workers.stream()
                    .map(executor -> executor.connection().peerAccessFor(connection))
                    .toList();
            BroadcastShard slice = new BroadcastShard(version, vector.size(), i, values, peers);
            bytesOut += workers.get(i).sendVector(version, () -> MessageCodec.encodeBroadcastShard(slice));
        }
        encode = nanoTime.getAsLong() - begin;
        assignments.forEach(assignment -> assign(assignment, assignment.first()));
    }

    /** Gives a range to a seat, and the vector where it has not got it. */
    void assign(RangeAssignment assignment, ExecutorState executor) {
        bytesOut += executor.sendVector(version, this::wholeVector);
        bytesOut += assignment.assignTo(executor, nanoTime.getAsLong());
    }

    /** Sends the whole vector to a seat that did not get its slices together. */
    void sendVector(ExecutorState executor) {
        failed = true;
        byte[] bytes = wholeVector();
        bytesOut += bytes.length;
        executor.connection().send(bytes);
    }

    /** The vector's message, made when it is needed first. */
    private byte[] wholeVector() {
        byte[] encoded = wholeVector;
        if (encoded == null) {
            if (shared == null) {
                throw new IllegalStateException(request + " has not begun");
            }
            encoded = MessageCodec.encodeBroadcastVector(shared);
            wholeVector = encoded;
        }
        return encoded;
    }

    /** Counts bytes that have come for it. */
    void received(int bytes) {
        bytesIn += bytes;
    }

    /**
     * A range is done.
     *
     * @param took nanoseconds from giving it to having the reply
     * @param fold nanoseconds of merging the reply here
     */
    void done(RangeAssignment assignment, RangeResult result, long took, long fold) {
        assignment.done();
        times = ExecutorTimings.of(
                result.nanos(), fold, Math.max(0, took - result.nanos().elapsed()) + encode);
    }

    /** A range is done, and its sums are kept; where that was the last one, slices are folded. */
    void retained(
            ReduceScatter open, RangeAssignment assignment, ExecutorState executor, RangeResult result, long took) {
        done(assignment, result, took, 0);
        if (open.retain(assignment, executor, result) == assignments.size()) {
            bytesOut += open.reduce(tracker.blocks(), nanoTime.getAsLong());
        }
    }

    /** Somebody keeps a range whose sums others cannot fetch: it is asked for them when the exchange has ended. */
    void retainedOutOfReach(
            ReduceScatter open, RangeAssignment assignment, ExecutorState executor, RangeResult result) {
        open.retain(assignment, executor, result);
    }

    /** Takes a folded slice, the last of which completes the round; false if the seat was not asked for it. */
    boolean take(ReduceScatter open, ExecutorState executor, int slice, FlatVector sums) {
        if (!open.take(executor, slice, sums)) {
            return false;
        }
        if (open.complete()) {
            tracker.accept(open.results(), open.sums());
            times = times.plusCommunication(open.folding(nanoTime.getAsLong()));
            reduceScatter = null;
        }
        return true;
    }

    /** What a lost seat has kept is lost with it; false if that ends the exchange, because slices are being folded. */
    boolean forget(ReduceScatter open, ExecutorState executor) {
        List<RangeAssignment> lost = assignments.stream()
                .filter(deal -> open.holder(deal).filter(executor::equals).isPresent())
                .toList();
        if (open.isReducing() && !lost.isEmpty()) {
            return false;
        }
        for (RangeAssignment deal : lost) {
            open.forget(deal);
            deal.undo();
        }
        return true;
    }

    /** The round goes on without an exchange: whoever keeps sums, of those who are there, is asked to send them whole. */
    void endReduceScatter(ReduceScatter open, List<ExecutorState> there) {
        failed = true;
        reduceScatter = null;
        for (RangeAssignment assignment : assignments) {
            Optional<ExecutorState> keeper = open.holder(assignment)
                    .or(() -> assignment.executors().stream().findFirst())
                    .filter(there::contains);
            assignment.send();
            // Where nobody keeps it, it is dealt again when all that has been told is heard.
            keeper.ifPresent(executor -> assign(assignment, executor));
        }
    }

    /** Whether workers could not exchange what they should have. */
    boolean reduceScatterFailed() {
        return failed;
    }

    /** Whether they have exchanged all they should. */
    boolean reduceScatterSucceeded() {
        return exchanging && !failed;
    }

    /** The completed round. */
    RoundResult result() {
        return tracker.result(bytesOut, bytesIn, times);
    }
}
