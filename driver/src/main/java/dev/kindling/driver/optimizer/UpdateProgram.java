package dev.kindling.driver.optimizer;

import dev.kindling.job.optimizer.StepScalar;
import dev.kindling.job.optimizer.UpdateRule;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.passes.RoundedProducts;
import dev.kindling.job.tensor.EnsembleLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Builds the tensor program of one update: θ ← θ - α (s + λ θ), with the step s of an {@link UpdateRule}. Its inputs are θ, the
 * gradient, the moments and, where parameters differ in them, factors of the learning rate and weight decays, each an
 * array of as many elements; then the learning rate α and the rule's scalars. Its summed outputs are θ and the moments after
 * the update. All arithmetic is elementwise, so θ may be updated part by part, and every operation is rounded by itself, so all
 * backends compute the same bits.
 *
 * @param settings of the optimizer
 * @param parameterConstants the arrays in which parameters differ, by input name, each as long as θ
 */
record UpdateProgram(OptimizerSettings settings, Map<String, FlatVector> parameterConstants) {
    /** The name of the output that is 0 if every element of the next θ is finite, else NaN. */
    static final String CHECK = "check";

    private static final String THETA = "theta";
    private static final String RATE_FACTOR = "rate-factor";
    private static final String WEIGHT_DECAY = "weight-decay";

    /** The program's settings for the arrays of θ. */
    static UpdateProgram of(OptimizerSettings settings, Layout parameters, Precision precision) {
        Map<String, ParameterGroup> groups = new TreeMap<>();
        // Patterns name the arrays of one member of an ensemble and hold for all members.
        List<String> names = memberArrays(parameters);
        settings.groups().forEach(group -> group.matching(names).forEach(name -> groups.putIfAbsent(name, group)));
        FlatVector factors = FlatVector.zeros(precision, parameters.size());
        FlatVector decays = FlatVector.zeros(precision, parameters.size());
        for (Layout.Entry entry : parameters.entries()) {
            ParameterGroup group = groups.get(EnsembleLayout.memberArray(entry.name()));
            double factor = group == null ? 1 : group.rateFactor();
            double decay =
                    group == null ? settings.weightDecay() : group.weightDecay().orElse(settings.weightDecay());
            for (int i = entry.offset(); i < entry.offset() + entry.shape().size(); i++) {
                factors.set(i, factor);
                decays.set(i, decay);
            }
        }
        Map<String, FlatVector> constants = new LinkedHashMap<>();
        if (groups.values().stream().anyMatch(group -> group.rateFactor() != 1)) {
            constants.put(RATE_FACTOR, factors);
        }
        if (groups.values().stream().anyMatch(group -> group.weightDecay().isPresent())) {
            constants.put(WEIGHT_DECAY, decays);
        }
        return new UpdateProgram(settings, constants);
    }

    /** The names that the patterns of parameter groups match. */
    static List<String> memberArrays(Layout parameters) {
        return parameters.names().stream()
                .map(EnsembleLayout::memberArray)
                .distinct()
                .toList();
    }

    /** The program for a part of θ of that many elements. */
    Program of(int size) {
        UpdateRule rule = settings.rule();
        Shape shape = Shape.of(size);
        ProgramBuilder b = new ProgramBuilder();
        Value theta = input(b, THETA, shape);
        Value gradient = input(b, "gradient", shape);
        List<Value> moments =
                rule.moments().stream().map(name -> input(b, name, shape)).toList();
        Map<String, Value> constants = new TreeMap<>();
        parameterConstants.keySet().forEach(name -> constants.put(name, input(b, name, shape)));
        Value rate = input(b, "learning-rate", Shape.scalar());
        Map<StepScalar, Value> scalars = new TreeMap<>();
        rule.scalars().forEach(scalar -> scalars.put(scalar, input(b, scalar.key(), Shape.scalar())));

        UpdateRule.Step step = rule.step(b, settings.coefficients(), gradient, moments, scalars::get);
        Value decay = constants.getOrDefault(WEIGHT_DECAY, b.constant(settings.weightDecay()));
        Value decayed = decay.isEverywhere(0) ? step.step() : b.add(step.step(), b.mul(theta, decay));
        Value ownRate = constants.containsKey(RATE_FACTOR) ? b.mul(constants.get(RATE_FACTOR), rate) : rate;
        Value next = b.sub(theta, b.mul(decayed, ownRate));

        List<Program.Output> outputs = new ArrayList<>();
        outputs.add(new Program.Output(THETA, Program.Reduction.SUM, next));
        for (int i = 0; i < moments.size(); i++) {
            outputs.add(new Program.Output(
                    rule.moments().get(i), Program.Reduction.SUM, step.moments().get(i)));
        }
        outputs.add(new Program.Output(CHECK, Program.Reduction.PER_TASK, b.sumAll(b.sub(next, next))));
        return RoundedProducts.rewrite(b.build("update-" + rule.name(), outputs));
    }

    private static Value input(ProgramBuilder b, String name, Shape shape) {
        return b.input(name, shape, Program.Scope.TASK);
    }
}
