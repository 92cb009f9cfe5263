package dev.kindling.job.backend.nd4j;

import dev.kindling.job.tensor.Layout;
import java.util.List;

/**
 * The plan of a program for batches of any size: its buffers and instructions.
 *
 * @param perRound instructions that run once per set of broadcast inputs
 * @param perBatch instructions that run once per batch of tasks
 * @param broadcastInputs the views of the broadcast inputs
 * @param taskInputs the views of the task inputs
 * @param sums the summed outputs, which are gathered for each task in {@code gathered}
 * @param perTaskOutputs the outputs that are returned for each task
 * @param gathered all summed outputs of a task, concatenated
 * @param total the sum over one block of tasks
 */
record TaskBatchPlan(
        List<Buffer> buffers,
        List<Instruction> perRound,
        List<Instruction> perBatch,
        List<Named> broadcastInputs,
        List<Named> taskInputs,
        List<Named> sums,
        List<Named> perTaskOutputs,
        TensorView gathered,
        TensorView total) {
    /** An input or output: its entry in the caller's layout and its view. */
    record Named(Layout.Entry entry, TensorView view) {}

    /** Bytes of the buffers with a task axis, for one task, or of those without. */
    long bytes(TaskAxis axis, int bytesPerElement) {
        return buffers.stream()
                .filter(buffer -> buffer.axis() == axis)
                .mapToLong(buffer -> (long) buffer.size()
                        * switch (buffer.kind()) {
                            case FLOATS -> bytesPerElement;
                            case BOOLEANS -> 1;
                            case INDICES -> Long.BYTES;
                        })
                .sum();
    }
}
