package dev.kindling.driver.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs one benchmark in this JVM and prints a table, then one JSON line for each figure. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Times parts of Kindling and a baseline; see docs/benchmarks.md.")
public final class Bench implements Callable<Integer> {
    private enum Name {
        products,
        sine,
        fc,
        conv4,
        training
    }

    private static final int WAYS = 5;
    private static final int IMAGE_THREADS = 2;
    /** Number of rounds of one timed call on sinusoids, as in the peers' programs: a single round is too short. */
    private static final int SINE_BLOCK = 500;

    /** Rows of the linear systems that are solved. */
    private static final List<Integer> SOLVED = List.of(10, 40, 80);

    private static final int SOLVED_COLUMNS = 32;

    /** Rows of the tables to which tasks add some. */
    private static final List<Integer> TABLES = List.of(1_000, 10_000, 100_000);

    private static final String REST = "rest of run";

    @Parameters(description = "${COMPLETION-CANDIDATES}")
    private Name name = Name.products;

    @Option(names = "--root", hidden = true, required = true)
    private Path root = Path.of(".");

    @Option(names = "--peers", description = "A python that has the peers' libraries; without it no peer runs.")
    private Optional<String> peers = Optional.empty();

    @Option(names = "--peers-dir", description = "Folder of the peers' programs, maml_jax.py and maml_torch.py.")
    private Path peersDir = Path.of(".");

    @Option(
            names = "--data",
            description = "Omniglot's folder with splits-vinyals, for trainings on images; without it none is run.")
    private Optional<Path> data = Optional.empty();

    @Option(names = "--only", split = ",", description = "Trainings to run, by name; default all.")
    private List<String> only = List.of();

    @Option(names = "--seconds", description = "Length of one sample; default ${DEFAULT-VALUE}.")
    private double seconds = 5;

    @Option(names = "--repeats", description = "Samples of each, taken in turn; default ${DEFAULT-VALUE}.")
    private int repeats = 5;

    @Option(names = "--backend", description = "backend.name; default ${DEFAULT-VALUE}.")
    private String backend = "vector";

    private Bench() {}

    /** Runs the benchmark that the arguments name, and exits. */
    public static void main(String... args) {
        System.exit(new CommandLine(new Bench()).execute(args));
    }

    @Override
    public Integer call() throws JsonProcessingException {
        Timing timing = new Timing(seconds, repeats);
        List<Figure> figures = switch (name) {
            case products -> products(timing.shorter(10));
            case sine -> sine(timing);
            case fc -> images(timing, "omniglot-fc-5w1s-maml.conf");
            case conv4 -> images(timing, "omniglot-conv4-5w1s-maml.conf");
            case training -> training(timing);
        };
        print(figures);
        return 0;
    }

    @SuppressWarnings("SystemOut")
    private static void print(List<Figure> figures) throws JsonProcessingException {
        System.out.printf(
                Locale.ROOT,
                "%n%s, %d processors, load %.1f%n%s%n",
                System.getProperty("java.vm.version"),
                Runtime.getRuntime().availableProcessors(),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                Figure.HEAD);
        figures.forEach(figure -> System.out.println(figure.line()));
        ObjectMapper mapper = new ObjectMapper();
        for (Figure figure : figures) {
            System.out.println(mapper.writeValueAsString(figure.json()));
        }
    }

    private static List<Figure> products(Timing timing) {
        Product square = Product.chain(512, 512, false, 1);
        Product tall = Product.forward(978, 576, 64, false, 1);
        List<Product> products = List.of(
                square,
                tall,
                Product.chain(10, 40, false, 16),
                Product.chain(10, 40, true, 16),
                Product.weights(40, 10, 40, 16),
                Product.forward(5, 784, 256, false, 1),
                Product.weights(784, 5, 256, 1),
                Product.forward(5, 256, 128, false, 4),
                Product.forward(5, 128, 256, true, 4),
                Product.weights(256, 5, 128, 4));
        Map<String, double[]> samples = timing.alternate(products);
        Product large = Stream.of(square, tall)
                .max(Comparator.comparing(product -> Timing.median(samples.get(product.name()))))
                .orElseThrow();
        List<Figure> figures = new ArrayList<>(figures("products", "GFLOP/s", samples, large.name()));
        figures.addAll(solutions(timing));
        figures.addAll(addedRows(timing));
        return figures;
    }

    /** Rows that tasks add to a table's sum, and the same with a dense array for each task, sampled in turn. */
    private static List<Figure> addedRows(Timing timing) {
        List<AddedRows> cases = new ArrayList<>();
        for (int rows : TABLES) {
            cases.add(AddedRows.of(rows, false));
            cases.add(AddedRows.of(rows, true));
        }
        Map<String, double[]> samples = timing.alternate(cases);
        List<Figure> figures = new ArrayList<>();
        for (int rows : TABLES) {
            String dense = AddedRows.name(rows, true);
            figures.add(figure("products", "tasks/ms", samples, AddedRows.name(rows, false), dense));
        }
        return figures;
    }

    /** Each solution and the same in plain loops, sampled in turn. */
    private static List<Figure> solutions(Timing timing) {
        List<Solve> cases = new ArrayList<>();
        for (int n : SOLVED) {
            cases.add(Solve.vector(n, SOLVED_COLUMNS));
            cases.add(Solve.plainLoops(n, SOLVED_COLUMNS));
        }
        Map<String, double[]> samples = timing.alternate(cases);
        List<Figure> figures = new ArrayList<>();
        for (int n : SOLVED) {
            String plain = Solve.plainName(n, SOLVED_COLUMNS);
            figures.add(figure("products", "GFLOP/s", samples, Solve.name(n, SOLVED_COLUMNS), plain));
            figures.add(figure("products", "GFLOP/s", samples, plain, plain));
        }
        return figures;
    }

