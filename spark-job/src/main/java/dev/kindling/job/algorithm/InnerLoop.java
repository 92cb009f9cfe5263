package dev.kindling.job.algorithm;

import dev.kindling.job.autodiff.Gradients;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Pass;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The programs of the methods that adapt by gradient descent on the support set: φ ← φ - α ∇L(φ), from φ = θ. What they
 * do not share is the inner gradient, and through it what the outer derivative sees.
 */
final class InnerLoop {
    /**
     * Up to so many steps are written out. Then the adapted weights stay visible as θ minus a few products, which a
     * backend need not write down; with more steps that no longer pays, and a repeat keeps the program's size apart from
     * the number of steps.
     */
    private static final int WRITTEN_OUT = 2;

    /** ∇L, the derivatives of a loss with respect to the parameters. */
    @FunctionalInterface
    interface InnerGradient {
        List<Value> of(Builder b, Value loss, List<Value> parameters);
    }

    /** Parameters after adaptation, and the support loss before it. */
    private record Adapted(List<Value> phi, Value firstLoss) {}

    private final InnerSettings settings;
    private final InnerGradient gradient;

    InnerLoop(InnerSettings settings, InnerGradient gradient) {
        this.settings = settings;
        this.gradient = gradient;
    }

    /** The program of {@link Algorithm#train}. */
    Program train(String name, Model model, EpisodeLayout layout) {
        Builder b = new Builder();
        List<Value> theta = declare(b, model.parameters(), Program.Kind.SHARED);
        Layout inputs = model.random() ? layout.arraysAndKey() : layout.arrays();
        List<Value> episode = declare(b, inputs, Program.Kind.TASK);
        Batch support = Batch.support(episode);
        Batch query = Batch.query(episode);
        Optional<Value> key =
                model.random() ? Optional.of(episode.get(inputs.names().indexOf(EpisodeLayout.KEY))) : Optional.empty();

        Adapted adapted = settings.steps() <= WRITTEN_OUT
                ? adaptWrittenOut(b, model, theta, support, key)
                : adaptInARepeat(b, model, theta, support, key);
        Pass pass = pass(b, key, b.constant(settings.steps()));
        Map<String, Value> phi = named(model, adapted.phi());
        Value output = model.predict(b, phi, support.x(), query.x(), pass);
        Value queryLoss = model.loss(b, output, query.y());
        List<Value> metaGradient = metaGradient(b, model, theta, queryLoss, model.observe(b, phi, query.x(), pass));

        List<Program.Output> outputs =
                new ArrayList<>(outputs(model.parameters().names(), Program.Role.SUM, metaGradient));
        outputs.add(new Program.Output("query_loss", Program.Role.EACH, queryLoss));
        outputs.add(new Program.Output("support_loss", Program.Role.EACH, adapted.firstLoss()));
        model.accuracy(b, output, query.y())
                .ifPresent(accuracy -> outputs.add(new Program.Output("query_accuracy", Program.Role.EACH, accuracy)));
        return b.build(name + "-train", outputs);
    }

    /** ∇_θ of the query loss; for what follows statistics, how far it is from those of the query pass. */
    private static List<Value> metaGradient(
            Builder b, Model model, List<Value> theta, Value queryLoss, Map<String, Value> observed) {
        Iterator<Value> gradients =
                Gradients.of(b, queryLoss, trained(model, theta)).iterator();
        List<Value> metaGradient = new ArrayList<>();
        for (int i = 0; i < theta.size(); i++) {
            Value statistic = observed.get(model.parameters().names().get(i));
            metaGradient.add(statistic == null ? gradients.next() : b.sub(theta.get(i), statistic));
        }
        return metaGradient;
    }

    /** Those of a model's parameters that gradients move. */
    private static List<Value> trained(Model model, List<Value> parameters) {
        List<String> names = model.parameters().names();
        return IntStream.range(0, parameters.size())
                .filter(i -> !model.statistics().contains(names.get(i)))
                .mapToObj(parameters::get)
                .toList();
    }

