package dev.kindling.driver.cluster;

import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.fold.Slice;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.FoldOrder;
import dev.kindling.job.wire.PeerAccess;
import dev.kindling.job.wire.Wire;
import dev.kindling.job.wire.WorkReply;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A round whose sums stay with the workers until all are there; then each folds a slice of them for the driver, which so
 * receives one sum and not one from everybody. Of whatever goes wrong with the slices the driver need not know what it was: the
 * round is then finished without an exchange.
 */
final class Exchange {
    /** Folded slices are given up after the patience of the terms, and after a second more for as many bytes of the sums. */
    private static final long BYTES_PER_SECOND = 16L << 20;

    /**
     * From when on workers exchange slices.
     *
     * @param bytes of a vector or a sum: below, the driver has sent it in a moment
     * @param seats with fewer, the driver's part is little more than with an exchange
     * @param patience for folded slices of small sums
     */
    record Terms(long bytes, int seats, Duration patience) {
        /** Measured: docs/scaling.md. */
        static final Terms MEASURED = new Terms(4L << 20, 3, Duration.ofSeconds(3));

        /** Whether they are met. */
        boolean areMetBy(List<Seat> workers, Storage vector) {
            return areMetBy(workers, vector.size(), vector.precision());
        }

        boolean areMetBy(List<Seat> workers, int numbers, Precision precision) {
            return (long) numbers * precision.bytes() >= bytes
                    && workers.size() >= seats
                    && workers.stream().allMatch(seat -> seat.link().peer().isPresent());
        }
    }

    private record Kept(Seat seat, WorkReply reply) {}

    private final Terms terms;
    private final long version;
    private final int size;
    private final Precision precision;
    private final Map<Deal, Kept> kept = new LinkedHashMap<>();
    /** Who folds which slice, by its index; empty until all sums are kept. */
    private final List<Seat> folders = new ArrayList<>();

    private final TreeMap<Integer, Storage> slices = new TreeMap<>();
    private long ordered;

    /**
     * An exchange of nothing yet.
     *
     * @param version of the round's vector
     * @param size count of summed numbers of a node
     */
    Exchange(Terms terms, long version, int size, Precision precision) {
        this.terms = terms;
        this.version = version;
        this.size = size;
        this.precision = precision;
    }

    /** A seat keeps the sums of a range, and has replied the rest; how many ranges are kept. */
    int keep(Deal deal, Seat seat, WorkReply reply) {
        kept.put(deal, new Kept(seat, reply));
        return kept.size();
    }

    /** Who keeps the sums of a range; empty if nobody does. */
    Optional<Seat> keeper(Deal deal) {
        return Optional.ofNullable(kept.get(deal)).map(Kept::seat);
    }

    /** The sums of a range are lost. */
    void forget(Deal deal) {
        kept.remove(deal);
    }

    /** Whether slices are being folded. */
    boolean isFolding() {
        return !folders.isEmpty();
    }

    /** Asks each who keeps something for one slice of the round's sums; how many bytes went. */
    long fold(int blocks, long now) {
        ordered = now;
        kept.values().stream().map(Kept::seat).distinct().forEach(folders::add);
        long sent = 0;
        for (int i = 0; i < folders.size(); i++) {
            Link folder = folders.get(i).link();
            List<FoldOrder.Piece> pieces =
                    kept.values().stream().map(one -> piece(one, folder)).toList();
            byte[] order = Wire.encodeFoldOrder(new FoldOrder(version, blocks, new Slice(i, folders.size()), pieces));
            folder.send(order);
            sent += order.length;
        }
        return sent;
    }

    private static FoldOrder.Piece piece(Kept kept, Link folder) {
        PeerAccess holder = kept.seat().link().accessFor(folder);
        return new FoldOrder.Piece(
                holder,
                kept.reply().firstTask(),
                kept.reply().nodes().stream().map(Exchange::head).toList());
    }

    private static FoldOrder.Head head(FoldNode node) {
        return new FoldOrder.Head(node.level(), node.index(), node.tasks());
    }

    /** Takes a slice; false if it is not one that the seat was asked for. */
    @SuppressWarnings("ReferenceEquality")
    boolean take(Seat seat, int index, Storage sums) {
        boolean asked = index < folders.size() && folders.get(index) == seat;
        if (!asked || sums.precision() != precision || sums.size() != new Slice(index, folders.size()).length(size)) {
            return false;
        }
        slices.putIfAbsent(index, sums);
        return true;
    }

    /** Whether every slice is here. */
    boolean complete() {
        return isFolding() && slices.size() == folders.size();
    }

    /** Whether slices have been waited for too long. */
    boolean isLate(long now) {
        return isFolding() && patience(now).isNegative();
    }

    /** How long slices may still take; for ever while none is being folded. */
    Duration patience(long now) {
        if (!isFolding()) {
            return ChronoUnit.FOREVER.getDuration();
        }
        Duration forBytes = Duration.ofSeconds(1)
                .multipliedBy((long) size * precision.bytes())
                .dividedBy(BYTES_PER_SECOND);
        return terms.patience().plus(forBytes).minusNanos(now - ordered);
    }

    /** Nanoseconds since slices were asked for. */
    long folding(long now) {
        return now - ordered;
    }

    /** The replies, without sums. */
    List<WorkReply> replies() {
        return kept.values().stream().map(Kept::reply).toList();
    }

    /** The round's sums out of all slices. */
    Storage sums() {
        Storage sums = Storage.zeros(precision, size);
        slices.forEach(
                (index, slice) -> sums.copyFrom(slice, 0, new Slice(index, folders.size()).from(size), slice.size()));
        return sums;
    }
}
