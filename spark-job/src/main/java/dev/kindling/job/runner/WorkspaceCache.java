package dev.kindling.job.runner;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.protocol.BroadcastVector;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One thread's workspaces on one device, one for each shape of the tasks that it met lately.
 *
 * <p>A thread runs one task at a time, and so never needs more than one; but making one and computing anew what depends on
 * the shared vector alone costs more than a small task. All of them together may hold the bytes that a thread has for values
 * of a reverse pass: what is large enough to fill that is slow enough to be made again. The one in use stays whatever it
 * holds, so a job of one shape never meets the limit. What is let go of is what was used longest ago; the numbers are the
 * same with any limit. Not thread-safe.
 */
final class WorkspaceCache {
    /** A workspace, and the number of the vector that it has been given. */
    private static final class Held {
        private final Workspace workspace;
        private long vector;

        private Held(Workspace workspace) {
            this.workspace = workspace;
        }
    }

    private final long budget;
    private final Device device;
    private final Map<CompiledVariant, Held> held = new LinkedHashMap<>();
    private @Nullable CompiledVariant current;
    private @Nullable Held inUse;
    private @Nullable BroadcastVector shared;
    /** Counts vectors, so that no workspace holds on to one. */
    private long vectors;

    WorkspaceCache(long budget, Device device) {
        this.budget = budget;
        this.device = device;
    }

    /**
     * Names the vector that the next tasks run with. The same instance holds the same numbers; an equal version of another
     * cluster may not.
     */
    @SuppressWarnings("ReferenceEquality")
    void use(BroadcastVector vector) {
        if (shared != vector) {
            shared = vector;
            vectors++;
        }
    }

    /** The workspace for tasks of a variant, with the vector in it. */
    @SuppressWarnings("ReferenceEquality")
    Workspace of(CompiledVariant variant) {
        Held ready = inUse;
        if (ready == null || current != variant) {
            // Comes last again.
            Held before = held.remove(variant);
            ready = before != null ? before : new Held(variant.executable().workspace(device));
            held.put(variant, ready);
            current = variant;
            inUse = ready;
            letGo();
        }
        if (ready.vector != vectors && shared != null) {
            ready.workspace.setBroadcastInputs(shared.values());
            ready.vector = vectors;
        }
        return ready.workspace;
    }

    private void letGo() {
        long bytes = bytes();
        Iterator<Held> oldest = held.values().iterator();
        while (bytes > budget && held.size() > 1) {
            Workspace first = oldest.next().workspace;
            bytes -= first.bytes();
            first.close();
            oldest.remove();
        }
    }

    /** Bytes of all of them. */
    long bytes() {
        return held.values().stream().mapToLong(each -> each.workspace.bytes()).sum();
    }

    /** Lets go of all of them. */
    void close() {
        held.values().forEach(each -> each.workspace.close());
        held.clear();
        inUse = null;
    }

    /** How many there are. */
    int count() {
        return held.size();
    }
}
