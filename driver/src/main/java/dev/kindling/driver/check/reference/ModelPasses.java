package dev.kindling.driver.check.reference;

import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Targets;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Single passes of one model over given examples: output, loss, and first-order gradient of the loss. Each kind of pass is a
 * program, compiled on first use. Dropout masks are keyed by the task's key and the number of the pass. A pass notes its sides, or has
 * those that are given as fixed. Not thread-safe.
 */
final class ModelPasses {
    /** The results that a pass computes. */
    enum Mode {
        OUTPUT,
        LOSS,
        /** The loss and its gradient with respect to the parameters. */
        GRADIENT
    }

    /** The statistics that batch norm uses: those of the batch, as in inner steps, or those that the model uses for queries. */
    private enum ExampleSet {
        SUPPORT,
        QUERY
    }

    private record Key(
            ExampleSet set,
            int support,
            int examples,
            boolean weighted,
            Mode mode,
            boolean dropping,
            boolean fixedSides) {
        static Key support(Examples examples, Mode mode, boolean dropping, Sides sides) {
            return new Key(
                    ExampleSet.SUPPORT,
                    0,
                    examples.count(),
                    examples.weights().isPresent(),
                    mode,
                    dropping,
                    sides.fixed());
        }
    }

    private static final String SUPPORT_X = "support.x";
    private static final String X = "x";
    private static final String Y = "y";
    private static final String WEIGHTS = "w";
    private static final String KEY = "key";
    private static final String PASS = "pass";
    static final String OUTPUT = "output";
    static final String LOSS = "loss";
    private static final String ACCURACY = "accuracy";
    private static final String OBSERVED = "observed ";

    private final Model model;
    private final Shape features;
    private final Shape target;
    private final Optional<int[]> key;
    private final Function<Program, ProgramProbe> prober;
    private final Map<Key, ProgramProbe> probes = new HashMap<>();

    /**
     * The passes of a model.
     *
     * @param features shape of one example
     * @param target shape of one target; a scalar for a class label
     * @param key of the task's random numbers
     */
    ModelPasses(
            Model model, Shape features, Shape target, Optional<int[]> key, Function<Program, ProgramProbe> prober) {
        this.model = model;
        this.features = features;
        this.target = target;
        this.key = model.random() ? key : Optional.empty();
        this.prober = prober;
    }

    /**
     * The results of a pass.
     *
     * @param output [examples, outputs], row-major
     * @param loss a scalar; NaN if only the output is computed
     * @param gradient with respect to the parameters that are not running statistics; empty unless it is computed
     * @param observed the batch statistics that running statistics follow; empty if sides are fixed
     */
    record Result(Dual output, Dual loss, OptionalDouble accuracy, NamedDuals gradient, NamedArrays observed) {}

    Model model() {
        return model;
    }

    /** A pass over a support set, with the batch's statistics. */
    Result support(NamedDuals parameters, Examples examples, int number, Mode mode, Sides sides) {
        return run(Key.support(examples, mode, true, sides), parameters, null, examples, number, sides);
    }

    /** The same without dropout. */
    Result supportWithoutDropout(NamedDuals parameters, Examples examples, Mode mode, Sides sides) {
        return run(Key.support(examples, mode, false, sides), parameters, null, examples, 0, sides);
    }

    /** A pass over queries. */
    Result query(NamedDuals parameters, Examples support, Examples queries, int number, Mode mode, Sides sides) {
        return run(
                new Key(
                        ExampleSet.QUERY,
                        support.count(),
                        queries.count(),
                        queries.weights().isPresent(),
                        mode,
                        true,
                        sides.fixed()),
                parameters,
                support,
                queries,
                number,
                sides);
    }

