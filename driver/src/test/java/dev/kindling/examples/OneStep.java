package dev.kindling.examples;

import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.algorithm.AlgorithmConfig;
import dev.kindling.job.algorithm.AlgorithmProvider;
import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.model.ForwardContext;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.Targets;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A method of one's own: {@code algorithm.name = one-step} is MAML with one inner step, written out. */
public final class OneStep implements AlgorithmProvider {
    @Override
    public String name() {
        return "one-step";
    }

    @Override
    public Map<String, Object> defaults() {
        return Map.of("one-step.rate", 0.01);
    }

    @Override
    public Algorithm create(AlgorithmConfig config) {
        return new Descent(config.number("one-step.rate"));
    }

    private record Descent(double rate) implements Algorithm {
        @Override
        public String name() {
            return "one-step";
        }

        @Override
        public Claim claim() {
            return Claim.EXACT;
        }

        @Override
        public Layout parameters(Model model) {
            return model.parameters();
        }

        @Override
        public void initialise(Model model, long seed, FlatVector target) {
            model.initialise(seed, target);
        }

        @Override
        public int steps() {
            return 1;
        }

        @Override
        public Program train(Model model, EpisodeLayout layout) {
            ProgramBuilder b = new ProgramBuilder();
            Map<String, Value> theta = inputs(b, model.parameters(), Program.Scope.BROADCAST);
            Map<String, Value> episode = inputs(b, layout.arrays(), Program.Scope.TASK);
            Value supportLoss = loss(b, model, theta, episode, "support");
            Value queryLoss = loss(b, model, adapted(b, theta, supportLoss), episode, "query");
            List<Program.Output> outputs = new ArrayList<>();
            List<Value> gradients = Autodiff.grad(b, queryLoss, new ArrayList<>(theta.values()));
            int i = 0;
            for (String array : theta.keySet()) {
                outputs.add(new Program.Output(array, Program.Reduction.SUM, gradients.get(i++)));
            }
            outputs.add(new Program.Output("query_loss", Program.Reduction.PER_TASK, queryLoss));
            outputs.add(new Program.Output("support_loss", Program.Reduction.PER_TASK, supportLoss));
            return b.build("one-step-train", outputs);
        }

        @Override
        public Program evaluate(Model model, EpisodeLayout layout, int steps) {
            ProgramBuilder b = new ProgramBuilder();
            Map<String, Value> theta = inputs(b, model.parameters(), Program.Scope.BROADCAST);
            Map<String, Value> episode = inputs(b, layout.arrays(), Program.Scope.TASK);
            List<Value> losses = new ArrayList<>();
            Map<String, Value> phi = theta;
            for (int step = 0; step <= steps; step++) {
                Value loss = loss(b, model, phi, episode, "query");
                losses.add(b.reshape(loss, loss.shape().stacked(1)));
                phi = adapted(b, phi, loss(b, model, phi, episode, "support"));
            }
            return b.build(
                    "one-step-evaluate",
                    List.of(new Program.Output("loss", Program.Reduction.PER_TASK, b.concat(0, losses))));
        }

        @Override
        public Program predict(Model model, EpisodeLayout layout, int steps) {
            ProgramBuilder b = new ProgramBuilder();
            Map<String, Value> phi = inputs(b, model.parameters(), Program.Scope.BROADCAST);
            Map<String, Value> episode = inputs(b, layout.arrays(), Program.Scope.TASK);
            List<Value> predictions = new ArrayList<>();
            for (int step = 0; step <= steps; step++) {
                Value output = model.output(b, phi, episode.get(EpisodeLayout.QUERY_X), ForwardContext.PLAIN);
                predictions.add(b.reshape(output, output.shape().stacked(1)));
                phi = adapted(b, phi, loss(b, model, phi, episode, "support"));
            }
            return b.build(
                    "one-step-predict",
                    List.of(new Program.Output("prediction", Program.Reduction.PER_TASK, b.concat(0, predictions))));
        }

        private static Map<String, Value> inputs(ProgramBuilder b, Layout layout, Program.Scope scope) {
            Map<String, Value> values = new LinkedHashMap<>();
            layout.entries().forEach(entry -> values.put(entry.name(), b.input(entry.name(), entry.shape(), scope)));
            return values;
        }

        private static Value loss(
                ProgramBuilder b, Model model, Map<String, Value> phi, Map<String, Value> episode, String set) {
            Value output = model.output(b, phi, episode.get(set + ".x"), ForwardContext.PLAIN);
            return model.loss(b, output, Targets.of(episode.get(set + ".y")));
        }

        /** φ - α ∇ loss; the derivative is taken with respect to barriers, as it may be taken again. */
        private Map<String, Value> adapted(ProgramBuilder b, Map<String, Value> phi, Value loss) {
            Map<String, Value> next = new LinkedHashMap<>();
            List<Value> gradients = Autodiff.grad(b, loss, new ArrayList<>(phi.values()));
            int i = 0;
            for (Map.Entry<String, Value> array : phi.entrySet()) {
                Value step = b.mul(b.constant(rate), gradients.get(i++));
                next.put(array.getKey(), b.barrier(b.sub(array.getValue(), step)));
            }
            return next;
        }
    }
}
