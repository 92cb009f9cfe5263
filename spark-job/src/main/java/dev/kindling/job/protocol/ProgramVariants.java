package dev.kindling.job.protocol;

import dev.kindling.job.program.Program;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Layout;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The variants of one program, one for each shape of its tasks. All compute the same from the same broadcast inputs with
 * the same outputs, so that sums of tasks of different shapes can be added; only the task inputs differ.
 *
 * <p>If the program trains the members of an ensemble, the broadcast vector and the sums of a round hold the arrays of all
 * members, one after another. A task belongs to one member ({@link #member}): it reads the broadcast inputs of that member and
 * adds to its sums.
 *
 * @param programs at least one; their order is part of the job
 * @param members number of members of the ensemble; 1 for a program of the whole vector
 */
public record ProgramVariants(List<Program> programs, int members) {
    /**
     * Throws IllegalArgumentException for an empty list, for fewer than one member, and unless the programs differ in the task
     * inputs and nothing else.
     */
    public ProgramVariants {
        programs = List.copyOf(programs);
        if (members < 1) {
            throw new IllegalArgumentException("a program has " + members + " members; it must have at least 1");
        }
        if (programs.isEmpty()) {
            throw new IllegalArgumentException("a program has no variants; it must have at least one");
        }
        Program first = programs.get(0);
        Set<Layout> inputs = new HashSet<>();
        for (Program program : programs) {
            requireSame(first, "name", first.name(), program.name());
            requireSame(first, "broadcast inputs", first.broadcastInputs(), program.broadcastInputs());
            requireSame(first, "sums", first.sums(), program.sums());
            requireSame(first, "per-task outputs", first.perTask(), program.perTask());
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

    /** Variants of a program of the whole broadcast vector. */
    public ProgramVariants(List<Program> programs) {
        this(programs, 1);
    }

    /** The single variant of a program whose tasks all have one shape. */
    public static ProgramVariants of(Program program) {
        return new ProgramVariants(List.of(program));
    }

    /** The first variant; the only one if all tasks have one shape. */
    public Program first() {
        return programs.get(0);
    }

    /** The member, from 0, that a task belongs to. */
    public int member(TaskSpec spec) {
        return spec.index() % members;
    }

    /** Number of elements of the broadcast vector: the inputs of all members. */
    public int broadcastSize() {
        return Math.multiplyExact(members, broadcastInputs().size());
    }

    /** Number of elements of the sums of a round: those of all members. */
    public int sumsSize() {
        return Math.multiplyExact(members, sums().size());
    }

    /** Layout of the broadcast inputs of one member, the same for all variants. */
    public Layout broadcastInputs() {
        return first().broadcastInputs();
    }

    /** Layout of the summed outputs of one member, the same for all variants. */
    public Layout sums() {
        return first().sums();
    }

    /** Layout of the per-task outputs, the same for all variants. */
    public Layout perTask() {
        return first().perTask();
    }
}
