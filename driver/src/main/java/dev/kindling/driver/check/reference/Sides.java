package dev.kindling.driver.check.reference;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.TopologicalOrder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The sides of rectifiers and comparisons and the positions of maxima in the computation of a piecewise smooth function, in the order in
 * which they are computed. One computation notes them. In another they can be fixed: they then replace those that would follow from its
 * own values, so that it computes the smooth function of which the first one's result is a value, beyond the kinks around it too.
 */
public final class Sides {
    private static final String PREFIX = "side ";

    private final List<double[]> noted;
    private final boolean fixed;
    private int next;

    private Sides(List<double[]> noted, boolean fixed) {
        this.noted = noted;
        this.fixed = fixed;
    }

    /** Sides that a computation notes. */
    Sides() {
        this(new ArrayList<>(), false);
    }

    /** The noted sides, for another computation of the same kind. */
    Sides asFixed() {
        return new Sides(noted, true);
    }

    boolean fixed() {
        return fixed;
    }

    /** The sides to use for an array: the computed ones, which are noted, or, if sides are fixed, those noted in its place. */
    double[] of(double[] computed) {
        return fixed ? noted.get(next++) : noted(computed);
    }

    private double[] noted(double[] sides) {
        noted.add(sides);
        return sides;
    }

    /** Outputs for the side of each kink in the computation of a value; {@link #note} reads them. */
    static List<Program.Output> outputs(ProgramBuilder b, Value value) {
        List<Program.Output> outputs = new ArrayList<>();
        for (Value ancestor : TopologicalOrder.of(List.of(value))) {
            side(b, ancestor)
                    .ifPresent(side ->
                            outputs.add(new Program.Output(PREFIX + outputs.size(), Program.Reduction.PER_TASK, side)));
        }
        return outputs;
    }

    /** The value with an input in place of each of its {@link #outputs}; {@link #set} sets them. */
    static Value withInputs(ProgramBuilder b, Value value) {
        Map<Value, Value> images = new HashMap<>();
        int inputs = 0;
        for (Value ancestor : TopologicalOrder.of(List.of(value))) {
            Optional<Value> side = side(b, ancestor);
            Value image = ancestor;
            if (side.isPresent()) {
                Value input = b.input(PREFIX + inputs++, side.get().shape(), Program.Scope.TASK);
                List<Value> args = ancestor.args().stream()
                        .map(arg -> Objects.requireNonNull(images.get(arg)))
                        .toList();
                image = onSide(b, ancestor, args, input);
            } else if (!ancestor.args().isEmpty()) {
                image = b.copy(ancestor, images);
            }
            images.put(ancestor, image);
        }
        return Objects.requireNonNull(images.get(value));
    }

    private static Optional<Value> side(ProgramBuilder b, Value value) {
        return switch (value.op()) {
            case RELU -> Optional.of(b.greater(value.arg(0), b.constant(0)));
            case GREATER, EQUAL, ARGMAX -> Optional.of(value);
            case MAX -> Optional.of(b.argmax(value.arg(0)));
            case POOL_GATHER -> Optional.of(position(b, value.arg(0), (Window) value.attributes()));
            default -> Optional.empty();
        };
    }

    /** For each window, the position of its maximum in the images. */
    private static Value position(ProgramBuilder b, Value images, Window window) {
        Shape shape = images.shape();
        return b.poolGather(images, b.reshape(b.iota(shape.size()), shape), window);
    }

    /** The op of a value with a kink, applied to other arguments on the given side. */
    private static Value onSide(ProgramBuilder b, Value value, List<Value> args, Value side) {
        return switch (value.op()) {
            case RELU -> b.select(side, args.get(0), b.constant(0));
            case MAX -> {
                Value of = args.get(0);
                int last = of.shape().rank() - 1;
                yield b.sum(b.mul(of, b.oneHot(side, of.shape().dim(last))), last);
            }
            case POOL_GATHER -> {
                Value from = args.get(1);
                Value flat = b.reshape(from, Shape.of(from.shape().size()));
                Value positions = b.reshape(side, Shape.of(side.shape().size()));
                yield b.reshape(b.gather(flat, positions), value.shape());
            }
            default -> side;
        };
    }

    /** Notes the sides in the outputs of a program. */
    void note(ProgramProbe.Outputs outputs) {
        for (int i = 0; outputs.has(PREFIX + i); i++) {
            noted(outputs.array(PREFIX + i));
        }
    }

    /** Sets the inputs of a program to fixed sides. */
    void set(ProgramProbe probe) {
        for (int i = 0; probe.has(PREFIX + i); i++) {
            probe.set(PREFIX + i, noted.get(next++));
        }
    }
}
