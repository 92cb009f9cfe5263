package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What every op but REPEAT does, one row per op. */
final class Nd4jKernels {
    /** Room that a kernel wants beside its arguments and its result. */
    record Need(TaskAxis axis, Buffer.Kind kind, int size) {
        static Need numbers(TaskAxis axis, int size) {
            return new Need(axis, Buffer.Kind.NUMBERS, size);
        }

        static Need truths(TaskAxis axis, int size) {
            return new Need(axis, Buffer.Kind.TRUTHS, size);
        }

        static Need indices(TaskAxis axis, int size) {
            return new Need(axis, Buffer.Kind.INDICES, size);
        }
    }

    /** One op. */
    interface Kernel {
        /** The scratch of a call, in the order in which the call has it. */
        default List<Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return List.of();
        }

        /** Whether arguments that all tasks share may stand beside others; else they are copied to each task first. */
        default boolean mixesAxes() {
            return false;
        }

        /** Writes a call down for one count of tasks. */
        void write(OpRecorder recorder, Instruction.Call call);
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
        table.put(Op.SUM, MaxReductions::sum);
        table.put(Op.MAX, new MaxReductions.Max());
        table.put(Op.ARGMAX, new MaxReductions.Argmax());
        table.put(Op.UNIFORM, IndexingKernels::uniform);
        table.put(Op.ONE_HOT, new IndexingKernels.OneHot());
        table.put(Op.GATHER, new IndexingKernels.Gather());
        table.put(Op.SCATTER_ADD, new IndexingKernels.ScatterAdd());
        table.put(Op.MATMUL, batchedMatmul);
        table.put(Op.CONV, new Convolutions.Forward(batchedMatmul));
        table.put(Op.CONV_INPUT, new Convolutions.ToInput(batchedMatmul));
        table.put(Op.CONV_KERNEL, new Convolutions.ToKernel(batchedMatmul));
        table.put(Op.POOL_GATHER, new MaxPooling.Gather());
        table.put(Op.POOL_SCATTER, new MaxPooling.Scatter());
        table.put(Op.WINDOW_SUM, new SumPooling.Sum());
        table.put(Op.WINDOW_SPREAD, new SumPooling.Spread());
    }

    /** The ops that have a row. */
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
