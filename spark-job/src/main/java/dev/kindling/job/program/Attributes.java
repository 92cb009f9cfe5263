package dev.kindling.job.program;

import dev.kindling.job.tensor.Shape;
import java.util.List;

/** What an op needs to know beside its arguments. Values of these types compare by content. */
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
    /** Nothing. */
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

    /** CONSTANT: the number. */
    record Number(double value) implements Attributes {
        /** Exact, so that the printed program is a fingerprint. */
        @Override
        public String toString() {
            return Double.toString(value);
        }
    }

    /** MATMUL: whether each side is read transposed. */
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

    /** SUM: the axes, ascending; TRANSPOSE: for each axis of the result, the axis it is read from. */
    record Axes(List<Integer> axes) implements Attributes {
        public Axes {
            axes = List.copyOf(axes);
        }

        @Override
        public String toString() {
            return "axes " + axes;
        }
    }

    /** IOTA, ONE_HOT, SCATTER_ADD: the extent of the new axis; RESULT: which result. */
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
     * REPEAT: arguments are the count (a scalar), the first carries, the per-step inputs stacked along a new first axis of
     * extent {@code capacity}, and the invariants. The step's inputs are carries, per-step inputs (without that axis) and
     * invariants, in this order; its outputs are the next carries, then {@code stacked} per-step outputs, then, where
     * {@code stops}, a scalar that ends the loop after the step in which it is not 0.
     *
     * <p>It runs min(count, capacity) steps, over places 0, 1, ... of the stacks, or, {@code backwards}, from place
     * count-1 down to 0. Results: the last carries; the per-step outputs stacked [capacity, ...], zero where no step ran;
     * the count of steps that ran.
     *
     * @param step the step program, all of whose inputs are of kind {@link Program.Scope#LOOP}
     */
    record Loop(Program step, int capacity, boolean backwards, int carries, int perStep, int stacked, boolean stops)
            implements Attributes {
        public Loop {
            if (capacity < 1) {
                throw new IllegalArgumentException("repeat has capacity " + capacity + "; it must be at least 1");
            }
            if (backwards && stops) {
                throw new IllegalArgumentException("a repeat that runs backwards cannot stop early");
            }
        }

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