    /** A pass with a key of its own for each step, where the model draws random numbers. */
    private static Pass pass(Builder b, Optional<Value> key, Value step) {
        return key.map(parts -> Pass.dropping(b.concat(0, List.of(parts, b.reshape(step, Shape.of(1))))))
                .orElse(Pass.PLAIN);
    }

    private Adapted adaptWrittenOut(Builder b, Model model, List<Value> theta, Batch support, Optional<Value> key) {
        List<Value> phi = theta;
        for (int step = 0; step < settings.steps(); step++) {
            phi = descend(b, model, phi, loss(b, model, phi, support, pass(b, key, b.constant(step))));
        }
        return new Adapted(phi, loss(b, model, theta, support, pass(b, key, b.constant(0))));
    }

    private Adapted adaptInARepeat(Builder b, Model model, List<Value> theta, Batch support, Optional<Value> key) {
        Builder sb = new Builder();
        List<Value> phi = declare(sb, model.parameters(), Program.Kind.STEP);
        Value place = key.isPresent() ? sb.input("step", Shape.scalar(), Program.Kind.STEP) : sb.constant(0);
        Batch data = support.declareAs(sb, EpisodeLayout.SUPPORT_X, EpisodeLayout.SUPPORT_Y);
        Optional<Value> ownKey = key.map(value -> sb.input(EpisodeLayout.KEY, value.shape(), Program.Kind.STEP));
        Value loss = loss(sb, model, phi, data, pass(sb, ownKey, place));
        List<Program.Output> outputs =
                new ArrayList<>(outputs(model.parameters().names(), Program.Role.STEP, descend(sb, model, phi, loss)));
        outputs.add(new Program.Output("support_loss", Program.Role.STEP, loss));

        Program step = sb.build("inner-step", outputs);
        List<Value> perStep = key.isPresent() ? List.of(b.iota(settings.steps())) : List.of();
        List<Value> invariants = new ArrayList<>(List.of(support.x(), support.y()));
        key.ifPresent(invariants::add);
        List<Value> results = repeat(b, step, settings.steps(), theta, perStep, invariants);
        Value firstLoss = b.slice(results.get(theta.size()), 0, 0, 1);
        return new Adapted(results.subList(0, theta.size()), b.reshape(firstLoss, Shape.scalar()));
    }

    /** The program of {@link Algorithm#evaluate}. */
    Program evaluate(String name, Model model, EpisodeLayout layout, int steps) {
        if (steps < 0) {
            throw new IllegalArgumentException("evaluation.steps is " + steps + "; it must be at least 0");
        }
        Builder b = new Builder();
        List<Value> theta = declare(b, model.parameters(), Program.Kind.SHARED);
        List<Value> episode = declare(b, layout.arrays(), Program.Kind.TASK);
        Map<String, Value> before = score(b, model, theta, episode);
        List<Value> after = steps > 0 ? scoresAfterEachStep(b, model, layout, theta, episode, steps) : List.of();

        List<Program.Output> outputs = new ArrayList<>();
        before.forEach((metric, value) -> {
            List<Value> curve = new ArrayList<>();
            curve.add(b.reshape(value, Shape.of(1)));
            if (steps > 0) {
                curve.add(after.get(outputs.size()));
            }
            outputs.add(new Program.Output(metric, Program.Role.EACH, b.concat(0, curve)));
        });
        return b.build(name + "-evaluate", outputs);
    }

