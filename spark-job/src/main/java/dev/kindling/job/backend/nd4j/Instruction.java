package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Value;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One instruction of a planned program, for any batch size. */
sealed interface Instruction {
    /** The application of an op. */
    record Call(Value value, List<TensorView> args, TensorView result, List<TensorView> scratch)
            implements Instruction {
        TensorView arg(int index) {
            return args.get(index);
        }
    }

    /** A copy of an array; broadcast over tasks if only the target has a task axis. */
    record Copy(TensorView from, TensorView to) implements Instruction {}

    /** A copy between an array and a row of a stack of such arrays. */
    record Row(TensorView stack, TensorView row) {}

    /**
     * A loop.
     *
     * @param count view of the step count
     * @param initialCarries copies into the carries, before the first step
     * @param perStep copies out of the stacks of per-step inputs, before each step
     * @param nextCarries copies into the carries, after each step
     * @param stacked copies into the stacks of per-step outputs, after each step
     * @param stop view of the stop predicate, not 0 after the step that ends the loop; null if there is none
     * @param stepsRun view of the number of steps that ran; null if it is not read
     */
    record Loop(
            Attributes.Loop loop,
            TaskAxis axis,
            TensorView count,
            List<Copy> initialCarries,
            List<Row> perStep,
            List<Instruction> body,
            List<Copy> nextCarries,
            List<Row> stacked,
            @Nullable TensorView stop,
            @Nullable TensorView stepsRun)
            implements Instruction {}
}
