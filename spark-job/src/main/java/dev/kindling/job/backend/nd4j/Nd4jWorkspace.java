package dev.kindling.job.backend.nd4j;

import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import java.lang.ref.Reference;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataBuffer;

/** One thread's memory for a program, and the steps over it for each count of tasks that it met lately. */
final class Nd4jWorkspace implements Workspace {
    /** Counts of tasks whose steps are kept: whole sub-blocks, those at the end of a range, and single tasks. */
    private static final int COUNTS = 8;

    private static final boolean[] ONE_TASK = {true};

    private final Nd4jExecutable executable;
    private final Seat seat;
    private final Program program;
    private final Plan plan;
    private final Memory memory;
    private final Step[] shared;
    private final Storage episode;
    private final Map<Integer, SubBlock> subBlocks = new LinkedHashMap<>();
    private boolean sharing;

    Nd4jWorkspace(Nd4jExecutable executable, Seat seat) {
        seat.take();
        this.seat = seat;
        this.executable = executable;
        this.program = executable.program();
        this.plan = executable.plan();
        this.memory = new Memory(plan.slots(), executable.precision(), seat.toString());
        this.shared = Writer.write(new Frame(memory, 1), executable.kernels(), plan.shared());
        this.episode =
                Storage.zeros(executable.precision(), program.taskInputs().size());
    }

    @Override
    public void share(Storage inputs) {
        require("shared inputs", inputs, program.sharedInputs().size());
        seat.take();
        try {
            for (Plan.Named input : plan.sharedInputs()) {
                DataBuffer buffer = memory.buffer(input.place().slot());
                Host.write(inputs, input.entry().offset(), input.place().size(), buffer, 0);
            }
            for (Step step : shared) {
                step.run(ONE_TASK);
            }
            sharing = true;
        } finally {
            Reference.reachabilityFence(memory);
        }
    }

    @Override
    public int tasksAtOnce() {
        return executable.limit();
    }

    @Override
    public void run(int tasks, Episodes episodes, Storage sums, double[] each) {
        run(tasks, tasks, episodes, List.of(sums), each);
    }

    @Override
    public void run(int tasks, int blockSize, Episodes episodes, List<Storage> sums, double[] each) {
        sums.forEach(sum -> require("sums", sum, program.sums().size()));
        requireRoom(tasks, each);
        requireShared();
        seat.take();
        int parts = (tasks + executable.limit() - 1) / executable.limit();
        int atOnce = (tasks + parts - 1) / parts;
        if (memory.grow(atOnce)) {
            subBlocks.clear();
        }
        try {
            for (int first = 0; first < tasks; first += atOnce) {
                SubBlock subBlock = subBlock(Math.min(atOnce, tasks - first));
                subBlock.fill(episodes, first, episode);
                subBlock.compute();
                subBlock.add(first, tasks, blockSize, sums);
                subBlock.keep(first, program.perTask().size(), each);
            }
        } finally {
            Reference.reachabilityFence(memory);
        }
    }

    private SubBlock subBlock(int tasks) {
        SubBlock known = subBlocks.remove(tasks);
        SubBlock subBlock = known != null ? known : new SubBlock(memory, plan, executable.kernels(), tasks);
        subBlocks.put(tasks, subBlock);
        if (subBlocks.size() > COUNTS) {
            subBlocks.remove(subBlocks.keySet().iterator().next());
        }
        return subBlock;
    }

    private void requireShared() {
        if (!sharing && program.sharedInputs().size() == 0) {
            share(Storage.zeros(executable.precision(), 0));
        }
        if (!sharing) {
            throw new IllegalStateException("program " + program.name() + " runs before its shared inputs are set: "
                    + program.sharedInputs().names());
        }
    }

    private void require(String what, Storage numbers, int expected) {
        Precision precision = executable.precision();
        if (numbers.size() != expected || numbers.precision() != precision) {
            throw new IllegalArgumentException("program " + program.name() + " has " + expected + " numbers of " + what
                    + " in " + precision + ", was given " + numbers);
        }
    }

    private void requireRoom(int tasks, double[] each) {
        int needed = tasks * program.perTask().size();
        if (each.length < needed) {
            throw new IllegalArgumentException("program " + program.name() + " writes " + needed + " numbers for "
                    + tasks + " tasks, was given room for " + each.length);
        }
    }

    @Override
    public long bytes() {
        return memory.bytes();
    }

    @Override
    public void close() {
        seat.take();
        subBlocks.clear();
        memory.close();
    }
}
