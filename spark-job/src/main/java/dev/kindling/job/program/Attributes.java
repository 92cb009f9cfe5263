package dev.kindling.job.program;

import dev.kindling.job.tensor.Shape;
import java.util.List;

/** The static parameters of an op, in addition to its arguments. All implementations compare by content. */
public sealed interface Attributes
        permits Window,
                Attributes.None,
                Attributes.Named,
                Attributes.Number,
                Attributes.Product,
                Attributes.To,
                Attributes.Axes,
                Attributes.Count,
                Attributes.Range,
                Attributes.Loop {
    /** No attributes. */
    record None() implements Attributes {
        static final None NONE = new None();

        @Override
        public String toString() {
            return "";
        }
    }

    /** INPUT: its name. */
    record Named(String name) implements Attributes {
        @Override
        public String toString() {
            return name;
        }
    }

    /** CONSTANT: its value. */
    record Number(double value) implements Attributes {
        /** Exact, because the program's hash is computed from the printed form. */
        @Override
        public String toString() {
            return Double.toString(value);
        }
    }

    /** MATMUL: whether each operand is read transposed. */
    record Product(boolean leftTransposed, boolean rightTransposed) implements Attributes {
        @Override
        public String toString() {
            return (leftTransposed ? "left-transposed" : "")
                    + (leftTransposed && rightTransposed ? ", " : "")
                    + (rightTransposed ? "right-transposed" : "");
        }
    }

    /** BROADCAST, RESHAPE, UNIFORM: the shape of the result. */
    record To(Shape shape) implements Attributes {
        @Override
        public String toString() {
            return "to " + shape;
        }
    }

    /** SUM: the axes, ascending; TRANSPOSE: for each axis of the result, the axis of the argument. */
    record Axes(List<Integer> axes) implements Attributes {
        public Axes {
            axes = List.copyOf(axes);
        }

        @Override
        public String toString() {
            return "axes " + axes;
        }
    }

    /** IOTA, ONE_HOT, SCATTER_ADD: the extent of the new axis; LOOP_RESULT: the index of the result. */
    record Count(int count) implements Attributes {
        @Override
        public String toString() {
            return Integer.toString(count);
        }
    }

    /** SLICE: begin and end (exclusive) on the axis; PAD: zeros before and after; CONCAT: the axis, begin and end 0. */
    record Range(int axis, int begin, int end) implements Attributes {
        @Override
        public String toString() {
            return "axis " + axis + ", " + begin + ", " + end;
        }
    }

    /**
     * LOOP: a scan in the sense of JAX, whose {@code xs} are the per-step inputs, {@code ys} the stacked outputs and
     * {@code consts} the invariants. Arguments are the count (a scalar), the initial carries, the per-step inputs stacked
     * along a new first axis of extent {@code capacity}, and the invariants. The inputs of the step program are carries,
     * per-step inputs (without that axis) and invariants, in this order; its outputs are the next carries, then
     * {@code stacked} per-step outputs, then, if {@code stops}, a scalar that ends the loop after the step in which it is
     * not 0.
     *
     * <p>It runs min(count, capacity) steps, over indices 0, 1, ... of the stacks, or, {@code backwards}, from index
     * count-1 down to 0. Results: the last carries; the per-step outputs stacked [capacity, ...], zero where no step ran;
     * the number of steps that ran.
     *
     * @param step the step program, all of whose inputs have {@link Program.Scope#LOOP}
     * @param capacity greatest number of steps; extent of the stacks
     * @param backwards whether the steps run from the last index to the first
     * @param carries number of carries
     * @param perStep number of per-step inputs
     * @param stacked number of per-step outputs
     * @param stops whether the step program has a stop predicate
     */
    record Loop(Program step, int capacity, boolean backwards, int carries, int perStep, int stacked, boolean stops)
            implements Attributes {
        public Loop {
            if (capacity < 1) {
                throw new IllegalArgumentException("loop has capacity " + capacity + "; it must be at least 1");
            }
            if (backwards && stops) {
                throw new IllegalArgumentException("a loop that runs backwards cannot stop early");
            }
        }

        /** Number of invariants. */
        public int invariants() {
            return step.inputs().size() - carries - perStep;
        }

        /** Index of the result that counts the steps that ran. */
        public int countResult() {
            return carries + stacked;
        }

        @Override
        public String toString() {
            return "capacity " + capacity + (backwards ? ", backwards" : "") + ", " + carries + " carries, " + perStep
                    + " per step, " + stacked + " stacked" + (stops ? ", stops" : "");
        }
    }
}
