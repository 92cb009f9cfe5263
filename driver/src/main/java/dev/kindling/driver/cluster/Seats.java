package dev.kindling.driver.cluster;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who is there: a seat for each link, in the order in which they came, and who of them is the one to ask. Not thread-safe. */
final class Seats {
    private final Map<Link, Seat> seats = new LinkedHashMap<>();

    /** A link has come. */
    void join(Link link, long now) {
        seats.put(link, new Seat(link, now));
    }

    /** A seat's link is of no more use. */
    void remove(Seat seat) {
        seats.remove(seat.link());
    }

    void clear() {
        seats.clear();
    }

    /** The seat of a link; null if it has none any more. */
    @Nullable
    Seat of(Link link) {
        return seats.get(link);
    }

    /** All of them. */
    Collection<Seat> all() {
        return seats.values();
    }

    boolean isEmpty() {
        return seats.isEmpty();
    }

    boolean anyReady() {
        return seats.values().stream().anyMatch(Seat::ready);
    }

    /** Whether another one can work, too. */
    boolean othersReady(Seat seat) {
        return seats.values().stream().anyMatch(other -> !other.equals(seat) && other.ready());
    }

    /** Those to deal a round to: the ones that owe nothing, or, where there is none, the ones that can work at all. */
    List<Seat> free() {
        List<Seat> idle = seats.values().stream().filter(Seat::idle).toList();
        return idle.isEmpty() ? seats.values().stream().filter(Seat::ready).toList() : idle;
    }

    /**
     * Whom to deal a range to that nobody holds: one on which it has not failed, who has least to do, and was heard last,
     * because executors are lost together. Empty where nobody can work.
     */
    Optional<Seat> best(Deal deal) {
        return seats.values().stream()
                .filter(Seat::ready)
                .min(Comparator.comparing(deal::hasFailedOn)
                        .thenComparingInt(Seat::owes)
                        .thenComparing(Seat::heard, Comparator.reverseOrder()));
    }

    /** Whom to deal a range to that somebody else holds already; empty where everybody has something to do. */
    Optional<Seat> idle(Deal deal) {
        return seats.values().stream()
                .filter(Seat::idle)
                .filter(seat -> !deal.holders().contains(seat))
                .findFirst();
    }
}
