package dev.kindling.driver.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** What scenarios share: the folders, the job, the randomness, and undisturbed runs to compare with. */
final class ChaosHarness {
    static final String PERSISTENT = "persistent";
    static final String JOBS = "jobs";
    static final String TWO_EXECUTORS = "local-cluster[2,1,1024]";
    /** So many rounds that a run does not end before it is told to. */
    static final long ENDLESS = 1_000_000;

    private final Path root;
    private final Path work;
    private final RandomGenerator random;
    private final int times;
    private final Map<Long, RunFolder> undisturbed = new TreeMap<>();
    private int folders;

    /** @param times how often a disturbance is repeated; 0 for each scenario's own number */
    ChaosHarness(Path root, Path work, RandomGenerator random, int times) {
        this.root = root;
        this.work = work;
        this.random = random;
        this.times = times;
        try {
            Files.createDirectories(work.resolve("logs"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path root() {
        return root;
    }

    Path work() {
        return work;
    }

    int times(int usual) {
        return times == 0 ? usual : times;
    }

    /** A number from 0 to below the bound. */
    long draw(long bound) {
        return random.nextLong(bound);
    }

    /** Waits a random time. */
    void pauseBelow(long millis) {
        Await.pause(draw(millis));
    }

    /** A folder that is not there yet. */
    RunFolder folder(String name) {
        return new RunFolder(work.resolve(name + "-" + ++folders));
    }

    /** A start of a run of a folder; more arguments may override. */
    Start start(RunFolder folder, long rounds, String master, String mode, String... more) {
        return start(Map.of(), folder, rounds, master, mode, more);
    }

    /** The same with variables of the environment. */
    Start start(
            Map<String, String> environment,
            RunFolder folder,
            long rounds,
            String master,
            String mode,
            String... more) {
        List<String> command = new ArrayList<>(List.of(
                root.resolve("deploy/kindling").toString(),
                "train",
                "--resume",
                "--conf",
                root.resolve("conf/sinusoid-maml.conf").toString(),
                "--master",
                master,
                "--out",
                folder.path().toString()));
        for (String set : List.of(
                "run.rounds=" + rounds,
                "run.log-every=1",
                "run.checkpoint-every=2",
                "evaluation.tasks=20",
                "evaluation.steps=2",
                "cluster.mode=" + mode,
                "cluster.executor-timeout=300s")) {
            command.addAll(List.of("--set", set));
        }
        command.addAll(List.of(more));
        return Start.of(command, environment, work.resolve("logs"), folder);
    }

    /** Lets a run go on to its end, on threads. */
    void finish(RunFolder folder, long rounds) {
        try (Start last = start(folder, rounds, "local[2]", PERSISTENT)) {
            last.mustEndWith(0);
        }
    }

    /** Holds a finished run to one of as many rounds that nobody disturbed. */
    void compare(RunFolder folder, long rounds) {
        folder.requireSameAs(undisturbed.computeIfAbsent(rounds, this::runUndisturbed));
        folder.remove();
    }

    private RunFolder runUndisturbed(long rounds) {
        RunFolder folder = folder("undisturbed");
        try (Start start = start(folder, rounds, "local[1]", PERSISTENT, "--set", "run.checkpoint-every=0")) {
            start.mustEndWith(0);
        }
        return folder;
    }
}
