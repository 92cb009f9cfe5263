package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.cluster.spark.TwoExecutors;
import dev.kindling.driver.run.TablePreparation;
import dev.kindling.driver.table.TablePreparer;
import dev.kindling.job.protocol.Job;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests that the same seed gives bitwise identical results: compares complete runs byte by byte on one, two and three
 * threads of Spark and on two executors, with rounds as Spark jobs, with persistent workers, and alternating between
 * both. Each master is started once for all its runs.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("executors")
class SameBitsTest {
    private static final String ONE_THREAD = "local[1]";
    /** The run with the expected bits. */
    private static final String FIRST = ONE_THREAD + " jobs";

    private static final String TWO_EXECUTORS = "local-cluster[2,1,1024]";
    /** The mode of a run's first rounds, and of those after each resume. */
    private static final List<String> IN_TURN = List.of("jobs", "persistent", "jobs");

    private static final String[] ND4J = {"org.nd4j", "org.deeplearning4j", "org.bytedeco"};
    private static final String VECTOR = "dev.kindling.job.backend.vector";

    /** The numbers of tasks and of blocks (of 1 and 4 tasks) in a round are not powers of two. */
    enum Case {
        SINUSOID_FLOAT("sinusoid-maml.conf", 13, "float"),
        SINUSOID_DOUBLE("sinusoid-maml.conf", 13, "double"),
        /** Steps that share a support set's features. */
        SINUSOID_ANIL("sinusoid-anil.conf", 13, "float"),
        /** Learned rates. */
        SINUSOID_META_SGD("sinusoid-meta-sgd.conf", 13, "float"),
        /** Rounds that differ, of first and of second order, with the losses behind all steps and behind the last. */
        SINUSOID_MAML_PLUS_PLUS(
                "sinusoid-maml-plus-plus.conf",
                13,
                "float",
                "maml-plus-plus.anneal=8",
                "maml-plus-plus.first-order-until=4"),
        /** Conjugate gradients, whose number of iterations differs between tasks. */
        SINUSOID_IMAML("sinusoid-imaml.conf", 13, "float", "imaml.tolerance=1e-3"),
        /** Deltas of mini-batches, and moments that are carried. */
        SINUSOID_REPTILE(
                "sinusoid-reptile.conf",
                13,
                "float",
                "algorithm.inner-optimizer=adam",
                "reptile.batch=4",
                "reptile.carry-moments=true"),
        /** Five groups of tasks with local outer steps. */
        SINUSOID_ISLANDS(
                "sinusoid-reptile.conf",
                15,
                "float",
                "reptile.islands=5",
                "reptile.island-steps=3",
                "reptile.island-rate=0.5"),
        /** A θ of 49,017 numbers that makes weights, in blocks of four tasks. */
        SINUSOID_HYPERNETWORK("sinusoid-hypernetwork.conf", 21, "float"),
        SINUSOID_CNP("sinusoid-cnp.conf", 13, "float"),
        /** Tasks of several sizes with row weights, from a table that each master prepares by itself. */
        TABLE("table-growth.conf", 13, "float", "table.path=../conf/growth.csv", "run.members=1"),
        /** Groups drawn by rows, dropout, layer norm and a process in the order of the rows. */
        TABLE_ROWS(
                "table-growth.conf",
                13,
                "float",
                "table.path=../conf/growth.csv",
                "run.members=1",
                "table.draw=rows",
                "table.embedding=true",
                "model.dropout=0.2",
                "model.layer-norm=true",
                "bayesian-linear.order-kernel=true"),
        /** The softmax posterior of four classes. */
        TABLE_CLASSES(
                "table-growth.conf",
                13,
                "float",
                "table.path=../conf/growth.csv",
                "run.members=1",
                "table.label=season",
                "table.categorical=[]",
                "table.task=classification"),
        /** An ensemble of a method of inner steps, each member with a moving average and a best round of its own. */
        SINUSOID_MEMBERS(
                "sinusoid-maml.conf",
                5,
                "float",
                "run.members=3",
                "run.ema-decay=0.9",
                "run.validate-every=2",
                "validation.tasks=9"),
        /** Two members' 98,034 numbers, in blocks of four tasks. */
        SINUSOID_LARGE_MEMBERS("sinusoid-hypernetwork.conf", 11, "float", "run.members=2"),
        /** Members with folds of a table's groups. */
        TABLE_MEMBERS(
                "table-growth.conf",
                5,
                "float",
                "table.path=../conf/growth.csv",
                "run.validate-every=4",
                "optimizer.clip-norm=0.1"),
        OMNIGLOT_FLOAT("omniglot-fc-5w1s-maml.conf", 21, "float"),
        OMNIGLOT_DOUBLE("omniglot-fc-5w1s-maml.conf", 21, "double"),
        /** Eight shapes of tasks, four in training and others in evaluation. */
        OMNIGLOT_SHAPES("omniglot-fc-5w1s-maml.conf", 21, "float", "task.support=[1, 4]", "evaluation.support=[2, 5]"),
        /** Ways that differ too, over statistics that follow the rounds. */
        OMNIGLOT_WAYS(
                "omniglot-fc-5w1s-maml.conf",
                21,
                "float",
                "algorithm.name=proto-maml",
                "few-shot.ways=[3, 5]",
                "evaluation.ways=6",
                "model.batch-norm=running"),
        OMNIGLOT_PROTO_NET("omniglot-fc-5w1s-maml.conf", 21, "float", "algorithm.name=proto-net"),
        OMNIGLOT_RELATION_NET(
                "omniglot-conv4-5w1s-relation-net.conf",
                9,
                "float",
                "run.rounds=9",
                "task.query=1",
                "evaluation.tasks=5");

