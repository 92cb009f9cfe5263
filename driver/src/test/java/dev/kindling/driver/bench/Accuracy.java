package dev.kindling.driver.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Records the accuracies of runs in {@code docs/results/NAME.json}, and writes from all such files the picture and the table of
 * {@code docs/results.md}. A test compares both with the files, so that no number in the text is older than its run.
 */
@Command(
        name = "accuracy",
        mixinStandardHelpOptions = true,
        description =
                "Records runs in docs/results and writes the table and picture of docs/results.md from all records.")
public final class Accuracy implements Callable<Integer> {
    private static final String BEGIN = "<!-- Written by deploy/bench accuracy from docs/results/*.json -->\n";
    private static final String END = "<!-- End of what deploy/bench accuracy writes -->\n";
    private static final String PICTURE = "accuracy.svg";

    @Parameters(paramLabel = "NAME=RUN", description = "A name and the folder of a run that is trained and evaluated.")
    private Map<String, Path> runs = new TreeMap<>();

    @Option(
            names = "--note",
            description = "What to know about the minutes of these runs, such as other work at the time.")
    private String note = "";

    @Option(names = "--root", hidden = true, required = true)
    private Path root = Path.of(".");

    private Accuracy() {}

    /** Runs the command, and exits. */
    public static void main(String... args) {
        System.exit(execute(args));
    }

    /** Runs the command and returns its exit code. */
    public static int execute(String... args) {
        CommandLine command = new CommandLine(new Accuracy());
        command.setExecutionExceptionHandler((failure, line, result) -> {
            if (failure instanceof IllegalArgumentException refused) {
                line.getErr().println(refused.getMessage());
                return 2;
            }
            throw failure;
        });
        return command.execute(args);
    }

    @Override
    public Integer call() throws IOException {
        Path folder = Files.createDirectories(root.resolve("docs/results"));
        for (Map.Entry<String, Path> run : runs.entrySet()) {
            if (!run.getKey().matches("[a-z0-9][a-z0-9-]*")) {
                throw new IllegalArgumentException("the name of a run is " + run.getKey()
                        + "; it must be of lower-case letters, digits and hyphens, as the name of its job");
            }
            AccuracyRecord.of(run.getKey(), run.getValue(), machine(), note).write(folder);
        }
        Path page = root.resolve("docs/results.md");
        String text = page(Files.readString(page), folder);
        Files.writeString(folder.resolve(PICTURE), picture(folder));
        Files.writeString(page, text);
        return 0;
    }

    /** The picture of the records in a folder, as SVG. */
    public static String picture(Path folder) throws IOException {
        return AccuracyChart.of(AccuracyRecord.in(folder));
    }

    /** A text with the table of the records in a folder in its place; IllegalArgumentException if it has no place for it. */
    public static String page(String text, Path folder) throws IOException {
        return replaced(text, block(AccuracyRecord.in(folder)));
    }

    /** Processors and their model, where the operating system says it. */
    private static String machine() throws IOException {
        Path processors = Path.of("/proc/cpuinfo");
        String model = System.getProperty("os.arch");
        if (Files.exists(processors)) {
            try (Stream<String> lines = Files.lines(processors)) {
                model = lines.filter(line -> line.startsWith("model name"))
                        .map(line -> line.substring(line.indexOf(':') + 2))
                        .findFirst()
                        .orElse(model);
            }
        }
        return Runtime.getRuntime().availableProcessors() + " processors, " + model;
    }

    private static String block(List<AccuracyRecord> records) {
        if (records.isEmpty()) {
            return "No run is recorded.\n";
        }
        List<String> lines = new ArrayList<>();
        lines.add("![Accuracy against minutes of training](results/" + PICTURE + ")");
        lines.add("");
        lines.add("| job | seed | tasks | rounds | minutes | evaluated tasks | accuracy, % |");
        lines.add("|---|---|---|---|---|---|---|");
        records.forEach(record -> lines.add(record.row()));
        return String.join("\n", lines) + "\n";
    }

    private static String replaced(String page, String block) {
        int begin = page.indexOf(BEGIN);
        int end = page.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException("docs/results.md has no place for the table: a line " + BEGIN.strip()
                    + " and a line " + END.strip());
        }
        return page.substring(0, begin + BEGIN.length()) + block + page.substring(end);
    }
}
