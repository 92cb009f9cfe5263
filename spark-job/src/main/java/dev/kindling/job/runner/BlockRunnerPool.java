package dev.kindling.job.runner;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One program in all its shapes, and the idle hands that can run it: as many as there were threads at once. Which variant a
 * task runs with follows from its spec alone. Thread-safe.
 */
final class BlockRunnerPool {
    /** A thread, in whose processor's cache a workspace may still be, and the device that it had. */
    private record User(Thread thread, Device device) {}

    private final int blockSize;
    private final CompileOptions options;
    private final ProgramVariants program;
    private final TaskSource source;
    private final List<CompiledVariant> variants;
    /** By who used it last. */
    private final Map<User, BlockRunner> idle = new LinkedHashMap<>();

    /** By shape, where there are several. */
    private final Map<EpisodeLayout, CompiledVariant> byLayout = new ConcurrentHashMap<>();

    private List<BlockRunnerPool> others = List.of();
    private boolean closed;
    private volatile Set<Split> fitting = EnumSet.noneOf(Split.class);

    /** A bench for one program; where its tasks have one shape, it is compiled at once. */
    BlockRunnerPool(Job job, ProgramVariants program, Backend backend, TaskSource source) {
        this.blockSize = job.blockSize();
        this.options = job.options();
        this.program = program;
        this.source = source;
        this.variants = program.programs().stream()
                .map(each -> new CompiledVariant(each, backend, options))
                .toList();
        if (variants.size() == 1) {
            var unused = variants.get(0).executable();
        }
    }

    ProgramVariants program() {
        return program;
    }

    int blockSize() {
        return blockSize;
    }

    TaskSource source() {
        return source;
    }

    CompileOptions options() {
        return options;
    }

    int width() {
        return program.perTask().size();
    }

    /** Refuses a vector or tasks that are not the program's. */
    void requireFits(RangeRequest request, BroadcastVector shared) {
        int size = program.broadcastInputs().size();
        CompiledJob.require(
                shared.values().size() == size && shared.values().precision() == options.precision(),
                "program " + name() + " takes " + size + " shared numbers in " + options.precision() + ", not "
                        + shared.values());
        request.specs().forEach(this::requireFits);
    }

    private String name() {
        return program.first().name();
    }

    /** Makes known the benches of the job's other programs, whose idle hands leave room for this one's. */
    void beside(List<BlockRunnerPool> all) {
        others = all.stream().filter(runners -> runners != this).toList();
    }

    /**
     * A hand of the given device that nobody uses: the one that this thread gave back last, where there is one. A thread's
     * budget is for all programs together: for each hand that is borrowed a large one of another program, idle on the same
     * device, is let go.
     */
    BlockRunner acquire(Device device) {
        others.forEach(runners -> runners.makeRoom(device));
        return taken(device);
    }

    private synchronized void makeRoom(Device device) {
        Iterator<BlockRunner> runners = idle.values().iterator();
        while (runners.hasNext()) {
            BlockRunner runner = runners.next();
            if (runner.device().equals(device) && runner.bytes() > options.memoryBytes() / 2) {
                runners.remove();
                runner.close();
                return;
            }
        }
    }

    private synchronized BlockRunner taken(Device device) {
        BlockRunner mine = idle.remove(new User(Thread.currentThread(), device));
        if (mine != null) {
            return mine;
        }
        Iterator<BlockRunner> others = idle.values().iterator();
        while (others.hasNext()) {
            BlockRunner free = others.next();
            if (free.device().equals(device)) {
                others.remove();
                return free;
            }
        }
        return new BlockRunner(this, device);
    }

    /** Takes a hand back. One whose run ended in an exception must not come: nobody knows what its workspaces hold. */
    synchronized void release(BlockRunner runner) {
        BlockRunner replaced = closed ? runner : idle.put(new User(Thread.currentThread(), runner.device()), runner);
        if (replaced != null) {
            replaced.close();
        }
    }

    /** Lets go of all hands: of those that are in use when they come back. */
    synchronized void close() {
        closed = true;
        idle.values().forEach(BlockRunner::close);
        idle.clear();
    }

    /** What the first shape's tasks run with. */
    CompiledVariant first() {
        return variants.get(0);
    }

    /** What the task of a spec runs with. */
    CompiledVariant variant(TaskSpec spec) {
        return variants.size() == 1 ? variants.get(0) : variant(spec, source.layout(spec));
    }

    private CompiledVariant variant(TaskSpec spec, EpisodeLayout layout) {
        CompiledVariant known = byLayout.get(layout);
        if (known != null) {
            return known;
        }
        CompiledVariant found = matching(layout).orElseThrow(() -> misfit(spec.toString(), layout));
        byLayout.put(layout, found);
        return found;
    }

    private Optional<CompiledVariant> matching(EpisodeLayout layout) {
        return variants.stream().filter(each -> each.takes(layout)).findFirst();
    }

    private void requireFits(TaskSpec spec) {
        if (variants.size() > 1) {
            var unused = variant(spec);
        } else if (!fitting.contains(spec.split())) {
            EpisodeLayout layout = source.layout(spec);
            if (!variants.get(0).takes(layout)) {
                throw misfit(spec.toString(), layout);
            }
            if (source.layouts(spec.split()).size() > 1) {
                // One program for one of several shapes: the next task may have another.
                return;
            }
            EnumSet<Split> more = EnumSet.of(spec.split());
            more.addAll(fitting);
            fitting = more;
        }
    }

    private IllegalStateException misfit(String episode, EpisodeLayout layout) {
        String inputs = variants.size() == 1
                ? variants.get(0).program().taskInputs().toString()
                : "episodes of " + variants.size() + " other shapes";
        return new IllegalStateException(
                "program " + name() + " takes " + inputs + ", but " + episode + " is " + layout.arrays());
    }
}