        private final String conf;
        private final int tasks;
        private final String precision;
        /** Unchangeable, as {@code List.of} makes it. */
        @SuppressWarnings("ImmutableEnumChecker")
        private final List<String> sets;

        Case(String conf, int tasks, String precision, String... sets) {
            this.conf = conf;
            this.tasks = tasks;
            this.precision = precision;
            this.sets = List.of(sets);
        }

        boolean needsOmniglot() {
            return name().startsWith("OMNIGLOT");
        }
    }

    private List<String> omniglot = List.of();
    private final Map<Case, Map<String, Path>> runs = new EnumMap<>(Case.class);
    private final Map<Case, Set<String>> executorsAtWork = new EnumMap<>(Case.class);
    private Map<String, List<String>> nd4jOnExecutors = Map.of();
    private Map<String, List<String>> vectorOnExecutors = Map.of();

    @BeforeAll
    @Timeout(value = 900, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void runAllCasesOnAllMasters(@TempDir Path folder) throws IOException {
        if (Omniglot.find().isPresent()) {
            omniglot = Omniglot.beginning(40, Omniglot.folder(), folder.resolve("split"));
        }
        for (String master : List.of(ONE_THREAD, "local[2]", "local[3]")) {
            try (SparkApplication spark = SparkApplication.start("test", Optional.of(master))) {
                String mode = master.equals(ONE_THREAD) ? "jobs" : "persistent";
                for (Case each : supportedCases()) {
                    train(each, master, mode, folder, spark::cluster, TablePreparer.on(spark)::prepare);
                }
            }
        }
        try (TwoExecutors executors = new TwoExecutors()) {
            for (Case each : supportedCases()) {
                train(each, TWO_EXECUTORS, "jobs", folder, executors::cluster, executors.tables()::prepare);
                executorsAtWork.put(each, executors.workedLately());
                train(each, TWO_EXECUTORS, "persistent", folder, executors::cluster, executors.tables()::prepare);
                trainAlternating(each, folder, executors::cluster, executors.tables()::prepare);
                executors.workedLately();
            }
            nd4jOnExecutors = executors.loaded(ND4J);
            vectorOnExecutors = executors.loaded(VECTOR);
        }
    }

    private List<Case> supportedCases() {
        return List.of(Case.values()).stream()
                .filter(each -> !each.needsOmniglot() || !omniglot.isEmpty())
                .toList();
    }

    private void train(
            Case each,
            String master,
            String mode,
            Path folder,
            BiFunction<Job, ClusterSettings, Cluster> clusters,
            TablePreparation tables) {
        String place = master + " " + mode;
        Outcome outcome = CommandLineForTests.on(clusters, tables, new Signals(), args(each, place, mode, folder));
        assertThat(outcome.code())
                .as("%s on %s: %s", each, place, outcome.err())
                .isZero();
    }

    /** Stops in a round of each mode but the last, and resumes in the next mode. */
    private void trainAlternating(
            Case each, Path folder, BiFunction<Job, ClusterSettings, Cluster> clusters, TablePreparation tables) {
        String place = TWO_EXECUTORS + " in turn";
        for (int turn = 0; turn < IN_TURN.size(); turn++) {
            int last = turn < IN_TURN.size() - 1 ? 4 * turn + 2 : -1;
            Signals signals = new Signals();
            List<String> args = args(each, place, IN_TURN.get(turn), folder);
            args.add("--resume");
            Outcome outcome = CommandLineForTests.on(
                    (job, settings) -> new WatchedCluster(clusters.apply(job, settings), request -> {
                        if (request.program().startsWith("train")
                                && request.specs().get(0).round() == last) {
                            signals.arrived("TERM");
                        }
                    }),
                    tables,
                    signals,
                    args);
            assertThat(outcome.code())
                    .as("%s on %s: %s", each, place, outcome.err())
                    .isEqualTo(turn < IN_TURN.size() - 1 ? 6 : 0);
        }
    }

    private List<String> args(Case each, String place, String mode, Path folder) {
        Path run = folder.resolve(each + "-" + place);
        runs.computeIfAbsent(each, key -> new TreeMap<>()).put(place, run);
        List<String> args =
                new ArrayList<>(List.of("train", "--conf", "../conf/" + each.conf, "--out", run.toString()));
        List<String> sets = new ArrayList<>(List.of(
                "run.rounds=12",
                "run.log-every=4",
                "task.meta-batch-size=" + each.tasks,
                "cluster.mode=" + mode,
                "backend.name=vector",
                "backend.precision=" + each.precision,
                "evaluation.tasks=13",
                "evaluation.steps=2"));
        sets.addAll(each.sets);
        sets.forEach(set -> args.addAll(List.of("--set", set)));
        args.addAll(each.needsOmniglot() ? omniglot : List.of());
        return args;
    }

    @ParameterizedTest
    @EnumSource
    void theModelIsTheSameOnEveryMaster(Case each) throws IOException {
        Map<String, Path> byMaster = runs(each);
        assertThat(byMaster).hasSize(6);
        for (String file : List.of("model/theta.safetensors", "evaluation.json")) {
            byte[] expected = Files.readAllBytes(byMaster.get(FIRST).resolve(file));
            byMaster.forEach(
                    (master, run) -> assertThat(run.resolve(file)).as(master).hasBinaryContent(expected));
        }
        assertThat(executorsAtWork.get(each))
                .as("executors that completed Spark tasks")
                .containsExactly("0", "1");
    }

    @Test
    void precisionsAndSourcesDiffer() {
        Map<Case, Path> onOneThread = new EnumMap<>(Case.class);
        runs.forEach(
                (each, byMaster) -> onOneThread.put(each, byMaster.get(FIRST).resolve("model/theta.safetensors")));
        assertThat(onOneThread.values().stream().map(SameBitsTest::content).distinct())
                .hasSize(onOneThread.size());
    }

    /** {@link WithoutNd4jTest} shows the same of the driver. */
    @Test
    void noClassOfNd4jLoadsOnAnExecutor() {
        assertThat(nd4jOnExecutors).containsOnlyKeys("0", "1");
        assertThat(nd4jOnExecutors.values())
                .allSatisfy(loaded -> assertThat(loaded).isEmpty());
        assertThat(vectorOnExecutors.values())
                .as("the same look at what did the work")
                .hasSize(2)
                .allSatisfy(loaded -> assertThat(loaded).contains(VECTOR + ".VectorBackend"));
    }

    private Map<String, Path> runs(Case each) {
        if (each.needsOmniglot()) {
            Omniglot.folder();
        }
        return runs.getOrDefault(each, Map.of());
    }

    private static String content(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
