package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What every op but REPEAT does, one row per op. */
final class Kernels {
    /** Room that a kernel wants beside its arguments and its result. */
    record Need(Axis axis, Slot.Kind kind, int size) {
        static Need numbers(Axis axis, int size) {
            return new Need(axis, Slot.Kind.NUMBERS, size);
        }

        static Need truths(Axis axis, int size) {
            return new Need(axis, Slot.Kind.TRUTHS, size);
        }

        static Need indices(Axis axis, int size) {
            return new Need(axis, Slot.Kind.INDICES, size);
        }
    }

    /** One op. */
    interface Kernel {
        /** The scratch of a call, in the order in which the call has it. */
        default List<Need> needs(Value value, List<Place> args, Axis axis) {
            return List.of();
        }

        /** Whether arguments that all tasks share may stand beside others; else they are copied to each task first. */
        default boolean mixesAxes() {
            return false;
        }

        /** Writes a call down for one count of tasks. */
        void write(Script script, Instruction.Call call);
    }

    private final Map<Op, Kernel> table = new EnumMap<>(Op.class);

    Kernels(Products products) {
        for (Op op : Op.values()) {
            if (op.elementwise() && op.arity() == 1) {
                table.put(op, new Elementwise.Unary(op));
            }
        }
        for (Op op : EnumSet.of(Op.LOG1P, Op.EXPM1)) {
            table.put(op, new NearZero(op));
        }
        for (Op op : EnumSet.of(Op.ADD, Op.SUB, Op.MUL, Op.DIV)) {
            table.put(op, new Elementwise.Binary(op));
        }
        for (Op op : EnumSet.of(Op.GREATER, Op.EQUAL)) {
            table.put(op, new Elementwise.Comparison(op));
        }
        table.put(Op.SELECT, new Selection());
        table.put(Op.CONSTANT, Moves::constant);
        table.put(Op.IOTA, Moves::iota);
        table.put(Op.BROADCAST, Moves::broadcast);
        table.put(Op.TRANSPOSE, Moves::transpose);
        table.put(Op.SLICE, Moves::slice);
        table.put(Op.PAD, Moves::pad);
        table.put(Op.CONCAT, Moves::concat);
        table.put(Op.SUM, Extremes::sum);
        table.put(Op.MAX, new Extremes.Max());
        table.put(Op.ARGMAX, new Extremes.Argmax());
        table.put(Op.UNIFORM, Indexed::uniform);
        table.put(Op.ONE_HOT, new Indexed.OneHot());
        table.put(Op.GATHER, new Indexed.Gather());
        table.put(Op.SCATTER_ADD, new Indexed.ScatterAdd());
        table.put(Op.MATMUL, products);
        table.put(Op.CONV, new Convolutions.Forward(products));
        table.put(Op.CONV_INPUT, new Convolutions.ToInput(products));
        table.put(Op.CONV_KERNEL, new Convolutions.ToKernel(products));
        table.put(Op.POOL_GATHER, new Pools.Gather());
        table.put(Op.POOL_SCATTER, new Pools.Scatter());
        table.put(Op.WINDOW_SUM, new WindowSums.Sum());
        table.put(Op.WINDOW_SPREAD, new WindowSums.Spread());
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
