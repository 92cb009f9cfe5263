package dev.kindling.driver.cluster;

import dev.kindling.job.fold.Slice;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.PeerAccess;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.VectorSlice;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WorkReply;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A request cut into ranges for the seats that were ready, and then a round under way: who is sent its vector and its
 * ranges, whether workers exchange slices, and what all that costs. Not thread-safe.
 */
final class Cut {
    private static final RoundTimes NO_TIMES = new RoundTimes(0, 0, 0, 0);

    private final Request request;
    private final long version;
    private final Round round;
    private final List<Deal> deals;
    private final List<Seat> seats;
    private final LongSupplier nanoTime;
    private boolean exchanging;
    private @Nullable Exchange exchange;
    private @Nullable SharedVector shared;
    private byte @Nullable [] whole;
    private boolean failed;
    private long encode;
    private long bytesOut;
    private long bytesIn;
    private RoundTimes times = NO_TIMES;

    /**
     * Nothing of it is given to anybody.
     *
     * @param version of its vector
     * @param seats that were ready
     * @param exchange if its workers keep their sums for one
     * @param nanoTime as {@link System#nanoTime}
     */
    Cut(
            Request request,
            long version,
            Round round,
            List<Deal> deals,
            List<Seat> seats,
            Optional<Exchange> exchange,
            LongSupplier nanoTime) {
        this.request = request;
        this.version = version;
        this.round = round;
        this.deals = deals;
        this.seats = seats;
        this.exchange = exchange.orElse(null);
        this.exchanging = exchange.isPresent();
        this.nanoTime = nanoTime;
    }

    Request request() {
        return request;
    }

    long version() {
        return version;
    }

    Round round() {
        return round;
    }

    List<Deal> deals() {
        return deals;
    }

    List<Seat> seats() {
        return seats;
    }

    /** The exchange; null where there is none, or no longer one. */
    @Nullable
    Exchange exchange() {
        return exchange;
    }

    /** Those who have a range each. */
    List<Seat> workers() {
        return deals.stream().map(Deal::first).toList();
    }

    Optional<Deal> deal(int firstTask) {
        return deals.stream().filter(deal -> deal.firstTask() == firstTask).findFirst();
    }

    /** Gives every range to whom it is meant for. */
    void begin(Storage vector) {
        shared = new SharedVector(version, vector);
        long begin = nanoTime.getAsLong();
        whole();
        encode = nanoTime.getAsLong() - begin;
        deals.forEach(deal -> give(deal, deal.first()));
    }

    /** The same, but every worker is sent a slice of the vector, and fetches the others from the others. */
    void beginInSlices(Storage vector) {
        exchanging = true;
        shared = new SharedVector(version, vector);
        long begin = nanoTime.getAsLong();
        List<Seat> workers = workers();
        for (int i = 0; i < workers.size(); i++) {
            Storage values = new Slice(i, workers.size()).of(vector);
            Link link = workers.get(i).link();
            List<PeerAccess> peers =
                    workers.stream().map(seat -> seat.link().accessFor(link)).toList();
            VectorSlice slice = new VectorSlice(version, vector.size(), i, values, peers);
            bytesOut += workers.get(i).sendVector(version, () -> Wire.encodeSlice(slice));
        }
        encode = nanoTime.getAsLong() - begin;
        deals.forEach(deal -> give(deal, deal.first()));
    }

    /** Gives a range to a seat, and the vector where it has not got it. */
    void give(Deal deal, Seat seat) {
        bytesOut += seat.sendVector(version, this::whole);
        bytesOut += deal.give(seat, nanoTime.getAsLong());
    }

    /** Sends the whole vector to a seat that did not get its slices together. */
    void sendWhole(Seat seat) {
        failed = true;
        byte[] bytes = whole();
        bytesOut += bytes.length;
        seat.link().send(bytes);
    }

    /** The vector's message, made when it is needed first. */
    private byte[] whole() {
        byte[] encoded = whole;
        if (encoded == null) {
            if (shared == null) {
                throw new IllegalStateException(request + " has not begun");
            }
            encoded = Wire.encodeShared(shared);
            whole = encoded;
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
    void done(Deal deal, WorkReply reply, long took, long fold) {
        deal.done();
        times = RoundTimes.of(
                reply.nanos(), fold, Math.max(0, took - reply.nanos().elapsed()) + encode);
    }

    /** A range is done, and its sums are kept; where that was the last one, slices are folded. */
    void kept(Exchange open, Deal deal, Seat seat, WorkReply reply, long took) {
        done(deal, reply, took, 0);
        if (open.keep(deal, seat, reply) == deals.size()) {
            bytesOut += open.fold(round.blocks(), nanoTime.getAsLong());
        }
    }

    /** Somebody keeps a range whose sums others cannot fetch: it is asked for them when the exchange has ended. */
    void keptOutOfReach(Exchange open, Deal deal, Seat seat, WorkReply reply) {
        open.keep(deal, seat, reply);
    }

    /** Takes a folded slice, the last of which completes the round; false if the seat was not asked for it. */
    boolean take(Exchange open, Seat seat, int slice, Storage sums) {
        if (!open.take(seat, slice, sums)) {
            return false;
        }
        if (open.complete()) {
            round.accept(open.replies(), open.sums());
            times = times.travelling(open.folding(nanoTime.getAsLong()));
            exchange = null;
        }
        return true;
    }

    /** What a lost seat has kept is lost with it; false if that ends the exchange, because slices are being folded. */
    boolean forget(Exchange open, Seat seat) {
        List<Deal> lost = deals.stream()
                .filter(deal -> open.keeper(deal).filter(seat::equals).isPresent())
                .toList();
        if (open.isFolding() && !lost.isEmpty()) {
            return false;
        }
        for (Deal deal : lost) {
            open.forget(deal);
            deal.undo();
        }
        return true;
    }

    /** The round goes on without an exchange: whoever keeps sums, of those who are there, is asked to send them whole. */
    void endExchange(Exchange open, List<Seat> there) {
        failed = true;
        exchange = null;
        for (Deal deal : deals) {
            Optional<Seat> keeper = open.keeper(deal)
                    .or(() -> deal.holders().stream().findFirst())
                    .filter(there::contains);
            deal.send();
            // Where nobody keeps it, it is dealt again when all that has been told is heard.
            keeper.ifPresent(seat -> give(deal, seat));
        }
    }

    /** Whether workers could not exchange what they should have. */
    boolean exchangeFailed() {
        return failed;
    }

    /** Whether they have exchanged all they should. */
    boolean exchangeSucceeded() {
        return exchanging && !failed;
    }

    /** The completed round. */
    RoundResult result() {
        return round.result(bytesOut, bytesIn, times);
    }
}
