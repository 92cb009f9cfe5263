package dev.kindling.driver.chaos;

import java.util.List;

/** Runs the scenarios of network faults: interrupted connections, and an unauthenticated attacker. */
final class NetworkScenarios {
    private static final long FLOOD_MILLIS = 25_000;

    private NetworkScenarios() {}

    /** Interrupts connections without closing them, so that neither end receives data or an end of the stream. */
    static List<Row> partitioned(ChaosHarness harness) {
        return List.of(oneCutOff(harness), allCutOff(harness));
    }

    private static Row oneCutOff(ChaosHarness harness) {
        int times = harness.times(3);
        long longest = 0;
        try (Network network = new Network(harness.root());
                Start start = start(harness, network, "one-cut-off")) {
            for (int i = 0; i < times; i++) {
                Relay.Connection one = oneOf(harness, network, start);
                one.interrupt();
                longest = Math.max(longest, awaitRound(harness, start));
                one.restore();
            }
            awaitTwoConnections(network, start);
            ExecutorScenarios.progress(start, ExecutorScenarios.ROUNDS_AFTER);
            ExecutorScenarios.end(harness, start);
        }
        return row("the connection of one of two executors interrupted", times, longest);
    }

    private static Row allCutOff(ChaosHarness harness) {
        int times = harness.times(3);
        long longest = 0;
        try (Network network = new Network(harness.root());
                Start start = start(harness, network, "all-cut-off")) {
            for (int i = 0; i < times; i++) {
                oneOf(harness, network, start);
                network.all().forEach(Relay::cut);
                Await.pause(2000 + harness.draw(25_000));
                long cutOff = System.nanoTime();
                long round = start.folder().round();
                network.all().forEach(Relay::restore);
                Fault.unless(start.reaches(round + 1), "the driver ended: " + start.errors());
                longest = Math.max(longest, System.nanoTime() - cutOff);
            }
            awaitTwoConnections(network, start);
            ExecutorScenarios.progress(start, ExecutorScenarios.ROUNDS_AFTER);
            ExecutorScenarios.end(harness, start);
        }
        return new Row(
                "partitioned",
                "all connections between the driver and two executors interrupted for 2 to 27 s, new ones too",
                times,
                "the time without the network, and at most " + seconds(longest) + " s until the next round",
                Row.SAME);
    }

    private static Row row(String done, int times, long longest) {
        return new Row(
                "partitioned",
                done + " for 2 to 27 s without an end of the stream",
                times,
                "the longest time without a round was " + seconds(longest) + " s",
                Row.SAME);
    }

    private static long seconds(long nanos) {
        return (nanos + 500_000_000) / 1_000_000_000;
    }

    private static Start start(ChaosHarness harness, Network network, String name) {
        return harness.start(
                network.environment(),
                harness.folder(name),
                ChaosHarness.ENDLESS,
                ChaosHarness.TWO_EXECUTORS,
                ChaosHarness.PERSISTENT,
                network.settings());
    }

    /** Waits for a random moment at which both executors are connected; returns the connection of one of them. */
    private static Relay.Connection oneOf(ChaosHarness harness, Network network, Start start) {
        awaitTwoConnections(network, start);
        ExecutorScenarios.progress(start, 1 + harness.draw(30));
        harness.pauseBelow(3000);
        List<Relay.Connection> open = network.workers().open();
        Fault.unless(open.size() == 2, "there are " + open.size() + " connections of two executors");
        return open.get((int) harness.draw(open.size()));
    }

    private static void awaitTwoConnections(Network network, Start start) {
        Await.until(
                "connections of two executors", () -> network.workers().open().size() == 2 || !start.isAlive());
    }

    private static long awaitRound(ChaosHarness harness, Start start) {
        return ExecutorScenarios.awaitRoundAfter(start, System.nanoTime() + (2000 + harness.draw(25_000)) * 1_000_000);
    }

    /** Attacks the driver's port for workers during a run that loses an executor, whose replacement must connect. */
    static List<Row> hostilePeer(ChaosHarness harness) {
        int times = harness.times(1);
        int connections = 0;
        try (Network network = new Network(harness.root());
                Start start = start(harness, network, "hostile")) {
            for (int i = 0; i < times; i++) {
                oneOf(harness, network, start);
                Attacker attacker = new Attacker(network.workers().port(), harness.draw(Long.MAX_VALUE));
                List<byte[]> sent = network.workers().open().stream()
                        .map(Relay.Connection::sent)
                        .toList();
                // These come first, since they must be logged and the number of such warnings is limited.
                attacker.declareLengths();
                sent.forEach(attacker::replay);
                sent.forEach(attacker::replayDamaged);
                attacker.flood(FLOOD_MILLIS, () -> replaceExecutor(harness, network, start));
                connections += attacker.connections();
                ExecutorScenarios.progress(start, ExecutorScenarios.ROUNDS_AFTER);
            }
            ExecutorScenarios.end(harness, start);
            requireLog(start.errors());
        }
        return List.of(new Row(
                "hostile-peer",
                "an attacker at the driver's port replays recorded connections as they were and damaged, declares impossible "
                        + "lengths, sends garbage and slow handshakes, and holds idle connections while an executor is "
                        + "killed and replaced",
                times,
                "nothing; " + connections + " connections dropped",
                Row.SAME));
    }

    private static void requireLog(String log) {
        for (String line : List.of(
                "dropped a frame of ",
                "dropped a handshake without ",
                "dropped a message before the handshake",
                " more warnings of this kind were left out")) {
            Fault.unless(log.contains(line), "the log of dropped connections has no line with: " + line);
        }
    }

    private static void replaceExecutor(ChaosHarness harness, Network network, Start start) {
        harness.pauseBelow(3000);
        List<ProcessHandle> there = ExecutorScenarios.executors(start);
        ProcessHandle one = there.get((int) harness.draw(there.size()));
        one.destroyForcibly();
        Await.until(
                "a new executor during the flood",
                () -> !start.isAlive() || isReplaced(one, ExecutorScenarios.executors(start)));
        awaitTwoConnections(network, start);
        ExecutorScenarios.progress(start, ExecutorScenarios.ROUNDS_AFTER);
    }

    private static boolean isReplaced(ProcessHandle killed, List<ProcessHandle> now) {
        return now.size() == 2 && !now.contains(killed);
    }
}
