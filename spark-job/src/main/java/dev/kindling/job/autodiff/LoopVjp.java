package dev.kindling.job.autodiff;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The derivative of a repeat is a repeat that runs the other way ({@link ReverseLoop}). Its step is the derivative of
 * the step ({@link LoopBodyVjp}); what that reads of the forward step (the <em>residuals</em>) becomes per-step outputs of a
 * forward repeat that computes the same as the original and is merged with it later ({@code program.rewrite.Repeats}).
 */
final class LoopVjp {
    private final ProgramBuilder b;
    private final Value repeat;
    private final Attributes.Loop attributes;
    private final Program step;
    private final List<@Nullable Value> results;
    private final BitSet activeInputs;

    private LoopVjp(ProgramBuilder b, Value repeat, List<@Nullable Value> results, Set<Value> active) {
        this.b = b;
        this.repeat = repeat;
        this.attributes = repeat.loop();
        this.step = attributes.step();
        this.results = results;
        this.activeInputs = activeInputs(active);
    }

    /**
     * The cotangents of a repeat's arguments from those of its results; null stands for none.
     *
     * @param results one for each result of the repeat, in order
     * @param active the values of the builder on which what is differentiated by acts
     */
    static List<@Nullable Value> cotangents(
            ProgramBuilder b, Value repeat, List<@Nullable Value> results, Set<Value> active) {
        return new LoopVjp(b, repeat, results, active).build();
    }

    /** The step's inputs on which the seeds act: what is active outside, and carries that become so on the way. */
    private BitSet activeInputs(Set<Value> active) {
        BitSet found = new BitSet();
        for (int i = 0; i < step.inputs().size(); i++) {
            found.set(i, active.contains(repeat.arg(i + 1)));
        }
        for (int before = -1; before != found.cardinality(); ) {
            before = found.cardinality();
            List<Value> seeds =
                    found.stream().mapToObj(i -> step.inputs().get(i).value()).toList();
            Set<Value> dependent = ReverseMode.dependents(step.values(), seeds);
            for (int i = 0; i < attributes.carries(); i++) {
                if (dependent.contains(step.outputs().get(i).value())) {
                    found.set(i);
                }
            }
        }
        return found;
    }

    private List<@Nullable Value> build() {
        LoopBodyVjp joint = new LoopBodyVjp(attributes, activeInputs, withCotangent());
        while (!joint.pulledBefore().equals(joint.pulled())) {
            joint = new LoopBodyVjp(attributes, activeInputs, joint.pulledBefore());
        }
        List<Value> residuals = joint.residuals();
        List<Value> forward = b.loop(joint.keeping(residuals), repeat.args());
        return new ReverseLoop(b, repeat, results, joint, residuals, forward).cotangents();
    }

    /** The step's outputs that have a cotangent in the last step: those of the results. */
    private BitSet withCotangent() {
        BitSet pulled = new BitSet();
        for (int i = 0; i < attributes.countResult(); i++) {
            pulled.set(i, results.get(i) != null && (i >= attributes.carries() || activeInputs.get(i)));
        }
        return pulled;
    }
}
