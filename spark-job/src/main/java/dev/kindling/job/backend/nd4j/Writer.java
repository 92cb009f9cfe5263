package dev.kindling.job.backend.nd4j;

import java.util.List;

/** Writes planned instructions down as steps over the arrays of a frame. */
final class Writer {
    private Writer() {}

    static Step[] write(Frame frame, Kernels kernels, List<Instruction> instructions) {
        Script script = new Script(frame);
        for (Instruction instruction : instructions) {
            if (instruction instanceof Instruction.Call call) {
                kernels.of(call.value().op()).write(script, call);
            } else if (instruction instanceof Instruction.Copy copy) {
                script.copy(copy.from(), copy.to());
            } else if (instruction instanceof Instruction.Loop loop) {
                script.add(new LoopStep(frame, loop, write(frame, kernels, loop.body())));
            }
        }
        return script.steps();
    }
}
