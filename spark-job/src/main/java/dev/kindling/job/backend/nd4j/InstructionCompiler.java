package dev.kindling.job.backend.nd4j;

import java.util.List;

/** Writes planned instructions down as steps over the arrays of a frame. */
final class InstructionCompiler {
    private InstructionCompiler() {}

    static RecordedOp[] write(BufferViews bufferViews, Nd4jKernels kernels, List<Instruction> instructions) {
        OpRecorder recorder = new OpRecorder(bufferViews);
        for (Instruction instruction : instructions) {
            if (instruction instanceof Instruction.Call call) {
                kernels.of(call.value().op()).write(recorder, call);
            } else if (instruction instanceof Instruction.Copy copy) {
                recorder.copy(copy.from(), copy.to());
            } else if (instruction instanceof Instruction.Loop loop) {
                recorder.add(new Nd4jLoopStep(bufferViews, loop, write(bufferViews, kernels, loop.body())));
            }
        }
        return recorder.steps();
    }
}
