package dev.kindling.driver.chaos;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;

/**
 * Runs fault-injection scenarios on real training runs and prints their outcomes as a table.
 *
 * @param root folder of the project
 * @param seed seed of all random choices
 * @param scenarios names of the scenarios to run; empty for all
 * @param times how often each disturbance is repeated; 0 for the default of each scenario
 */
public record Chaos(Path root, long seed, List<String> scenarios, int times) {
    private static final int WRONG_USAGE = 2;

    public Chaos {
        List<String> names = names();
        for (String name : scenarios) {
            if (!names.contains(name)) {
                throw new IllegalArgumentException("--scenario is " + name + "; it must be one of " + names);
            }
        }
        if (times < 0) {
            throw new IllegalArgumentException("--times is " + times + "; it must be at least 0");
        }
    }

    /** Runs the scenarios that the arguments name; exits with 0 if every run gave the expected bytes, else with 1. */
    public static void main(String... args) {
        try {
            System.exit(of(args).play());
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(WRONG_USAGE);
        }
    }

    private static List<String> names() {
        return Scenario.all().stream().map(Scenario::name).toList();
    }

    /** Parses the arguments without a library: the application jar has its command line library relocated. */
    private static Chaos of(String... args) {
        Chaos chaos = new Chaos(Path.of("."), System.currentTimeMillis(), List.of(), 0);
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 == args.length) {
                throw new IllegalArgumentException(
                        "deploy/chaos takes --seed N, --scenario NAME and --times K; the scenarios are " + names());
            }
            chaos = chaos.with(args[i], args[i + 1]);
        }
        return chaos;
    }

    private Chaos with(String option, String value) {
        return switch (option) {
            case "--root" -> new Chaos(Path.of(value), seed, scenarios, times);
            case "--seed" -> new Chaos(root, number(option, value), scenarios, times);
            case "--scenario" ->
                new Chaos(
                        root,
                        seed,
                        Stream.concat(scenarios.stream(), Stream.of(value)).toList(),
                        times);
            case "--times" -> new Chaos(root, seed, scenarios, (int) number(option, value));
            default ->
                throw new IllegalArgumentException(
                        "there is no option " + option + "; it must be --seed, --scenario or --times");
        };
    }

    private static long number(String option, String value) {
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + " is " + value + "; it must be an integer", e);
        }
    }

    private int play() {
        // Ends all drivers, frozen ones too, if this process is interrupted.
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly)));
        System.out.println("seed " + seed);
        Path work = root.resolve("driver/target/chaos/" + seed).toAbsolutePath().normalize();
        List<Row> rows = new ArrayList<>();
        for (Scenario scenario : Scenario.all()) {
            if (scenarios.isEmpty() || scenarios.contains(scenario.name())) {
                long begin = System.nanoTime();
                List<Row> found = play(scenario, work);
                found.forEach(row -> System.out.println(row.line()));
                System.out.println(
                        "  " + scenario.name() + " took " + (System.nanoTime() - begin) / 1_000_000_000 + " s");
                rows.addAll(found);
            }
        }
        System.out.println(
                "\nseed " + seed + ", " + Runtime.getRuntime().availableProcessors() + " processors\n" + Row.HEAD);
        rows.forEach(row -> System.out.println(row.line()));
        System.out.println("the output of the drivers is in " + work);
        return rows.stream().anyMatch(Row::failed) ? 1 : 0;
    }

    /** Runs a scenario; its random choices do not depend on which other scenarios are run. */
    private List<Row> play(Scenario scenario, Path work) {
        var random = RandomGeneratorFactory.of("L64X128MixRandom")
                .create(seed + 31L * scenario.name().hashCode());
        // An earlier start with this seed may have left runs, which must not be resumed.
        new RunFolder(work.resolve(scenario.name())).remove();
        try {
            return scenario.play().apply(new ChaosHarness(root, work.resolve(scenario.name()), random, times));
        } catch (Fault e) {
            return List.of(new Row(
                    scenario.name(),
                    "-",
                    0,
                    "-",
                    "FAILED: " + String.valueOf(e.getMessage()).strip()));
        }
    }
}
