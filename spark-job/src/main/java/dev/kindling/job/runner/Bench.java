package dev.kindling.job.runner;

import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** One compiled program and the idle hands that can run it: as many as there were threads at once. Thread-safe. */
final class Bench {
    private final int blockSize;
    private final Executable executable;
    private final TaskSource source;
    private final int sharedSize;
    /** By the thread that used it last, in whose processor's cache its workspace may still be. */
    private final Map<Thread, Hand> idle = new LinkedHashMap<>();

    private volatile Set<Purpose> fitting = EnumSet.noneOf(Purpose.class);

    Bench(int blockSize, Executable executable, TaskSource source) {
        this.blockSize = blockSize;
        this.executable = executable;
        this.source = source;
        this.sharedSize = executable.program().sharedInputs().size();
    }

    Program program() {
        return executable.program();
    }

    int width() {
        return program().perTask().size();
    }

    /** Refuses a vector or tasks that are not the program's. */
    void requireFits(WorkOrder order, SharedVector shared) {
        Runner.require(
                shared.values().size() == sharedSize && shared.values().precision() == executable.precision(),
                "program " + program().name() + " takes " + sharedSize + " shared numbers in " + executable.precision()
                        + ", not " + shared.values());
        order.specs().forEach(this::requireFits);
    }

    /** A hand that nobody uses: the one that this thread gave back last, where there is one. */
    synchronized Hand borrow() {
        Thread thread = Thread.currentThread();
        Hand mine = idle.remove(thread);
        if (mine != null) {
            return mine;
        }
        Iterator<Hand> others = idle.values().iterator();
        if (!others.hasNext()) {
            return new Hand(blockSize, executable, source);
        }
        Hand free = others.next();
        others.remove();
        return free;
    }

    /** Takes a hand back. One whose run ended in an exception must not come: nobody knows what its workspace holds. */
    synchronized void giveBack(Hand hand) {
        idle.put(Thread.currentThread(), hand);
    }

    private void requireFits(TaskSpec spec) {
        if (!fitting.contains(spec.purpose())) {
            EpisodeLayout layout = source.layout(spec.purpose());
            Layout episodes = layout.arrays();
            Runner.require(
                    episodes.equals(program().taskInputs())
                            || layout.arraysAndKey().equals(program().taskInputs()),
                    "program " + program().name() + " takes " + program().taskInputs() + ", but an episode for "
                            + spec.purpose() + " is " + episodes);
            EnumSet<Purpose> more = EnumSet.of(spec.purpose());
            more.addAll(fitting);
            fitting = more;
        }
    }
}
