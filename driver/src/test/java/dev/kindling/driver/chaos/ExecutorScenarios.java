package dev.kindling.driver.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/** What happens to executors: they die, freeze, thaw and come late, while one driver goes on. */
final class ExecutorScenarios {
    /** So that runs end soon after they were told to. */
    private static final long ROUNDS_AFTER = 50;

    private static final String[] RARE_CHECKPOINTS = {"--set", "run.checkpoint-every=500"};
    /** In this mode it is Spark that finds out about a silent executor, after two minutes unless told otherwise. */
    private static final Map<String, String> SOON_MISSED = Map.of(
            "KINDLING_JAVA_OPTS",
            "-Dspark.network.timeout=20s -Dspark.network.timeoutInterval=5s -Dspark.executor.heartbeatInterval=4s");

    private ExecutorScenarios() {}

    /** Kills by SIGKILL, several in one run. */
    static List<Row> killed(Kit kit) {
        List<Row> rows = new ArrayList<>();
        for (String mode : List.of(Kit.RESIDENT, Kit.JOBS)) {
            rows.add(killed(kit, mode));
        }
        return rows;
    }

    private static Row killed(Kit kit, String mode) {
        int times = kit.times(4);
        Set<Long> seen = new TreeSet<>();
        RunFolder folder = kit.folder("killed-" + mode);
        try (Start start = kit.start(folder, Kit.ENDLESS, Kit.TWO_EXECUTORS, mode, RARE_CHECKPOINTS)) {
            for (int i = 0; i < times; i++) {
                progress(start, 1 + kit.draw(20));
                Patience.until("an executor", () -> !executors(start).isEmpty());
                kit.pauseBelow(6000);
                List<ProcessHandle> there = executors(start);
                there.forEach(one -> seen.add(one.pid()));
                if (there.isEmpty()) {
                    i--;
                    continue;
                }
                there.get((int) kit.draw(there.size())).destroyForcibly();
            }
            progress(start, ROUNDS_AFTER);
            executors(start).forEach(one -> seen.add(one.pid()));
            end(kit, start);
        }
        return new Row(
                "executor-killed",
                "kill -9 of a random one of two executors at a random moment, all in one run, mode " + mode,
                times,
                "parts of rounds; " + seen.size() + " executors took part one after the other",
                Row.SAME);
    }

    /** Freezes by SIGSTOP: some thaw, the last does not. */
    static List<Row> frozen(Kit kit) {
        return List.of(frozen(kit, Kit.RESIDENT, Map.of()), frozen(kit, Kit.JOBS, SOON_MISSED));
    }

    private static Row frozen(Kit kit, String mode, Map<String, String> environment) {
        int times = kit.times(2);
        RunFolder folder = kit.folder("frozen-" + mode);
        long longest = 0;
        List<ProcessHandle> ever;
        try (Start start = kit.start(environment, folder, Kit.ENDLESS, Kit.TWO_EXECUTORS, mode, RARE_CHECKPOINTS)) {
            for (int i = 0; i < times; i++) {
                ProcessHandle one = freeze(kit, start);
                long until = System.nanoTime() + (2000 + kit.draw(25_000)) * 1_000_000;
                longest = Math.max(longest, goOnUntil(start, until));
                Processes.signal(one, "CONT");
            }
            ProcessHandle last = freeze(kit, start);
            longest = Math.max(longest, goOnUntil(start, System.nanoTime() + 25_000_000_000L));
            progress(start, ROUNDS_AFTER);
            ever = executors(start);
            end(kit, start);
            // Spark's local cluster asks its executors to end and is gone before they have; a frozen one hears it when
            // it thaws.
            Processes.signal(last, "CONT");
        }
        Patience.until("a frozen executor to be ended", () -> ever.stream().noneMatch(ProcessHandle::isAlive));
        return new Row(
                "executor-frozen",
                "SIGSTOP of one of two executors for 2 to 27 s, then SIGCONT; at last one for good; mode " + mode,
                times + 1,
                "the longest time without a round was " + (longest + 500_000_000) / 1_000_000_000 + " s",
                Row.SAME);
    }

    private static ProcessHandle freeze(Kit kit, Start start) {
        Patience.until("two executors", () -> executors(start).size() == 2 || !start.isAlive());
        progress(start, 1 + kit.draw(30));
        kit.pauseBelow(3000);
        List<ProcessHandle> there = executors(start);
        Mishap.unless(!there.isEmpty(), "no executor is left to be frozen");
        ProcessHandle one = there.get((int) kit.draw(there.size()));
        Processes.signal(one, "STOP");
        return one;
    }

    /** The longest time without a round, in nanoseconds, until the given moment and one round after it. */
    private static long goOnUntil(Start start, long moment) {
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
            Mishap.unless(start.isAlive(), "the driver ended: " + start.errors());
            Mishap.unless(
                    System.nanoTime() - last < 200_000_000_000L, "no round for 200 s while an executor is frozen");
            Patience.pause(5);
        }
        return longest;
    }

    /** A second worker of a standalone cluster joins while rounds go on. */
    static List<Row> late(Kit kit) {
        List<Row> rows = new ArrayList<>();
        for (String mode : List.of(Kit.RESIDENT, Kit.JOBS)) {
            try (Standalone cluster = new Standalone(kit)) {
                rows.add(late(kit, cluster, mode));
            }
        }
        return rows;
    }

    private static Row late(Kit kit, Standalone cluster, String mode) {
        cluster.addWorker();
        RunFolder folder = kit.folder("late-" + mode);
        EventLog events = EventLog.in(kit.folder("events").path());
        long joined;
        try (Start start =
                kit.start(events.environment(), folder, Kit.ENDLESS, cluster.master(), mode, RARE_CHECKPOINTS)) {
            progress(start, 20 + kit.draw(50));
            long alone = folder.bytesIn();
            BooleanSupplier contributes = mode.equals(Kit.RESIDENT)
                    // One executor sends one sum, two send more.
                    ? () -> folder.bytesIn() > alone * 3 / 2
                    : () -> events.hasTaskOf("1");
            Mishap.unless(!contributes.getAsBoolean(), "an executor contributes that is not there yet");
            cluster.addWorker();
            Patience.until("the late executor to contribute", () -> contributes.getAsBoolean() || !start.isAlive());
            joined = folder.round();
            progress(start, ROUNDS_AFTER);
            // Not in each round: one that is late with an answer gets nothing until it has given it.
            Patience.until("it to contribute again", () -> contributes.getAsBoolean() || !start.isAlive());
            Mishap.unless(cluster.executors().size() == 2, "there are not two executors");
            end(kit, start);
        }
        return new Row(
                "executor-late",
                "a worker added to a standalone cluster of one while rounds go on, mode " + mode,
                1,
                "nothing; it contributed in round " + joined + " at the latest",
                Row.SAME);
    }

    private static List<ProcessHandle> executors(Start start) {
        return Processes.executorsBelow(start.process());
    }

    private static void progress(Start start, long rounds) {
        long from = start.folder().round();
        Mishap.unless(start.reaches(from + rounds), "the driver ended: " + start.errors());
    }

    /** Stops the run, lets it end a little later, and compares it. */
    private static void end(Kit kit, Start start) {
        Processes.signal(start.process(), "TERM");
        start.mustEndWith(6);
        RunFolder folder = start.folder();
        long rounds = folder.checkpoint() + ROUNDS_AFTER;
        kit.finish(folder, rounds);
        kit.compare(folder, rounds);
    }
}