    private List<Figure> sine(Timing timing) {
        Settings settings = settings("sinusoid-maml.conf", List.of());
        TaskSource source = TaskSources.open(settings.source(), new org.apache.hadoop.conf.Configuration());
        TrainingPlan plan = TrainingPlan.of(settings.plan(), settings.source(), source);
        List<BenchmarkCase> benchmarkCases = new ArrayList<>();
        benchmarkCases.add(new Rounds(settings, plan, source, 1, SINE_BLOCK));
        benchmarkCases.add(new Arithmetic(settings, plan, source, SINE_BLOCK));
        Optional<Peer> peer = peer("JAX", "maml_jax.py", List.of("--work", "sine", "--threads", "1"));
        peer.ifPresent(benchmarkCases::add);
        return rounds("sine", timing.alternate(benchmarkCases), peer, 1);
    }

    private List<Figure> images(Timing timing, String job) {
        Settings settings = settings(job, List.of("few-shot.data=none", "few-shot.ways=" + WAYS));
        TaskSource source = new Pixels(WAYS);
        TrainingPlan plan = TrainingPlan.of(settings.plan(), settings.source(), source);
        List<BenchmarkCase> benchmarkCases = new ArrayList<>();
        benchmarkCases.add(new Rounds(settings, plan, source, IMAGE_THREADS, 1));
        benchmarkCases.add(new Arithmetic(settings, plan, source, 1));
        String tasks = Integer.toString(settings.run().tasksPerRound());
        String threads = Integer.toString(IMAGE_THREADS);
        Optional<Peer> peer = peer(
                "PyTorch",
                "maml_torch.py",
                List.of("--work", name.name(), "--tasks", tasks, "--threads", threads, "--batching", "vmap"));
        peer.ifPresent(benchmarkCases::add);
        return rounds(name.name(), timing.alternate(benchmarkCases), peer, IMAGE_THREADS);
    }

    /** Trainings within Spark on two threads, each beside the program of the other library that is the fastest. */
    private List<Figure> training(Timing timing) {
        List<String> names = TrainedWork.ALL.stream().map(TrainedWork::name).toList();
        if (!names.containsAll(only)) {
            throw new IllegalArgumentException("--only is " + only + "; it must name some of " + names);
        }
        List<Figure> figures = new ArrayList<>();
        for (TrainedWork work : TrainedWork.ALL) {
            if ((only.isEmpty() || only.contains(work.name())) && (data.isPresent() || !work.images())) {
                List<BenchmarkCase> cases = new ArrayList<>();
                cases.add(new Train(root.resolve("deploy").resolve("kindling"), work.name(), work.job(root, data)));
                Optional<Peer> peer = peer(work.peer(), work.program(), work.arguments());
                peer.ifPresent(cases::add);
                Map<String, double[]> samples = timing.alternate(cases);
                String of = peer.map(Peer::name).orElse(work.name());
                figures.add(figure("training", "ms", samples, work.name(), of));
                peer.ifPresent(other -> figures.add(figure("training", "ms", samples, other.name(), other.name())));
                String first = work.name() + ": " + Train.FIRST_ROUND;
                figures.add(figure("training", "s", samples, first, first));
            }
        }
        return figures;
    }

    private Settings settings(String job, List<String> assignments) {
        Path file = root.resolve("conf").resolve(job);
        JobConfig configuration = JobConfig.load(file, assignments).with(Map.of("backend.name", backend));
        return SettingsReader.read(configuration, new org.apache.hadoop.conf.Configuration());
    }

    private Optional<Peer> peer(String library, String program, List<String> arguments) {
        return peers.map(python -> {
            List<String> command =
                    new ArrayList<>(List.of(python, peersDir.resolve(program).toString()));
            command.addAll(arguments);
            return new Peer(library, command);
        });
    }

    /** The comparison with the peer, then the parts of Kindling's round. */
    private static List<Figure> rounds(String bench, Map<String, double[]> samples, Optional<Peer> peer, int threads) {
        if (threads == 1) {
            samples.put(REST, rest(samples));
        }
        List<Figure> figures = new ArrayList<>();
        peer.ifPresent(other -> List.of(Rounds.ROUND, Arithmetic.ARITHMETIC)
                .forEach(name -> figures.add(figure(bench, "ms", samples, name, other.name()))));
        figures.addAll(figures(bench, "ms", samples, Rounds.ROUND));
        return figures;
    }

    /** The rest of a round on one thread: partitioning, checks, copies and the reduction, without episodes and arithmetic. */
    private static double[] rest(Map<String, double[]> samples) {
        double[] rest = samples.get(Rounds.RUN).clone();
        for (int i = 0; i < rest.length; i++) {
            rest[i] -= samples.get(Rounds.MATERIALISE)[i] + samples.get(Arithmetic.ARITHMETIC)[i];
        }
        return rest;
    }

    private static List<Figure> figures(String bench, String unit, Map<String, double[]> samples, String of) {
        return samples.keySet().stream()
                .map(figure -> figure(bench, unit, samples, figure, of))
                .toList();
    }

    private static Figure figure(String bench, String unit, Map<String, double[]> samples, String name, String of) {
        return new Figure(bench, name, unit, samples.get(name), of, samples.get(of));
    }
}
