package dev.kindling.job.protocol;

import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Layout;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One program for each shape that its tasks may have: the same computation over the same shared inputs with the same outputs,
 * so that sums of tasks of different shapes can be added. Only the tasks' inputs differ.
 *
 * @param programs at least one; the order is part of what a job is
 */
public record ProgramVariants(List<Program> programs) {
    /** Refuses, with IllegalArgumentException, none, and programs that differ in more than the tasks' inputs or not in these. */
    public ProgramVariants {
        programs = List.copyOf(programs);
        if (programs.isEmpty()) {
            throw new IllegalArgumentException("a program has no variants; it must have at least one");
        }
        Program first = programs.get(0);
        Set<Layout> inputs = new HashSet<>();
        for (Program program : programs) {
            requireSame(first, "name", first.name(), program.name());
            requireSame(first, "shared inputs", first.broadcastInputs(), program.broadcastInputs());
            requireSame(first, "sums", first.sums(), program.sums());
            requireSame(first, "outputs of each task", first.perTask(), program.perTask());
            if (!inputs.add(program.taskInputs())) {
                throw new IllegalArgumentException(
                        "program " + first.name() + " has two variants for tasks of " + program.taskInputs());
            }
        }
    }

    private static void requireSame(Program first, String what, Object one, Object other) {
        if (!one.equals(other)) {
            throw new IllegalArgumentException(
                    "variants of program " + first.name() + " differ in " + what + ": " + one + " and " + other);
        }
    }

    /** A program whose tasks all have one shape. */
    public static ProgramVariants of(Program program) {
        return new ProgramVariants(List.of(program));
    }

    /** The first of them; the only one where all tasks have one shape. */
    public Program first() {
        return programs.get(0);
    }

    /** Layout of the shared inputs, which all have. */
    public Layout broadcastInputs() {
        return first().broadcastInputs();
    }

    /** Layout of the summed outputs, which all have. */
    public Layout sums() {
        return first().sums();
    }

    /** Layout of what is kept for each task, which all have. */
    public Layout perTask() {
        return first().perTask();
    }
}