    private Result run(
            Key pass, NamedDuals parameters, @Nullable Examples support, Examples examples, int number, Sides sides) {
        ProgramProbe probe = probes.computeIfAbsent(pass, any -> prober.apply(program(pass)));
        if (support != null) {
            probe.set(SUPPORT_X, support.x());
        }
        probe.set(X, examples.x());
        if (pass.mode() != Mode.OUTPUT) {
            probe.set(Y, examples.y());
            examples.weights().ifPresent(weights -> probe.set(WEIGHTS, weights));
        }
        key.ifPresent(parts -> {
            for (int i = 0; i < parts.length; i++) {
                probe.set(KEY + i, parts[i]);
            }
            probe.set(PASS, number);
        });
        sides.set(probe);
        ProgramProbe.Outputs outputs = probe.at(parameters);
        sides.note(outputs);
        NamedArrays observed = NamedArrays.empty();
        for (String name : model.runningStatistics()) {
            if (outputs.has(OBSERVED + name)) {
                observed = observed.with(name, outputs.array(OBSERVED + name));
            }
        }
        return new Result(
                outputs.dual(OUTPUT),
                outputs.has(LOSS) ? outputs.dual(LOSS) : Dual.constant(Double.NaN),
                outputs.has(ACCURACY) ? OptionalDouble.of(outputs.scalar(ACCURACY)) : OptionalDouble.empty(),
                outputs.summedDuals(),
                observed);
    }

    private Program program(Key pass) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> parameters = new LinkedHashMap<>();
        for (Layout.Entry entry : model.parameters().entries()) {
            parameters.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST));
        }
        ForwardContext context = pass.dropping() && key.isPresent() ? dropping(b) : ForwardContext.PLAIN;
        Value x = b.input(X, features.stacked(pass.examples()), Program.Scope.TASK);
        List<Program.Output> outputs = new ArrayList<>();
        Value output;
        if (pass.set() == ExampleSet.QUERY) {
            Value support = b.input(SUPPORT_X, features.stacked(pass.support()), Program.Scope.TASK);
            output = model.predict(b, parameters, support, x, context);
        } else {
            output = model.output(b, parameters, x, context);
        }
        if (pass.fixedSides()) {
            output = Sides.withInputs(b, output);
        } else {
            outputs.addAll(Sides.outputs(b, output));
            if (pass.set() == ExampleSet.QUERY) {
                model.batchStatistics(b, parameters, x, context)
                        .forEach((name, value) ->
                                outputs.add(new Program.Output(OBSERVED + name, Program.Reduction.PER_TASK, value)));
            }
        }
        outputs.add(new Program.Output(OUTPUT, Program.Reduction.PER_TASK, output));
        if (pass.mode() != Mode.OUTPUT) {
            loss(b, parameters, output, pass, outputs);
        }
        return b.build("pass", outputs);
    }

    private ForwardContext dropping(ProgramBuilder b) {
        List<Value> parts = new ArrayList<>();
        for (int i = 0; i < TaskSpec.KEY_PARTS; i++) {
            parts.add(b.input(KEY + i, Shape.of(1), Program.Scope.TASK));
        }
        parts.add(b.input(PASS, Shape.of(1), Program.Scope.TASK));
        return ForwardContext.dropping(b.concat(0, parts));
    }

    private void loss(
            ProgramBuilder b, Map<String, Value> parameters, Value output, Key pass, List<Program.Output> outputs) {
        Value y = b.input(Y, target.stacked(pass.examples()), Program.Scope.TASK);
        Targets targets = pass.weighted()
                ? Targets.weighted(y, b.input(WEIGHTS, Shape.of(pass.examples()), Program.Scope.TASK))
                : Targets.of(y);
        Value loss = model.loss(b, output, targets);
        outputs.add(new Program.Output(LOSS, Program.Reduction.PER_TASK, loss));
        model.accuracy(b, output, targets)
                .ifPresent(accuracy -> outputs.add(new Program.Output(ACCURACY, Program.Reduction.PER_TASK, accuracy)));
        if (pass.mode() == Mode.GRADIENT) {
            Map<String, Value> trained = new LinkedHashMap<>(parameters);
            trained.keySet().removeAll(model.runningStatistics());
            List<String> names = List.copyOf(trained.keySet());
            List<Value> gradients = Autodiff.grad(b, loss, List.copyOf(trained.values()));
            for (int i = 0; i < names.size(); i++) {
                outputs.add(new Program.Output(names.get(i), Program.Reduction.SUM, gradients.get(i)));
            }
        }
    }
}
