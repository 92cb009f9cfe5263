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

/** Provides scenarios with folders, starts of a job, random numbers, and undisturbed runs to compare with. */
final class ChaosHarness {
    static final String PERSISTENT = "persistent";
    static final String JOBS = "jobs";
    static final String TWO_EXECUTORS = "local-cluster[2,1,1024]";
    /** A number of rounds that a run does not reach before it is stopped. */
    static final long ENDLESS = 1_000_000;

    private final Path root;
    private final Path work;
    private final RandomGenerator random;
    private final int times;
    private final Map<Long, RunFolder> undisturbed = new TreeMap<>();
    private int folders;

    /** @param times how often a disturbance is repeated; 0 for the default of each scenario */
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

    /** A random number of at least 0 and less than the bound. */
    long draw(long bound) {
        return random.nextLong(bound);
    }

    /** Waits for a random time of less than the given milliseconds. */
    void pauseBelow(long millis) {
        Await.pause(draw(millis));
    }

    /** A folder of a new name, which does not exist yet. */
    RunFolder folder(String name) {
        return new RunFolder(work.resolve(name + "-" + ++folders));
    }

    /** Starts or resumes the run of a folder; {@code more} arguments override the defaults. */
    Start start(RunFolder folder, long rounds, String master, String mode, String... more) {
        return start(Map.of(), folder, rounds, master, mode, more);
    }

    /** Starts or resumes the run of a folder, with variables of the environment. */
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

    /** Resumes a run in local mode until its last round. */
    void finish(RunFolder folder, long rounds) {
        try (Start last = start(folder, rounds, "local[2]", PERSISTENT)) {
            last.mustEndWith(0);
        }
    }

    /** Compares a finished run with an undisturbed one of as many rounds, and removes it. */
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
