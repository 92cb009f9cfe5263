package dev.kindling.driver.cli;

import dev.kindling.driver.check.CheckReport;
import dev.kindling.driver.check.Checker;
import dev.kindling.driver.check.reference.NamedArrays;
import dev.kindling.driver.check.reference.Reference;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Writes the files of {@code check} for one task: {@code theta.safetensors}, {@code episode.safetensors}, {@code
 * meta-gradient.safetensors} and {@code check.json}. If the reference computed the task step by step, there are also
 * {@code adapted.safetensors}, the model's parameters after each inner step as {@code step-<k>.<name>}, and {@code
 * predictions.safetensors}, the network's {@code output} for the queries and, if these are logits, their softmax as
 * {@code probabilities}.
 */
record CheckFiles(ResolvedRun resolved, Checker checker, FlatVector theta, FlatVector episode, CheckReport report) {
    private static final String THETA = "theta.safetensors";
    private static final String EPISODE = "episode.safetensors";
    private static final String META_GRADIENT = "meta-gradient.safetensors";
    private static final String ADAPTED = "adapted.safetensors";
    private static final String PREDICTIONS = "predictions.safetensors";
    private static final String REPORT = "check.json";

    /** The names of all files. */
    static final List<String> NAMES = List.of(THETA, EPISODE, META_GRADIENT, ADAPTED, PREDICTIONS, REPORT);

    void dump(AtomicDirectory folder) {
        folder.replace(THETA, Safetensors.encode(checker.parameters(), theta));
        folder.replace(EPISODE, Safetensors.encode(checker.episodeArrays(), episode));
        folder.replace(META_GRADIENT, Safetensors.encode(checker.parameters(), report.metaGradient()));
        report.outcome().ifPresent(outcome -> dump(folder, outcome));
        writeReport(folder);
    }

    void writeReport(AtomicDirectory folder) {
        String json = report.json(
                resolved.plan().algorithm(), resolved.configuration().json());
        folder.replace(REPORT, json.getBytes(StandardCharsets.UTF_8));
    }

    private void dump(AtomicDirectory folder, Reference.Outcome outcome) {
        if (!outcome.adapted().isEmpty()) {
            folder.replace(ADAPTED, adapted(outcome.adapted()));
        }
        if (outcome.output().length > 0) {
            folder.replace(PREDICTIONS, predictions(outcome));
        }
    }

    private byte[] adapted(List<NamedArrays> steps) {
        Layout model = resolved.plan().model(report.task().layout()).parameters();
        Layout.Builder layout = Layout.builder();
        NamedArrays all = NamedArrays.empty();
        for (int step = 0; step < steps.size(); step++) {
            String prefix = "step-" + step + ".";
            model.entries().forEach(entry -> layout.add(prefix + entry.name(), entry.shape()));
            all = all.with(steps.get(step).only(model.names()).renamed(prefix::concat));
        }
        Layout built = layout.build();
        return Safetensors.encode(built, all.flat(built));
    }

    private byte[] predictions(Reference.Outcome outcome) {
        int queries = report.task().layout().query();
        Shape shape = Shape.of(queries, outcome.output().length / queries);
        Layout.Builder layout = Layout.builder().add("output", shape);
        NamedArrays arrays = NamedArrays.empty().with("output", outcome.output());
        if (outcome.probabilities().isPresent()) {
            layout.add("probabilities", shape);
            arrays = arrays.with("probabilities", outcome.probabilities().get());
        }
        Layout built = layout.build();
        return Safetensors.encode(built, arrays.flat(built));
    }
}
