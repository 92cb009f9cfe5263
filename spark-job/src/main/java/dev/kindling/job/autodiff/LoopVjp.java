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
 * Differentiates a loop into a loop in the opposite direction ({@link ReverseLoop}). Its step is the derivative of the step
 * ({@link LoopBodyVjp}); the values that this reads of the forward step, the <em>residuals</em>, become stacked outputs of a
 * second forward loop, which is merged with the original later ({@code program.passes.LoopDeduplication}).
 */
final class LoopVjp {
    private final ProgramBuilder b;
    private final Value loopValue;
    private final Attributes.Loop attributes;
    private final Program step;
    private final List<@Nullable Value> results;
    private final BitSet activeInputs;

    private LoopVjp(ProgramBuilder b, Value loopValue, List<@Nullable Value> results, Set<Value> active) {
        this.b = b;
        this.loopValue = loopValue;
        this.attributes = loopValue.loop();
        this.step = attributes.step();
        this.results = results;
        this.activeInputs = activeInputs(active);
    }

    /**
     * The cotangents of a loop's arguments from those of its results; null where there is none.
     *
     * @param results one for each result of the loop, in order
     * @param active the values of the builder that depend on the variables
     */
    static List<@Nullable Value> cotangents(
            ProgramBuilder b, Value loopValue, List<@Nullable Value> results, Set<Value> active) {
        return new LoopVjp(b, loopValue, results, active).build();
    }

    /** The step's inputs that depend on the variables: initially, or carries that do so after some step. */
    private BitSet activeInputs(Set<Value> active) {
        BitSet found = new BitSet();
        for (int i = 0; i < step.inputs().size(); i++) {
            found.set(i, active.contains(loopValue.arg(i + 1)));
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
        // A carry may have a cotangent in an earlier step only: iterate to the fixed point over all steps.
        while (!joint.seededBefore().equals(joint.seeded())) {
            joint = new LoopBodyVjp(attributes, activeInputs, joint.seededBefore());
        }
        List<Value> residuals = joint.residuals();
        List<Value> forward = b.loop(joint.withResiduals(residuals), loopValue.args());
        return new ReverseLoop(b, loopValue, results, joint, residuals, forward).cotangents();
    }

    /** The step's outputs that have a cotangent in the last step: those whose results have one. */
    private BitSet withCotangent() {
        BitSet seeded = new BitSet();
        for (int i = 0; i < attributes.countResult(); i++) {
            seeded.set(i, results.get(i) != null && (i >= attributes.carries() || activeInputs.get(i)));
        }
        return seeded;
    }
}
