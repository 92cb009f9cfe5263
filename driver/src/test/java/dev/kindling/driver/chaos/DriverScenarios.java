package dev.kindling.driver.chaos;

import dev.kindling.driver.checkpoint.LockTakers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** Runs the scenarios of driver faults: drivers are killed, stopped, and started several times at once. */
final class DriverScenarios {
    private static final long ROUNDS = 2000;
    private static final long LONGEST_START_MILLIS = 9000;
    private static final int TAKERS = 8;
    private static final int LOCKS = 1000;

    /** The master and the cluster mode of a start. */
    private record Place(String master, String mode) {}

    private static final List<Place> PLACES = List.of(
            new Place("local[1]", ChaosHarness.PERSISTENT),
            new Place("local[2]", ChaosHarness.JOBS),
            new Place(ChaosHarness.TWO_EXECUTORS, ChaosHarness.PERSISTENT),
            new Place("local[3]", ChaosHarness.PERSISTENT),
            new Place("local[1]", ChaosHarness.JOBS),
            new Place("local[2]", ChaosHarness.PERSISTENT),
            new Place("local-cluster[1,2,1024]", ChaosHarness.JOBS));

    /** The event that ends a start before its run is done. */
    private enum End {
        KILL_ANYWHERE,
        KILL_IN_A_ROUND,
        TERM,
        DURATION
    }

    private DriverScenarios() {}

    /** Ends drivers by SIGKILL, SIGTERM or a time limit at random moments, and resumes each on another master. */
    static List<Row> killed(ChaosHarness harness) {
        return new Killed(harness).play();
    }

    /** Runs the scenario of killed and stopped drivers, and counts its results. */
    private static final class Killed {
        private final ChaosHarness harness;
        private final int kills;
        private RunFolder folder;
        private int starts;
        private int killed;
        private int torn;
        private int stopped;
        private int runs;
        private long lost;
        private long mostLost;

        Killed(ChaosHarness harness) {
            this.harness = harness;
            this.kills = harness.times(20);
            this.folder = harness.folder("killed");
        }

        List<Row> play() {
            while (killed < kills || stopped < kills / 5) {
                boolean ended = startAndEnd(next());
                if (ended) {
                    compare();
                    folder = harness.folder("killed");
                }
            }
            harness.finish(folder, ROUNDS);
            compare();
            return List.of(
                    new Row(
                            "driver-killed",
                            "kill -9 of the driver at a random moment, " + torn
                                    + " of them while it was writing; resumed " + "on another master in the other mode",
                            killed,
                            lost + " rounds done again, at most " + mostLost + " after one kill; " + runs + " runs",
                            Row.SAME),
                    new Row(
                            "driver-stopped",
                            "SIGTERM or --max-duration at a random moment of the same runs, exit code 6",
                            stopped,
                            "nothing",
                            Row.SAME));
        }

        private void compare() {
            runs++;
            harness.compare(folder, ROUNDS);
        }

        private End next() {
            if (killed >= kills || (stopped < kills / 5 && harness.draw(5) == 0)) {
                return harness.draw(2) == 0 ? End.TERM : End.DURATION;
            }
            return harness.draw(4) == 0 ? End.KILL_ANYWHERE : End.KILL_IN_A_ROUND;
        }

        /** Starts a driver and ends it; returns whether the run was done before. */
        private boolean startAndEnd(End end) {
            Place place = PLACES.get(starts++ % PLACES.size());
            long before = folder.round();
            long whole = folder.checkpoint();
            String[] more =
                    end == End.DURATION ? new String[] {"--max-duration", 2 + harness.draw(8) + "s"} : new String[] {};
            try (Start start = harness.start(folder, ROUNDS, place.master(), place.mode(), more)) {
                boolean ended = end(start, end, whole);
                long from = start.resumedAfter();
                if (from >= 0) {
                    Fault.unless(from == whole, "resumed after " + from + " rounds, not " + whole);
                    lost += Math.max(0, before - from);
                    mostLost = Math.max(mostLost, before - from);
                }
                return ended;
            }
        }

        private boolean end(Start start, End end, long from) {
            switch (end) {
                case KILL_ANYWHERE -> harness.pauseBelow(LONGEST_START_MILLIS);
                case KILL_IN_A_ROUND, TERM -> {
                    start.reaches(from + 1 + harness.draw(2 * ROUNDS / (kills + 1)));
                    harness.pauseBelow(20);
                }
                default -> {}
            }
            if (end == End.TERM) {
                Processes.signal(start.process(), "TERM");
            } else if (end != End.DURATION && start.isAlive()) {
                start.kill();
                killed++;
                torn += start.folder().isTorn() ? 1 : 0;
                return false;
            }
            int code = start.await();
            if (code == 6) {
                stopped++;
                Fault.unless(
                        start.folder().state().equals("stopped"),
                        "status.json of a stopped run says " + start.folder().state());
            } else {
                // A SIGTERM before the driver handles signals ends the process with 143; or the run is done before the
                // signal arrives.
                Fault.unless(code == 0 || code == 143, "ended with " + code + ": " + start.errors());
            }
            return code == 0;
        }
    }

