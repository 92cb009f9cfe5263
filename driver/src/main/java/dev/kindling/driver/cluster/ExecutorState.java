package dev.kindling.driver.cluster;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** The driver's state of one executor: its threads, when it was last heard from, the vector it was sent and its ranges. */
final class ExecutorState {
    /** Identifies a range. */
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

    /** Whether it can run ranges. */
    boolean ready() {
        return threads > 0;
    }

    /** Whether it is ready and runs no range. */
    boolean idle() {
        return ready() && assigned.isEmpty();
    }

    int assignedCount() {
        return assigned.size();
    }

    long lastHeard() {
        return lastHeard;
    }

    void lastHeard(long now) {
        lastHeard = now;
    }

    /** Sends a vector, or a shard of it, unless that has been done; returns the number of bytes sent. */
    long sendVector(long version, Supplier<byte[]> encoded) {
        if (vector == version) {
            return 0;
        }
        vector = version;
        byte[] bytes = encoded.get();
        connection.send(bytes);
        return bytes.length;
    }

    /** Records a range that it has been assigned. */
    void assign(long shared, int firstTask, long now) {
        assigned.put(new Key(shared, firstTask), now);
    }

    /** Removes a range whose outcome has arrived; returns when it was assigned. */
    long settle(long shared, int firstTask, long now) {
        Long since = assigned.remove(new Key(shared, firstTask));
        return since == null ? now : since;
    }

    /** Removes the ranges of a vector that did not arrive in time; they will have no outcome. */
    void forget(long version) {
        assigned.keySet().removeIf(key -> key.shared() == version);
    }
}
