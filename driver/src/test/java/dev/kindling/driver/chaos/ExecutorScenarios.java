package dev.kindling.driver.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/** Runs the scenarios of executor faults during one run: executors are killed, suspended, continued and added late. */
final class ExecutorScenarios {
    /** The rounds of a run after its last disturbance; few, so that a scenario ends soon. */
    static final long ROUNDS_AFTER = 50;

    private static final String[] RARE_CHECKPOINTS = {"--set", "run.checkpoint-every=500"};
    /** In mode {@code jobs} Spark detects an unresponsive executor, by default after two minutes; this shortens it. */
    private static final Map<String, String> SOON_MISSED = Map.of(
            "KINDLING_JAVA_OPTS",
            "-Dspark.network.timeout=20s -Dspark.network.timeoutInterval=5s -Dspark.executor.heartbeatInterval=4s");

    private ExecutorScenarios() {}

    /** Kills executors by SIGKILL, several of them in one run. */
    static List<Row> killed(ChaosHarness harness) {
        List<Row> rows = new ArrayList<>();
        for (String mode : List.of(ChaosHarness.PERSISTENT, ChaosHarness.JOBS)) {
            rows.add(killed(harness, mode));
        }
        return rows;
    }

    private static Row killed(ChaosHarness harness, String mode) {
        int times = harness.times(4);
        Set<Long> seen = new TreeSet<>();
        RunFolder folder = harness.folder("killed-" + mode);
        try (Start start =
                harness.start(folder, ChaosHarness.ENDLESS, ChaosHarness.TWO_EXECUTORS, mode, RARE_CHECKPOINTS)) {
            for (int i = 0; i < times; i++) {
                progress(start, 1 + harness.draw(20));
                Await.until("an executor", () -> !executors(start).isEmpty());
                harness.pauseBelow(6000);
                List<ProcessHandle> there = executors(start);
                there.forEach(one -> seen.add(one.pid()));
                if (there.isEmpty()) {
                    i--;
                    continue;
                }
                there.get((int) harness.draw(there.size())).destroyForcibly();
            }
            progress(start, ROUNDS_AFTER);
            executors(start).forEach(one -> seen.add(one.pid()));
            end(harness, start);
        }
        return new Row(
                "executor-killed",
                "kill -9 of a random one of two executors at a random moment, all in one run, mode " + mode,
                times,
                "parts of rounds; " + seen.size() + " executors took part one after the other",
                Row.SAME);
    }

    /** Suspends executors by SIGSTOP; all but the last are continued by SIGCONT during the run. */
    static List<Row> frozen(ChaosHarness harness) {
        return List.of(
                frozen(harness, ChaosHarness.PERSISTENT, Map.of()), frozen(harness, ChaosHarness.JOBS, SOON_MISSED));
    }

    private static Row frozen(ChaosHarness harness, String mode, Map<String, String> environment) {
        int times = harness.times(2);
        RunFolder folder = harness.folder("frozen-" + mode);
        long longest = 0;
        List<ProcessHandle> ever;
        try (Start start = harness.start(
                environment, folder, ChaosHarness.ENDLESS, ChaosHarness.TWO_EXECUTORS, mode, RARE_CHECKPOINTS)) {
            for (int i = 0; i < times; i++) {
                ProcessHandle one = freeze(harness, start);
                long until = System.nanoTime() + (2000 + harness.draw(25_000)) * 1_000_000;
                longest = Math.max(longest, awaitRoundAfter(start, until));
                Processes.signal(one, "CONT");
            }
            ProcessHandle last = freeze(harness, start);
            longest = Math.max(longest, awaitRoundAfter(start, System.nanoTime() + 25_000_000_000L));
            progress(start, ROUNDS_AFTER);
            ever = executors(start);
            end(harness, start);
            // Spark's local cluster requests its executors to exit and does not wait for them; a suspended executor
            // receives the request only after it is continued.
            Processes.signal(last, "CONT");
        }
        Await.until("a frozen executor to be ended", () -> ever.stream().noneMatch(ProcessHandle::isAlive));
        return new Row(
                "executor-frozen",
                "SIGSTOP of one of two executors for 2 to 27 s, then SIGCONT; at last one for good; mode " + mode,
                times + 1,
                "the longest time without a round was " + (longest + 500_000_000) / 1_000_000_000 + " s",
                Row.SAME);
    }

