package dev.kindling.job.program.passes;

import dev.kindling.job.program.Program;

/**
 * Trades memory for arithmetic in loops that have a reverse: what the steps of a repeat leave for another repeat is kept,
 * or computed again from what each step began with, or from what each of √n segments began with (Chen et al., Training
 * Deep Nets with Sublinear Memory Cost, 2016, section 4.3). A value is computed by the same ops in the same order each
 * time, so that all outputs have the same bits.
 */
public final class Rematerialization {
    /** What is held for steps that a reverse has yet to undo. */
    enum Mode {
        /** Everything that the reverse reads. */
        KEEP,
        /** The carries that each step began with. */
        RECOMPUTE,
        /** The carries that each segment of √n steps began with, and one segment's steps. */
        SQRT
    }

    private Rematerialization() {}

    /**
     * An equal program whose repeats keep at most so many bytes for each other, or as few as can be; the program itself if
     * it fits as it is.
     */
    public static Program within(Program program, long bytes, int bytesPerNumber) {
        if (fits(program, bytes, bytesPerNumber)) {
            return program;
        }
        Program recomputing = in(Mode.RECOMPUTE, program);
        if (fits(recomputing, bytes, bytesPerNumber)) {
            return recomputing;
        }
        Program segmented = in(Mode.SQRT, program);
        return LoopResiduals.numbers(segmented) < LoopResiduals.numbers(recomputing) ? segmented : recomputing;
    }

    private static boolean fits(Program program, long bytes, int bytesPerNumber) {
        return LoopResiduals.numbers(program) <= bytes / bytesPerNumber;
    }

    static Program in(Mode mode, Program program) {
        return switch (mode) {
            case KEEP -> program;
            case RECOMPUTE ->
                LoopBodyPass.withoutUnreadStacks(LoopBodyPass.everywhere(program, RecomputeResiduals::everywhere));
            case SQRT ->
                LoopBodyPass.withoutUnreadStacks(LoopBodyPass.everywhere(
                        program, one -> RecomputeResiduals.everywhere(SqrtCheckpointing.cut(one))));
        };
    }
}
