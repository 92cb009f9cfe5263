package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The table of kernels of every op except LOOP. */
final class Nd4jKernels {
    /** A scratch array that a kernel scratch in addition to its arguments and its result. */
    record Scratch(TaskAxis axis, Buffer.Kind kind, int size) {
        static Scratch floats(TaskAxis axis, int size) {
            return new Scratch(axis, Buffer.Kind.FLOATS, size);
        }

        static Scratch booleans(TaskAxis axis, int size) {
            return new Scratch(axis, Buffer.Kind.BOOLEANS, size);
        }

        static Scratch indices(TaskAxis axis, int size) {
            return new Scratch(axis, Buffer.Kind.INDICES, size);
        }
    }

    /** Records the calls of one op. */
    interface Kernel {
        /** The scratch arrays of a call, in the order of {@link Instruction.Call#scratch}. */
        default List<Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return List.of();
        }

        /** Whether some arguments may lack the task axis; if not, they are broadcast over tasks first. */
        default boolean acceptsMixedAxes() {
            return false;
        }

        /** Records a call for one batch size. */
        void record(OpRecorder recorder, Instruction.Call call);
    }

    private final Map<Op, Kernel> table = new EnumMap<>(Op.class);

    Nd4jKernels(BatchedMatmul batchedMatmul) {
        for (Op op : Op.values()) {
            if (op.elementwise() && op.arity() == 1) {
                table.put(op, new Elementwise.Unary(op));
            }
        }
        for (Op op : EnumSet.of(Op.LOG1P, Op.EXPM1)) {
            table.put(op, new AccurateLog1pExpm1(op));
        }
        for (Op op : EnumSet.of(Op.ADD, Op.SUB, Op.MUL, Op.DIV)) {
            table.put(op, new Elementwise.Binary(op));
        }
        for (Op op : EnumSet.of(Op.GREATER, Op.EQUAL)) {
            table.put(op, new Elementwise.Comparison(op));
        }
        table.put(Op.SELECT, new SelectKernel());
        table.put(Op.CONSTANT, DataMovement::constant);
        table.put(Op.IOTA, DataMovement::iota);
        table.put(Op.BROADCAST, DataMovement::broadcast);
        table.put(Op.TRANSPOSE, DataMovement::transpose);
        table.put(Op.SLICE, DataMovement::slice);
        table.put(Op.PAD, DataMovement::pad);
        table.put(Op.CONCAT, DataMovement::concat);
        table.put(Op.SUM, Reductions::sum);
        table.put(Op.MAX, new Reductions.Max());
        table.put(Op.ARGMAX, new Reductions.Argmax());
        table.put(Op.UNIFORM, IndexingKernels::uniform);
        table.put(Op.ONE_HOT, new IndexingKernels.OneHot());
        table.put(Op.GATHER, new IndexingKernels.Gather());
        table.put(Op.SCATTER_ADD, new IndexingKernels.ScatterAdd());
        table.put(Op.MATMUL, batchedMatmul);
        table.put(Op.SOLVE, new SolveKernel());
        table.put(Op.CONV, new Convolutions.Forward(batchedMatmul));
        table.put(Op.CONV_INPUT, new Convolutions.ToInput(batchedMatmul));
        table.put(Op.CONV_KERNEL, new Convolutions.ToKernel(batchedMatmul));
        table.put(Op.POOL_GATHER, new MaxPooling.Gather());
        table.put(Op.POOL_SCATTER, new MaxPooling.Scatter());
        table.put(Op.WINDOW_SUM, new SumPooling.Sum());
        table.put(Op.WINDOW_SPREAD, new SumPooling.Spread());
    }

    /** The ops that have a kernel. */
    Set<Op> known() {
        return table.keySet();
    }

    Kernel of(Op op) {
        Kernel kernel = table.get(op);
        if (kernel == null) {
            throw new IllegalStateException("op " + op.printed() + " has no kernel");
        }
        return kernel;
    }
}
