package dev.kindling.driver.cluster;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** What the driver knows of one link: its threads, when it was heard, what it has been sent and what it owes. */
final class Seat {
    /** An order by the vector and the task it begins with. */
    private record Key(long shared, int firstTask) {}

    private final Link link;
    private final Map<Key, Long> owed = new HashMap<>();
    private int threads;
    private long heard;
    private long vector;

    Seat(Link link, long now) {
        this.link = link;
        this.heard = now;
    }

    Link link() {
        return link;
    }

    int threads() {
        return threads;
    }

    void present(int count) {
        threads = count;
    }

    /** Whether it can work. */
    boolean ready() {
        return threads > 0;
    }

    /** Whether it can work at once. */
    boolean idle() {
        return ready() && owed.isEmpty();
    }

    int owes() {
        return owed.size();
    }

    long heard() {
        return heard;
    }

    void heard(long now) {
        heard = now;
    }

    /** Sends a vector, or what it will make one of, unless the link has it already; how many bytes went. */
    long sendVector(long version, Supplier<byte[]> encoded) {
        if (vector == version) {
            return 0;
        }
        vector = version;
        byte[] bytes = encoded.get();
        link.send(bytes);
        return bytes.length;
    }

    /** It has an order and its vector, and owes an answer. */
    void owe(long shared, int firstTask, long now) {
        owed.put(new Key(shared, firstTask), now);
    }

    /** Since when the answer was owed that is there now. */
    long settle(long shared, int firstTask, long now) {
        Long since = owed.remove(new Key(shared, firstTask));
        return since == null ? now : since;
    }

    /** It will not answer orders of a vector that it did not get in time. */
    void forget(long version) {
        owed.keySet().removeIf(key -> key.shared() == version);
    }
}
