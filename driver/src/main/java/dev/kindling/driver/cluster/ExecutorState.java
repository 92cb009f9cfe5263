package dev.kindling.driver.cluster;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** What the driver knows of one link: its threads, when it was heard, what it has been sent and what it owes. */
final class ExecutorState {
    /** An order by the vector and the task it begins with. */
    private record Key(long shared, int firstTask) {}

    private final ExecutorConnection connection;
    private final Map<Key, Long> assigned = new HashMap<>();
    private int threads;
    private long lastHeard;
    private long vector;

    ExecutorState(ExecutorConnection connection, long now) {
        this.connection = connection;
        this.lastHeard = now;
    }

    ExecutorConnection connection() {
        return connection;
    }

    int threads() {
        return threads;
    }

    void heartbeat(int count) {
        threads = count;
    }

    /** Whether it can work. */
    boolean ready() {
        return threads > 0;
    }

    /** Whether it can work at once. */
    boolean idle() {
        return ready() && assigned.isEmpty();
    }

    int isAssigned() {
        return assigned.size();
    }

    long lastHeard() {
        return lastHeard;
    }

    void lastHeard(long now) {
        lastHeard = now;
    }

    /** Sends a vector, or what it will make one of, unless the link has it already; how many bytes went. */
    long sendVector(long version, Supplier<byte[]> encoded) {
        if (vector == version) {
            return 0;
        }
        vector = version;
        byte[] bytes = encoded.get();
        connection.send(bytes);
        return bytes.length;
    }

    /** It has an order and its vector, and owes an answer. */
    void assign(long shared, int firstTask, long now) {
        assigned.put(new Key(shared, firstTask), now);
    }

    /** Since when the answer was owed that is there now. */
    long settle(long shared, int firstTask, long now) {
        Long since = assigned.remove(new Key(shared, firstTask));
        return since == null ? now : since;
    }

    /** It will not answer orders of a vector that it did not get in time. */
    void forget(long version) {
        assigned.keySet().removeIf(key -> key.shared() == version);
    }
}
