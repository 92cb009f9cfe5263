package dev.kindling.driver.cli;

import dev.kindling.driver.check.CheckReport;
import dev.kindling.driver.check.Checker;
import dev.kindling.driver.check.reference.NamedArrays;
import dev.kindling.driver.check.reference.Reference;
import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.Safetensors;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The files that {@code check} writes of one task: {@code theta.safetensors}, {@code episode.safetensors}, {@code
 * meta-gradient.safetensors}, {@code check.json}; and of a task that was computed step by step {@code adapted.safetensors}, the
 * model's parameters after each inner step under {@code step-<k>.<name>}, and {@code predictions.safetensors}, the network's
 * {@code output} for the queries, with the softmax as {@code probabilities} where these are logits.
 */
record CheckFiles(Prepared prepared, Checker checker, Storage theta, Storage episode, CheckReport report) {
    private static final String THETA = "theta.safetensors";
    private static final String EPISODE = "episode.safetensors";
    private static final String META_GRADIENT = "meta-gradient.safetensors";
    private static final String ADAPTED = "adapted.safetensors";
    private static final String PREDICTIONS = "predictions.safetensors";
    private static final String REPORT = "check.json";

    /** The names of all files. */
    static final List<String> NAMES = List.of(THETA, EPISODE, META_GRADIENT, ADAPTED, PREDICTIONS, REPORT);

    void dump(Folder folder) {
        folder.replace(THETA, Safetensors.encode(checker.parameters(), theta));
        folder.replace(EPISODE, Safetensors.encode(checker.episodeArrays(), episode));
        folder.replace(META_GRADIENT, Safetensors.encode(checker.parameters(), report.metaGradient()));
        report.outcome().ifPresent(outcome -> dump(folder, outcome));
        writeReport(folder);
    }

    void writeReport(Folder folder) {
        String json = report.json(
                prepared.plan().algorithm(), prepared.configuration().json());
        folder.replace(REPORT, json.getBytes(StandardCharsets.UTF_8));
    }

    private void dump(Folder folder, Reference.Outcome outcome) {
        if (!outcome.adapted().isEmpty()) {
            folder.replace(ADAPTED, adapted(outcome.adapted()));
        }
        if (outcome.output().length > 0) {
            folder.replace(PREDICTIONS, predictions(outcome));
        }
    }

    private byte[] adapted(List<NamedArrays> steps) {
        Layout model = prepared.plan().model(report.task().layout()).parameters();
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
