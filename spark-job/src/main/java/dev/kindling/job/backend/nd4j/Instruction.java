package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One thing that a planned program does, for any number of tasks. */
sealed interface Instruction {
    /** An op applied. */
    record Call(Value value, List<TensorView> args, TensorView result, List<TensorView> scratch)
            implements Instruction {
        TensorView arg(int index) {
            return args.get(index);
        }
    }

    /** A whole array copied; one that all tasks share is copied to each where the target has an axis of tasks. */
    record Copy(TensorView from, TensorView to) implements Instruction {}

    /** An array and one row of a stack of such arrays. */
    record Row(TensorView stack, TensorView row) {}

    /**
     * A step program run several times.
     *
     * @param count how often it is asked for
     * @param firsts into the carries, before the first step
     * @param rows out of the stacks of per-step inputs, before each step
     * @param nexts into the carries, after each step
     * @param stacked into the stacks of per-step outputs, after each step
     * @param stop not 0 after the step that ends the loop
     * @param done where the count of steps that ran goes
     */
    record Loop(
            Attributes.Loop loop,
            TaskAxis axis,
            TensorView count,
            List<Copy> firsts,
            List<Row> rows,
            List<Instruction> body,
            List<Copy> nexts,
            List<Row> stacked,
            @Nullable TensorView stop,
            @Nullable TensorView done)
            implements Instruction {}
}
