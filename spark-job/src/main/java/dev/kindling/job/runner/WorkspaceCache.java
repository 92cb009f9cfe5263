package dev.kindling.job.runner;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.tensor.EnsembleLayout;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Caches the workspaces of one thread on one device, one for each recently used task shape and member of an ensemble.
 *
 * <p>A thread runs one group of tasks at a time and needs one workspace for it; but creating one, and recomputing the values
 * that depend on the broadcast vector alone, costs more than a small task. All workspaces together may hold the bytes of the
 * thread's memory budget; the least recently used ones beyond it are closed. The current one stays whatever its size, so a
 * job of one shape never reaches the limit. Results do not depend on the limit. Not thread-safe.
 */
final class WorkspaceCache {
    /** What a workspace is for. */
    private record Use(CompiledVariant variant, int member) {}

    /** A workspace, and the number of the vector that has been set in it. */
    private static final class Entry {
        private final Workspace workspace;
        private long vector;

        private Entry(Workspace workspace) {
            this.workspace = workspace;
        }
    }

    private final long budget;
    private final Device device;
    private final int members;
    private final Map<Use, Entry> entries = new LinkedHashMap<>();
    private @Nullable CompiledVariant current;
    private int currentMember;
    private @Nullable Entry currentEntry;
    private @Nullable BroadcastVector shared;
    /** Counts vectors; entries store the number and not the vector, which would otherwise stay reachable. */
    private long vectors;

    /**
     * An empty cache.
     *
     * @param members number of members whose arrays a vector holds, one after another
     */
    WorkspaceCache(long budget, Device device, int members) {
        this.budget = budget;
        this.device = device;
        this.members = members;
    }

    /**
     * Sets the vector that the next tasks run with. Vectors are compared by identity: an equal version of another cluster may
     * hold other values.
     */
    @SuppressWarnings("ReferenceEquality")
    void use(BroadcastVector vector) {
        if (shared != vector) {
            shared = vector;
            vectors++;
        }
    }

    /** The workspace for tasks of a variant and a member, with the member's part of the vector set in it. */
    @SuppressWarnings("ReferenceEquality")
    Workspace of(CompiledVariant variant, int member) {
        Entry ready = currentEntry;
        if (ready == null || current != variant || currentMember != member) {
            Use use = new Use(variant, member);
            // Reinserted as the most recently used.
            Entry before = entries.remove(use);
            ready = before != null ? before : new Entry(variant.executable().workspace(device));
            entries.put(use, ready);
            current = variant;
            currentMember = member;
            currentEntry = ready;
            evict();
        }
        if (ready.vector != vectors && shared != null) {
            ready.workspace.setBroadcastInputs(
                    members == 1 ? shared.values() : EnsembleLayout.part(shared.values(), member, members));
            ready.vector = vectors;
        }
        return ready.workspace;
    }

    private void evict() {
        long bytes = bytes();
        Iterator<Entry> oldest = entries.values().iterator();
        while (bytes > budget && entries.size() > 1) {
            Workspace first = oldest.next().workspace;
            bytes -= first.bytes();
            first.close();
            oldest.remove();
        }
    }

    /** Bytes of all of them. */
    long bytes() {
        return entries.values().stream()
                .mapToLong(each -> each.workspace.bytes())
                .sum();
    }

    /** Closes all of them. */
    void close() {
        entries.values().forEach(each -> each.workspace.close());
        entries.clear();
        currentEntry = null;
    }

    /** Number of cached workspaces. */
    int count() {
        return entries.size();
    }
}
