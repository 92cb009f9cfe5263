package dev.kindling.driver.check.reference;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.TopologicalOrder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A hash of the smooth piece that a piecewise smooth function is evaluated on: the sides of rectifiers and comparisons and the
 * positions of maxima. Points with equal hashes lie on one smooth piece, up to collisions of 64 bits.
 */
final class Sides {
    static final String PREFIX = "side ";
    private static final long PRIME = 0x100000001b3L;

    private long hash = 0xcbf29ce484222325L;

    /** Outputs for the side of each kink in the computation of a value. */
    static List<Program.Output> outputs(ProgramBuilder b, Value value) {
        List<Program.Output> outputs = new ArrayList<>();
        for (Value ancestor : TopologicalOrder.of(List.of(value))) {
            side(b, ancestor)
                    .ifPresent(side ->
                            outputs.add(new Program.Output(PREFIX + outputs.size(), Program.Reduction.PER_TASK, side)));
        }
        return outputs;
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

    /** Adds the sides in the outputs of a program. */
    void add(ProgramProbe.Outputs outputs) {
        outputs.program().perTask().entries().stream()
                .filter(entry -> entry.name().startsWith(PREFIX))
                .forEach(entry -> add(outputs.array(entry.name())));
    }

    /** Adds sides, which are integers. */
    void add(double... sides) {
        for (double side : sides) {
            hash = (hash ^ (long) side) * PRIME;
        }
    }

    long hash() {
        return hash;
    }
}