    private static ProcessHandle freeze(ChaosHarness harness, Start start) {
        Await.until("two executors", () -> executors(start).size() == 2 || !start.isAlive());
        progress(start, 1 + harness.draw(30));
        harness.pauseBelow(3000);
        List<ProcessHandle> there = executors(start);
        Fault.unless(!there.isEmpty(), "no executor is left to be frozen");
        ProcessHandle one = there.get((int) harness.draw(there.size()));
        Processes.signal(one, "STOP");
        return one;
    }

    /** Waits until the first round after the given moment; returns the longest time without a round, in nanoseconds. */
    static long awaitRoundAfter(Start start, long moment) {
        long longest = 0;
        long last = System.nanoTime();
        long round = start.folder().round();
        while (System.nanoTime() < moment || start.folder().round() == round) {
            long now = start.folder().round();
            if (now != round) {
                longest = Math.max(longest, System.nanoTime() - last);
                last = System.nanoTime();
                round = now;
                if (last >= moment) {
                    break;
                }
            }
            Fault.unless(start.isAlive(), "the driver ended: " + start.errors());
            Fault.unless(System.nanoTime() - last < 200_000_000_000L, "no round for 200 s");
            Await.pause(5);
        }
        return longest;
    }

    /** Adds a second worker to a standalone cluster while rounds are running. */
    static List<Row> late(ChaosHarness harness) {
        List<Row> rows = new ArrayList<>();
        for (String mode : List.of(ChaosHarness.PERSISTENT, ChaosHarness.JOBS)) {
            try (Standalone cluster = new Standalone(harness)) {
                rows.add(late(harness, cluster, mode));
            }
        }
        return rows;
    }

    private static Row late(ChaosHarness harness, Standalone cluster, String mode) {
        cluster.addWorker();
        RunFolder folder = harness.folder("late-" + mode);
        EventLog events = EventLog.in(harness.folder("events").path());
        long joined;
        try (Start start = harness.start(
                events.environment(), folder, ChaosHarness.ENDLESS, cluster.master(), mode, RARE_CHECKPOINTS)) {
            progress(start, 20 + harness.draw(50));
            long alone = folder.bytesIn();
            BooleanSupplier contributes = mode.equals(ChaosHarness.PERSISTENT)
                    // Two executors send more partial sums than one, hence more bytes.
                    ? () -> folder.bytesIn() > alone * 3 / 2
                    : () -> events.hasTaskOf("1");
            Fault.unless(!contributes.getAsBoolean(), "an executor contributes that is not there yet");
            cluster.addWorker();
            Await.until("the late executor to contribute", () -> contributes.getAsBoolean() || !start.isAlive());
            joined = folder.round();
            progress(start, ROUNDS_AFTER);
            // Not in every round: an executor whose result is overdue is assigned no range until it has sent it.
            Await.until("it to contribute again", () -> contributes.getAsBoolean() || !start.isAlive());
            Fault.unless(cluster.executors().size() == 2, "there are not two executors");
            end(harness, start);
        }
        return new Row(
                "executor-late",
                "a worker added to a standalone cluster of one during a run, mode " + mode,
                1,
                "nothing; it contributed in round " + joined + " at the latest",
                Row.SAME);
    }

    /** The processes of the running executors of a start. */
    static List<ProcessHandle> executors(Start start) {
        return Processes.executorsBelow(start.process());
    }

    /** Waits until the given number of further rounds is done. */
    static void progress(Start start, long rounds) {
        long from = start.folder().round();
        Fault.unless(start.reaches(from + rounds), "the driver ended: " + start.errors());
    }

    /** Stops the run, resumes it for some further rounds, and compares it with an undisturbed run. */
    static void end(ChaosHarness harness, Start start) {
        Processes.signal(start.process(), "TERM");
        start.mustEndWith(6);
        RunFolder folder = start.folder();
        long rounds = folder.checkpoint() + ROUNDS_AFTER;
        harness.finish(folder, rounds);
        harness.compare(folder, rounds);
    }
}