    /** Each metric of {@link #score}, stacked over the steps: [steps]. */
    private List<Value> scoresAfterEachStep(
            Builder b, Model model, EpisodeLayout layout, List<Value> theta, List<Value> episode, int steps) {
        Builder sb = new Builder();
        List<Value> phi = declare(sb, model.parameters(), Program.Kind.STEP);
        List<Value> data = declare(sb, layout.arrays(), Program.Kind.STEP);
        List<Value> next = descend(sb, model, phi, loss(sb, model, phi, Batch.support(data), Pass.PLAIN));
        Map<String, Value> scores = score(sb, model, next, data);
        List<Program.Output> outputs =
                new ArrayList<>(outputs(model.parameters().names(), Program.Role.STEP, next));
        scores.forEach((metric, value) -> outputs.add(new Program.Output(metric, Program.Role.STEP, value)));

        List<Value> results = repeat(b, sb.build("inner-step", outputs), steps, theta, List.of(), episode);
        return results.subList(theta.size(), theta.size() + scores.size());
    }

    /** {@code loss} and, for classification, {@code accuracy} on the query set of an episode; nothing is dropped. */
    private static Map<String, Value> score(Builder b, Model model, List<Value> parameters, List<Value> episode) {
        Batch query = Batch.query(episode);
        Value output = model.predict(
                b, named(model, parameters), Batch.support(episode).x(), query.x(), Pass.PLAIN);
        Map<String, Value> scores = new LinkedHashMap<>();
        scores.put("loss", model.loss(b, output, query.y()));
        model.accuracy(b, output, query.y()).ifPresent(accuracy -> scores.put("accuracy", accuracy));
        return scores;
    }

    private static Value loss(Builder b, Model model, List<Value> parameters, Batch batch, Pass pass) {
        return model.loss(b, model.output(b, named(model, parameters), batch.x(), pass), batch.y());
    }

    private static Map<String, Value> named(Model model, List<Value> parameters) {
        Map<String, Value> named = new LinkedHashMap<>();
        model.parameters().names().forEach(name -> named.put(name, parameters.get(named.size())));
        return named;
    }

    /** φ - α ∇L(φ); statistics stay. */
    private List<Value> descend(Builder b, Model model, List<Value> phi, Value loss) {
        List<Value> trained = trained(model, phi);
        Iterator<Value> gradients = gradient.of(b, loss, trained).iterator();
        Value alpha = b.constant(settings.rate());
        Set<Value> moving = Set.copyOf(trained);
        return phi.stream()
                .map(value -> moving.contains(value) ? b.sub(value, b.mul(alpha, gradients.next())) : value)
                .toList();
    }

    /** The results of so many steps whose carries are φ, from θ on. */
    private static List<Value> repeat(
            Builder b, Program step, int steps, List<Value> theta, List<Value> perStep, List<Value> invariants) {
        List<Value> arguments = new ArrayList<>();
        arguments.add(b.constant(steps));
        arguments.addAll(theta);
        arguments.addAll(perStep);
        arguments.addAll(invariants);
        int stacked = step.outputs().size() - theta.size();
        return b.repeat(
                new Attributes.Repeat(step, steps, false, theta.size(), perStep.size(), stacked, false), arguments);
    }

    private static List<Value> declare(Builder b, Layout layout, Program.Kind kind) {
        return layout.entries().stream()
                .map(entry -> b.input(entry.name(), entry.shape(), kind))
                .toList();
    }

    private static List<Program.Output> outputs(List<String> names, Program.Role role, List<Value> values) {
        List<Program.Output> outputs = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            outputs.add(new Program.Output(names.get(i), role, values.get(i)));
        }
        return outputs;
    }

    /** Inputs and targets of one half of an episode. */
    private record Batch(Value x, Value y) {
        /** Of an episode's arrays in the order of {@link EpisodeLayout#arrays()}. */
        static Batch support(List<Value> episode) {
            return new Batch(episode.get(0), episode.get(1));
        }

        static Batch query(List<Value> episode) {
            return new Batch(episode.get(2), episode.get(3));
        }

        /** Inputs of a step program that take the place of this batch. */
        Batch declareAs(Builder b, String nameOfX, String nameOfY) {
            return new Batch(
                    b.input(nameOfX, x.shape(), Program.Kind.STEP), b.input(nameOfY, y.shape(), Program.Kind.STEP));
        }
    }
}