    /** Starts two drivers on one folder at nearly the same time. */
    static List<Row> twoAtOnce(ChaosHarness harness) {
        return atOnce(
                harness,
                "two-drivers",
                "two drivers started within 0.4 s",
                "one trained, the other was refused with exit code 2",
                List.of(new Place("local[1]", ChaosHarness.PERSISTENT), new Place("local[2]", ChaosHarness.JOBS)),
                400);
    }

    /** Starts three drivers on one folder at the same time. */
    static List<Row> threeAtOnce(ChaosHarness harness) {
        return atOnce(
                harness,
                "three-starters",
                "three drivers started at once",
                "one trained, the others were refused with exit code 2",
                List.of(
                        new Place("local[1]", ChaosHarness.PERSISTENT),
                        new Place("local[2]", ChaosHarness.JOBS),
                        new Place("local[2]", ChaosHarness.PERSISTENT)),
                1);
    }

    private static List<Row> atOnce(
            ChaosHarness harness,
            String scenario,
            String started,
            String outcome,
            List<Place> places,
            long apartMillis) {
        int times = harness.times(5);
        for (int i = 0; i < times; i++) {
            RunFolder folder = harness.folder(scenario);
            if (i % 2 == 0) {
                leaveLock(harness, folder);
            }
            List<Start> starts = new ArrayList<>();
            try {
                for (Place place : places) {
                    starts.add(harness.start(folder, ROUNDS, place.master(), place.mode()));
                    harness.pauseBelow(apartMillis);
                }
                requireOthersRefused(starts);
            } finally {
                starts.forEach(Start::close);
            }
            harness.compare(folder, ROUNDS);
        }
        return List.of(new Row(
                scenario,
                started + " on one folder, every other time with a dead one's lock in it",
                times,
                outcome,
                Row.SAME));
    }

    /** Kills a driver, so that its lock remains in the folder. */
    private static void leaveLock(ChaosHarness harness, RunFolder folder) {
        try (Start first = harness.start(folder, ROUNDS, "local[1]", ChaosHarness.PERSISTENT)) {
            first.reaches(2 + harness.draw(50));
            first.kill();
        }
    }

    private static void requireOthersRefused(List<Start> starts) {
        List<Integer> codes = starts.stream().map(Start::await).toList();
        Fault.unless(
                Collections.frequency(codes, 0) == 1 && Collections.frequency(codes, 2) == codes.size() - 1,
                "drivers of one folder ended with " + codes + ": "
                        + starts.stream().map(Start::errors).collect(Collectors.joining()));
        for (int i = 0; i < codes.size(); i++) {
            String message = starts.get(i).errors().strip();
            Fault.unless(
                    codes.get(i) == 0 || message.lines().count() == 1, "the refusal is not a single line: " + message);
        }
    }

    /** Restarts the run of a killed driver: the new driver takes over the lock before its lease has expired. */
    static List<Row> lockLeft(ChaosHarness harness) {
        int times = harness.times(5);
        double longest = 0;
        for (int i = 0; i < times; i++) {
            RunFolder folder = harness.folder("lock");
            try (Start first = harness.start(folder, ROUNDS, "local[2]", ChaosHarness.PERSISTENT)) {
                first.reaches(2 + harness.draw(500));
                first.kill();
            }
            Fault.unless(folder.path().resolve(".lock").toFile().exists(), "a killed driver left no lock");
            long begin = System.nanoTime();
            try (Start second = harness.start(folder, ROUNDS, "local[2]", ChaosHarness.PERSISTENT)) {
                Await.until("the run to be resumed", () -> second.resumedAfter() >= 0 || !second.isAlive());
                longest = Math.max(longest, (System.nanoTime() - begin) / 1e9);
                second.mustEndWith(0);
            }
            harness.compare(folder, ROUNDS);
        }
        Fault.unless(longest < 45, "a dead driver's lock was taken over after " + longest + " s only");
        return List.of(new Row(
                "lock-left",
                "a run whose driver was killed started again at once",
                times,
                String.format(java.util.Locale.ROOT, "at most %.0f s from the start to the resumption", longest),
                Row.SAME));
    }

    /** Lets several processes race for the locks of dead drivers; exactly one must get each lock. */
    static List<Row> lockRaced(ChaosHarness harness) {
        int locks = harness.times(LOCKS);
        try {
            List<Integer> winners = new LockTakers(TAKERS, 1, locks)
                    .race(harness.folder("raced").path());
            Fault.unless(
                    winners.stream().allMatch(count -> count == 1),
                    winners.stream().filter(count -> count != 1).count() + " of " + locks
                            + " locks were not taken by exactly one");
        } catch (IOException e) {
            throw new Fault("the locks cannot be made: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Fault("interrupted", e);
        }
        return List.of(new Row(
                "lock-raced",
                TAKERS + " processes that take over a dead driver's lock at the same moment",
                locks,
                "nothing",
                "one of them got it each time"));
    }
}
