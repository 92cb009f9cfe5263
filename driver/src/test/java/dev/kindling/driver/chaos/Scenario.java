package dev.kindling.driver.chaos;

import java.util.List;
import java.util.function.Function;

/**
 * Names a kind of fault and the function that injects it into runs.
 *
 * @param name value of {@code --scenario}
 * @param play runs the scenario and returns rows of the table; throws Fault if a guarantee is broken
 */
record Scenario(String name, Function<ChaosHarness, List<Row>> play) {
    /** All scenarios, in the order in which they are run. */
    static List<Scenario> all() {
        return List.of(
                new Scenario("driver-killed", DriverScenarios::killed),
                new Scenario("two-drivers", DriverScenarios::twoAtOnce),
                new Scenario("three-starters", DriverScenarios::threeAtOnce),
                new Scenario("lock-left", DriverScenarios::lockLeft),
                new Scenario("lock-raced", DriverScenarios::lockRaced),
                new Scenario("disk-full", DiskScenarios::full),
                new Scenario("disk-read-only", DiskScenarios::readOnly),
                new Scenario("folder-removed", DiskScenarios::removed),
                new Scenario("dropped-writes", DiskScenarios::droppedWrites),
                new Scenario("executor-killed", ExecutorScenarios::killed),
                new Scenario("executor-frozen", ExecutorScenarios::frozen),
                new Scenario("executor-late", ExecutorScenarios::late),
                new Scenario("partitioned", NetworkScenarios::partitioned),
                new Scenario("hostile-peer", NetworkScenarios::hostilePeer));
    }
}
