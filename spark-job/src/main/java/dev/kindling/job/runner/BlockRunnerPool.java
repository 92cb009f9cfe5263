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
 * Pools the idle {@link BlockRunner}s of one program, as many as threads have run it at once, and selects the variant of a
 * task, which depends on its spec alone. Thread-safe.
 */
final class BlockRunnerPool {
    /** The last user of a runner: a thread, whose processor may still cache the workspaces, and its device. */
    private record User(Thread thread, Device device) {}

    private final int blockSize;
    private final CompileOptions options;
    private final ProgramVariants program;
    private final TaskSource source;
    private final List<CompiledVariant> variants;
    /** Idle runners by their last user. */
    private final Map<User, BlockRunner> idle = new LinkedHashMap<>();

    /** Variants by shape, if there are several. */
    private final Map<EpisodeLayout, CompiledVariant> byLayout = new ConcurrentHashMap<>();

    private List<BlockRunnerPool> others = List.of();
    private boolean closed;
    private volatile Set<Split> splitsThatFit = EnumSet.noneOf(Split.class);

    /** A pool for one program, which is compiled at once if its tasks have one shape. */
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

    /** Throws IllegalStateException unless vector and tasks match the program. */
    void requireFits(RangeRequest request, BroadcastVector shared) {
        int size = program.broadcastSize();
        CompiledJob.require(
                shared.values().size() == size && shared.values().precision() == options.precision(),
                "program " + name() + " takes " + size + " broadcast numbers in " + options.precision() + ", not "
                        + shared.values());
        request.specs().forEach(this::requireFits);
    }

    private String name() {
        return program.first().name();
    }

    /** Sets the pools of the job's other programs, whose idle runners are closed to make room for this one's. */
    void shareMemoryWith(List<BlockRunnerPool> all) {
        others = all.stream().filter(runners -> runners != this).toList();
    }

    /**
     * Returns an idle runner of the given device, preferably the one that this thread released last. A thread's memory budget
     * is for all programs together: so each call closes one idle runner with large workspaces of another program on the same
     * device.
     */
    BlockRunner acquire(Device device) {
        others.forEach(runners -> runners.makeRoom(device));
        return takeIdle(device);
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

    private synchronized BlockRunner takeIdle(Device device) {
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

    /** Returns a runner to the pool. One that has thrown must be closed instead: its workspaces are in an unknown state. */
    synchronized void release(BlockRunner runner) {
        BlockRunner replaced = closed ? runner : idle.put(new User(Thread.currentThread(), runner.device()), runner);
        if (replaced != null) {
            replaced.close();
        }
    }

    /** Closes all runners, those in use when they are released. */
    synchronized void close() {
        closed = true;
        idle.values().forEach(BlockRunner::close);
        idle.clear();
    }

    /** The variant of the first shape. */
    CompiledVariant first() {
        return variants.get(0);
    }

    /** The variant that runs the task of a spec. */
    CompiledVariant variant(TaskSpec spec) {
        return variants.size() == 1 ? variants.get(0) : variant(spec, source.layout(spec));
    }

    private CompiledVariant variant(TaskSpec spec, EpisodeLayout layout) {
        CompiledVariant known = byLayout.get(layout);
        if (known != null) {
            return known;
        }
        CompiledVariant found = matching(layout).orElseThrow(() -> mismatch(spec.toString(), layout));
        byLayout.put(layout, found);
        return found;
    }

    private Optional<CompiledVariant> matching(EpisodeLayout layout) {
        return variants.stream().filter(each -> each.takes(layout)).findFirst();
    }

    private void requireFits(TaskSpec spec) {
        if (variants.size() > 1) {
            var unused = variant(spec);
        } else if (!splitsThatFit.contains(spec.split())) {
            EpisodeLayout layout = source.layout(spec);
            if (!variants.get(0).takes(layout)) {
                throw mismatch(spec.toString(), layout);
            }
            if (source.layouts(spec.split()).size() > 1) {
                // The source has several shapes but the program one: the next task may not match.
                return;
            }
            EnumSet<Split> more = EnumSet.of(spec.split());
            more.addAll(splitsThatFit);
            splitsThatFit = more;
        }
    }

    private IllegalStateException mismatch(String episode, EpisodeLayout layout) {
        String inputs = variants.size() == 1
                ? variants.get(0).program().taskInputs().toString()
                : "episodes of " + variants.size() + " other shapes";
        return new IllegalStateException(
                "program " + name() + " takes " + inputs + ", but " + episode + " is " + layout.arrays());
    }
}
