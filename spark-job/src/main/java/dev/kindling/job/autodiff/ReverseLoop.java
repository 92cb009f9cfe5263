package dev.kindling.job.autodiff;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Builds the reverse of a loop, which runs from the last step that ran to the first. Its carries are the cotangents of the
 * carries and the partial sums of the cotangents of the invariants; its per-step inputs are the cotangents of the stacked
 * outputs, the residuals, and the forward loop's per-step inputs; its stacked results are the cotangents of the latter.
 */
final class ReverseLoop {
    private final ProgramBuilder b;
    private final Value loopValue;
    private final Attributes.Loop attributes;
    private final Program step;
    private final List<@Nullable Value> results;
    private final LoopBodyVjp joint;
    private final List<Value> residuals;
    private final List<Value> forward;
    /** Indices of the step's inputs by the use of their cotangents: carried, summed, or stacked. */
    private final int[] carries;

    private final int[] sums;
    private final int[] perStep;

    private final ProgramBuilder rb = new ProgramBuilder();
    private final Map<Value, Value> images = new HashMap<>();
    private final List<Value> initialCarries = new ArrayList<>();
    private final List<Value> stacks = new ArrayList<>();
    private final List<Value> invariants = new ArrayList<>();
    private final List<Value> partialSums = new ArrayList<>();

    /**
     * Classifies the inputs of the loop.
     *
     * @param results cotangents of the loop's results, null where there is none
     * @param residuals values of the joint step that the forward loop stores
     * @param forward the results of the forward loop that stores them
     */
    ReverseLoop(
            ProgramBuilder b,
            Value loopValue,
            List<@Nullable Value> results,
            LoopBodyVjp joint,
            List<Value> residuals,
            List<Value> forward) {
        this.b = b;
        this.loopValue = loopValue;
        this.attributes = loopValue.loop();
        this.step = attributes.step();
        this.results = results;
        this.joint = joint;
        this.residuals = residuals;
        this.forward = forward;
        int stacksEnd = attributes.carries() + attributes.perStep();
        this.carries =
                joint.seeded().stream().filter(i -> i < attributes.carries()).toArray();
        this.sums = withCotangent(stacksEnd, step.inputs().size());
        this.perStep = withCotangent(attributes.carries(), stacksEnd);
    }

    /** The step's inputs from {@code begin} to {@code end} that get a cotangent. */
    private int[] withCotangent(int begin, int end) {
        return IntStream.range(begin, end)
                .filter(i -> joint.outgoing(i) != null)
                .toArray();
    }

    /** The cotangents of the loop's arguments, null where there is none. */
    List<@Nullable Value> cotangents() {
        declareCarries();
        declareStacks();
        declareForwardInputs();
        Attributes.Loop backward = new Attributes.Loop(
                rb.build(step.name() + "'", outputs()),
                attributes.capacity(),
                !attributes.backwards(),
                carries.length + sums.length,
                stacks.size(),
                perStep.length,
                false);
        List<Value> arguments = new ArrayList<>();
        arguments.add(forward.get(forward.size() - 1));
        arguments.addAll(initialCarries);
        arguments.addAll(stacks);
        arguments.addAll(invariants);
        return byArgument(b.loop(backward, arguments));
    }

    private void declareCarries() {
        for (int i : carries) {
            Value cotangent = results.get(i);
            initialCarries.add(cotangent == null ? b.full(shapeOf(i), 0) : cotangent);
            take(joint.incoming(i));
        }
        for (int i : sums) {
            initialCarries.add(b.full(shapeOf(i), 0));
            partialSums.add(
                    LoopBodyVjp.declare(rb, "sum " + step.inputs().get(i).name(), shapeOf(i)));
        }
    }

    private void declareStacks() {
        for (int i = attributes.carries(); i < attributes.countResult(); i++) {
            Value cotangent = results.get(i);
            if (cotangent != null) {
                stacks.add(cotangent);
                take(joint.incoming(i));
            }
        }
        for (int i = 0; i < residuals.size(); i++) {
            int result = attributes.countResult() + i;
            stacks.add(forward.get(result));
            Shape shape = residuals.get(i).shape();
            images.put(residuals.get(i), LoopBodyVjp.declare(rb, "residual " + result, shape));
        }
    }

    /** Declares the forward step's per-step inputs and invariants that the reverse step reads. */
    private void declareForwardInputs() {
        for (int i = attributes.carries(); i < step.inputs().size(); i++) {
            if (joint.needs(i)) {
                (i < attributes.carries() + attributes.perStep() ? stacks : invariants).add(loopValue.arg(i + 1));
                take(joint.input(i));
            }
        }
    }

    private Shape shapeOf(int input) {
        return step.inputs().get(input).shape();
    }

    /** Declares an input of the reverse step for an input of the joint step. */
    private void take(Value input) {
        String name = ((Attributes.Named) input.attributes()).name();
        images.put(input, LoopBodyVjp.declare(rb, name, input.shape()));
    }

    private List<Program.Output> outputs() {
        List<Program.Output> outputs = new ArrayList<>();
        for (int i : carries) {
            outputs.add(output("cotangent ", i, cotangent(i)));
        }
        for (int i = 0; i < sums.length; i++) {
            outputs.add(output("sum ", sums[i], rb.add(partialSums.get(i), cotangent(sums[i]))));
        }
        for (int i : perStep) {
            outputs.add(output("per step ", i, cotangent(i)));
        }
        return outputs;
    }

    private Program.Output output(String prefix, int input, Value value) {
        return new Program.Output(prefix + step.inputs().get(input).name(), Program.Reduction.LOOP, value);
    }

    /** The cotangent of the forward step's input i in the reverse step; zeros if it has none. */
    private Value cotangent(int i) {
        Value outgoing = joint.outgoing(i);
        return outgoing == null ? rb.full(shapeOf(i), 0) : copy(outgoing);
    }

    private Value copy(Value value) {
        Value known = images.get(value);
        if (known != null) {
            return known;
        }
        value.args().forEach(this::copy);
        Value copied = rb.copy(value, images);
        images.put(value, copied);
        return copied;
    }

    private List<@Nullable Value> byArgument(List<Value> backward) {
        List<@Nullable Value> found =
                new ArrayList<>(Collections.nCopies(loopValue.args().size(), null));
        int next = 0;
        for (int[] group : List.of(carries, sums, perStep)) {
            for (int i : group) {
                found.set(i + 1, backward.get(next++));
            }
        }
        return found;
    }
}
