package dev.kindling.driver.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A training to time within Spark, and the program of another library that computes the same rounds.
 *
 * @param name of the rounds' figure
 * @param images whether it needs Omniglot
 * @param conf the ready job
 * @param overrides assignments of keys
 * @param peer the other library
 * @param arguments of its program
 */
record TrainedWork(
        String name, boolean images, String conf, List<String> overrides, String peer, List<String> arguments) {
    /** All of them. */
    static final List<TrainedWork> ALL = List.of(
            sine("sine", "sinusoid-maml.conf", List.of(), List.of()),
            sine("sine-5-steps", "sinusoid-maml.conf", List.of("algorithm.inner-steps=5"), List.of("--steps", "5")),
            sine(
                    "sine-reptile-32-steps",
                    "sinusoid-reptile.conf",
                    List.of("algorithm.inner-steps=32"),
                    List.of("--algorithm", "reptile", "--steps", "32", "--tasks", "10", "--alpha", "0.005")),
            images("fc", "omniglot-fc-5w1s-maml.conf", List.of("--work", "fc", "--tasks", "32")),
            images("conv4", "omniglot-conv4-5w1s-maml.conf", List.of("--work", "conv4", "--tasks", "32")),
            images(
                    "conv4-20-ways-5-steps",
                    "omniglot-conv4-20w1s-maml.conf",
                    List.of("--work", "conv4", "--ways", "20", "--steps", "5", "--tasks", "16")));

    private static TrainedWork sine(String name, String conf, List<String> overrides, List<String> arguments) {
        List<String> all = new ArrayList<>(List.of("--work", "sine", "--threads", "1"));
        all.addAll(arguments);
        return new TrainedWork(name, false, conf, overrides, "JAX", all);
    }

    private static TrainedWork images(String name, String conf, List<String> arguments) {
        List<String> all = new ArrayList<>(arguments);
        all.addAll(List.of("--threads", "2", "--batching", "vmap"));
        return new TrainedWork(name, true, conf, List.of("run.log-every=1"), "PyTorch", all);
    }

    /** The file of the peer's program. */
    String program() {
        return images ? "maml_torch.py" : "maml_jax.py";
    }

    /**
     * The arguments of {@code train --conf}.
     *
     * @param data Omniglot's folder, which must be given for images
     */
    List<String> job(Path root, Optional<Path> data) {
        List<String> assignments = new ArrayList<>(overrides);
        if (images) {
            assignments.add("few-shot.data=" + data.orElseThrow());
            assignments.add("few-shot.split=" + data.orElseThrow().resolve("splits-vinyals"));
        }
        List<String> words =
                new ArrayList<>(List.of(root.resolve("conf").resolve(conf).toString()));
        assignments.forEach(assignment -> words.addAll(List.of("--set", assignment)));
        words.addAll(List.of("--master", "local[2]"));
        return words;
    }
}
