package dev.kindling.driver.check.reference;

import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
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
 * Single passes of one model over given examples: its output, its loss and the loss's first-order gradient, each a program of
 * its own, compiled when it is first asked for. Where the model drops units, a pass draws with the task's key and its own
 * number. Not thread-safe.
 */
final class ModelPasses {
    /** What a pass is asked for. */
    enum Wanted {
        OUTPUT,
        LOSS,
        /** The loss and its derivatives by the parameters. */
        GRADIENT
    }

    /** Whose statistics batch norm uses: the batch's own, as in inner steps, or as the model has it for queries. */
    private enum Half {
        SUPPORT,
        QUERY
    }

    private record Key(Half half, int support, int examples, Wanted wanted, boolean dropping) {}

    private static final String BEFORE = "support.x";
    private static final String X = "x";
    private static final String Y = "y";
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
     * @param target shape of one target; a scalar for a class
     * @param key that the task's random numbers are drawn with
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
     * What a pass gave.
     *
     * @param output [examples, outputs], row after row
     * @param loss one number; NaN where only the output was asked for
     * @param gradient by the parameters that follow no statistics; empty unless asked for
     * @param observed what statistics follow
     */
    record Result(
            Dual output,
            Dual loss,
            OptionalDouble accuracy,
            NamedDuals gradient,
            NamedArrays observed,
            ProgramProbe.Outputs outputs) {}

    Model model() {
        return model;
    }

    /** A pass over a support set, with the batch's own statistics. */
    Result support(NamedDuals parameters, Examples examples, int number, Wanted wanted) {
        return run(new Key(Half.SUPPORT, 0, examples.count(), wanted, true), parameters, null, examples, number);
    }

    /** The same where nothing is dropped. */
    Result supportWithoutDropout(NamedDuals parameters, Examples examples, Wanted wanted) {
        return run(new Key(Half.SUPPORT, 0, examples.count(), wanted, false), parameters, null, examples, 0);
    }

    /** A pass over queries. */
    Result query(NamedDuals parameters, Examples support, Examples queries, int number, Wanted wanted) {
        return run(
                new Key(Half.QUERY, support.count(), queries.count(), wanted, true),
                parameters,
                support,
                queries,
                number);
    }

    private Result run(Key what, NamedDuals parameters, @Nullable Examples support, Examples examples, int number) {
        ProgramProbe probe = probes.computeIfAbsent(what, any -> prober.apply(program(what)));
        if (support != null) {
            probe.set(BEFORE, support.x());
        }
        probe.set(X, examples.x());
        if (what.wanted() != Wanted.OUTPUT) {
            probe.set(Y, examples.y());
        }
        key.ifPresent(parts -> {
            for (int i = 0; i < parts.length; i++) {
                probe.set(KEY + i, parts[i]);
            }
            probe.set(PASS, number);
        });
        ProgramProbe.Outputs outputs = probe.at(parameters);
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
                observed,
                outputs);
    }

    private Program program(Key what) {
        ProgramBuilder b = new ProgramBuilder();
        Map<String, Value> parameters = new LinkedHashMap<>();
        for (Layout.Entry entry : model.parameters().entries()) {
            parameters.put(entry.name(), b.input(entry.name(), entry.shape(), Program.Scope.BROADCAST));
        }
        ForwardContext context = what.dropping() && key.isPresent() ? dropping(b) : ForwardContext.PLAIN;
        Value x = b.input(X, features.stacked(what.examples()), Program.Scope.TASK);
        List<Program.Output> outputs = new ArrayList<>();
        Value output;
        if (what.half() == Half.QUERY) {
            Value support = b.input(BEFORE, features.stacked(what.support()), Program.Scope.TASK);
            output = model.predict(b, parameters, support, x, context);
            model.batchStatistics(b, parameters, x, context)
                    .forEach((name, value) ->
                            outputs.add(new Program.Output(OBSERVED + name, Program.Reduction.PER_TASK, value)));
        } else {
            output = model.output(b, parameters, x, context);
        }
        outputs.add(new Program.Output(OUTPUT, Program.Reduction.PER_TASK, output));
        outputs.addAll(Sides.outputs(b, output));
        if (what.wanted() != Wanted.OUTPUT) {
            loss(b, parameters, output, what, outputs);
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
            ProgramBuilder b, Map<String, Value> parameters, Value output, Key what, List<Program.Output> outputs) {
        Value y = b.input(Y, target.stacked(what.examples()), Program.Scope.TASK);
        Value loss = model.loss(b, output, y);
        outputs.add(new Program.Output(LOSS, Program.Reduction.PER_TASK, loss));
        model.accuracy(b, output, y)
                .ifPresent(accuracy -> outputs.add(new Program.Output(ACCURACY, Program.Reduction.PER_TASK, accuracy)));
        if (what.wanted() == Wanted.GRADIENT) {
            Map<String, Value> descended = new LinkedHashMap<>(parameters);
            descended.keySet().removeAll(model.runningStatistics());
            List<String> names = List.copyOf(descended.keySet());
            List<Value> gradients = Autodiff.grad(b, loss, List.copyOf(descended.values()));
            for (int i = 0; i < names.size(); i++) {
                outputs.add(new Program.Output(names.get(i), Program.Reduction.SUM, gradients.get(i)));
            }
        }
    }
}
