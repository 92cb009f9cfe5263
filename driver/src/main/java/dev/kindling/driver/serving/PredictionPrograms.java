package dev.kindling.driver.serving;

import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.program.Program;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.tensor.FlatVector;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * A trained model as programs that predict groups of any size, with θ: what executors need to open a {@link GroupPredictor}.
 * Support and query sets are padded to a few sizes with rows of weight 0, and each pair of sizes has a program. Created on the
 * driver, because executors need not have the classes of a user's method or network. Immutable.
 */
public final class PredictionPrograms implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Sizes of small support sets, which are frequent; larger ones double. */
    private static final List<Integer> SMALL_SUPPORTS = List.of(1, 2, 3, 5, 8, 12, 20, 32);

    /** Sizes of query sets; larger ones are predicted in chunks of the largest size. */
    private static final List<Integer> QUERIES = List.of(1, 2, 5, 10, 32, 128);

    private final byte[] job;
    private final byte[] theta;
    private final boolean hasVariances;
    private final String hash;
    private final String thetaHash;

    private PredictionPrograms(byte[] job, byte[] theta, boolean hasVariances) {
        this.job = job;
        this.theta = theta;
        this.hasVariances = hasVariances;
        this.thetaHash = DigestUtils.sha256Hex(theta);
        this.hash = DigestUtils.sha256Hex(job) + thetaHash;
    }

    /**
     * The programs of a model.
     *
     * @param settings the model, the method and the backend
     * @param theta the parameters in the backend's precision
     * @param template the shapes of a weighted task; its numbers of rows do not matter
     * @param steps inner steps of an adaptation; methods without inner steps ignore it
     * @param mostSupport the most support rows of a group
     */
    public static PredictionPrograms of(
            PlanSettings settings, FlatVector theta, EpisodeLayout template, int steps, int mostSupport) {
        List<EpisodeLayout> layouts = new ArrayList<>();
        for (int support : supportSizes(mostSupport)) {
            QUERIES.forEach(query -> layouts.add(template.withSizes(support, query)));
        }
        // Programs with many inner steps take a while to build and verify.
        List<Program> programs = layouts.parallelStream()
                .map(layout -> settings.algorithm().predict(ModelFactory.of(settings.model(), layout), layout, steps))
                .toList();
        SortedMap<String, ProgramVariants> named = IntStream.range(0, programs.size())
                .boxed()
                .collect(Collectors.toMap(
                        i -> "predict " + i,
                        i -> ProgramVariants.of(programs.get(i)),
                        (one, other) -> one,
                        TreeMap::new));
        Job job = new Job(
                new SourceDescription("none", Collections.emptySortedMap()),
                settings.backend().name(),
                settings.backend().options(),
                1,
                named);
        return new PredictionPrograms(
                MessageCodec.encodeJob(job),
                MessageCodec.encodeBroadcastVector(new BroadcastVector(0, theta)),
                programs.get(0).perTask().has("variance"));
    }

    private static List<Integer> supportSizes(int most) {
        List<Integer> sizes = new ArrayList<>();
        SMALL_SUPPORTS.stream().filter(size -> size < most).forEach(sizes::add);
        for (long size = 2L * SMALL_SUPPORTS.get(SMALL_SUPPORTS.size() - 1); size < most; size *= 2) {
            sizes.add((int) size);
        }
        sizes.add(most);
        return sizes;
    }

    /** Whether the method predicts variances. */
    public boolean predictsVariances() {
        return hasVariances;
    }

    /** A hash of θ alone. */
    public String thetaHash() {
        return thetaHash;
    }

    /** A hash of the programs and θ. */
    public String hash() {
        return hash;
    }

    /**
     * A predictor in this JVM, which compiles each program when it is first needed.
     *
     * @throws dev.kindling.job.error.BackendUnavailableException if the backend cannot run in this JVM
     */
    public GroupPredictor open() {
        return new GroupPredictor(
                MessageCodec.decodeJob(job),
                MessageCodec.decodeBroadcastVector(theta).values());
    }
}
