package dev.kindling.job.backend.nd4j;

import dev.kindling.job.tensor.Layout;
import java.util.List;

/**
 * A program laid out in slots, for any number of tasks.
 *
 * @param shared what runs once per set of shared inputs
 * @param perTask what runs once per sub-block of tasks
 * @param sharedInputs where the shared inputs go
 * @param taskInputs where the inputs of the tasks go
 * @param sums the summed outputs, which are gathered for each task in {@code gathered}
 * @param each the outputs that are kept for each task
 * @param gathered all summed outputs of a task, one after another
 * @param total the sum of one block of tasks
 */
record TaskBatchPlan(
        List<Buffer> buffers,
        List<Instruction> shared,
        List<Instruction> perTask,
        List<Named> sharedInputs,
        List<Named> taskInputs,
        List<Named> sums,
        List<Named> each,
        TensorView gathered,
        TensorView total) {
    /** An input or output: where it stands, and where in the layout that the caller knows. */
    record Named(Layout.Entry entry, TensorView view) {}

    /** Bytes of the slots for one task, or of those that all tasks share. */
    long bytes(TaskAxis axis, int bytesPerNumber) {
        return buffers.stream()
                .filter(slot -> slot.axis() == axis)
                .mapToLong(slot -> (long) slot.size()
                        * switch (slot.kind()) {
                            case NUMBERS -> bytesPerNumber;
                            case TRUTHS -> 1;
                            case INDICES -> Long.BYTES;
                        })
                .sum();
    }
}
