package dev.kindling.job.program.passes;

import dev.kindling.job.program.Program;

/**
 * Trades memory for arithmetic in loops that have a reverse loop: the residuals are stored, or recomputed from the carries
 * of each step, or recomputed from the carries of each of √n segments (Chen et al., Training Deep Nets with Sublinear
 * Memory Cost, 2016, section 4.3). A recomputed value uses the same ops in the same order, so that outputs are bitwise
 * identical.
 */
public final class Rematerialization {
    /** What a forward loop stores for its reverse loop. */
    enum Mode {
        /** All residuals. */
        STORE,
        /** The initial carries of each step. */
        RECOMPUTE,
        /** The initial carries of each segment of √n steps, and of each step of one segment. */
        SQRT
    }

    private Rematerialization() {}

    /**
     * An equal program whose loops store at most {@code bytes} bytes of residuals, or as few as possible; the program itself
     * if it fits.
     */
    public static Program within(Program program, long bytes, int bytesPerElement) {
        if (fits(program, bytes, bytesPerElement)) {
            return program;
        }
        Program recomputing = in(Mode.RECOMPUTE, program);
        if (fits(recomputing, bytes, bytesPerElement)) {
            return recomputing;
        }
        Program segmented = in(Mode.SQRT, program);
        return LoopResiduals.storedElements(segmented) < LoopResiduals.storedElements(recomputing)
                ? segmented
                : recomputing;
    }

    private static boolean fits(Program program, long bytes, int bytesPerElement) {
        return LoopResiduals.storedElements(program) <= bytes / bytesPerElement;
    }

    static Program in(Mode mode, Program program) {
        return switch (mode) {
            case STORE -> program;
            case RECOMPUTE ->
                LoopBodyPass.withoutUnreadStacks(LoopBodyPass.applyRecursively(program, RecomputeResiduals::rewrite));
            case SQRT ->
                LoopBodyPass.withoutUnreadStacks(LoopBodyPass.applyRecursively(
                        program, one -> RecomputeResiduals.rewrite(SqrtCheckpointing.rewrite(one))));
        };
    }
}
