package dev.kindling.job.runner;

import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;

/** One compiled program and the idle hands that can run it: as many as there were threads at once. Thread-safe. */
final class Bench {
    private final int blockSize;
    private final Executable executable;
    private final TaskSource source;
    private final int sharedSize;
    /** The hand used last comes first: its workspace is still in the cache. */
    private final ConcurrentLinkedDeque<Hand> idle = new ConcurrentLinkedDeque<>();

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

    WorkReply run(WorkOrder order, SharedVector shared, String worker) {
        Runner.require(
                shared.values().size() == sharedSize && shared.values().precision() == executable.precision(),
                "program " + program().name() + " takes " + sharedSize + " shared numbers in " + executable.precision()
                        + ", not " + shared.values());
        order.specs().forEach(this::requireFits);
        Hand hand = idle.poll();
        if (hand == null) {
            hand = new Hand(blockSize, executable, source);
        }
        WorkReply reply = hand.run(order, shared, worker);
        // A hand whose run ended in an exception is not put back: nobody knows what its workspace holds.
        idle.push(hand);
        return reply;
    }

    private void requireFits(TaskSpec spec) {
        if (!fitting.contains(spec.purpose())) {
            Layout episodes = source.layout(spec.purpose()).arrays();
            Runner.require(
                    episodes.equals(program().taskInputs()),
                    "program " + program().name() + " takes " + program().taskInputs() + ", but an episode for "
                            + spec.purpose() + " is " + episodes);
            EnumSet<Purpose> more = EnumSet.of(spec.purpose());
            more.addAll(fitting);
            fitting = more;
        }
    }
}
