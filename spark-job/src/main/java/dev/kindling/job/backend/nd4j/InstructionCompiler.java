package dev.kindling.job.backend.nd4j;

import java.util.List;

/** Compiles planned instructions into recorded ops for one batch size. */
final class InstructionCompiler {
    private InstructionCompiler() {}

    static RecordedOp[] compile(BufferViews views, Nd4jKernels kernels, List<Instruction> instructions) {
        OpRecorder recorder = new OpRecorder(views);
        for (Instruction instruction : instructions) {
            if (instruction instanceof Instruction.Call call) {
                kernels.of(call.value().op()).record(recorder, call);
            } else if (instruction instanceof Instruction.Copy copy) {
                recorder.copy(copy.from(), copy.to());
            } else if (instruction instanceof Instruction.Loop loop) {
                recorder.add(new Nd4jLoopStep(views, loop, compile(views, kernels, loop.body())));
            }
        }
        return recorder.ops();
    }
}
