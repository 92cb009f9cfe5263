package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.spark.DriverClasspath;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.error.ExitCode;
import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.job.task.PrintableText;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * The entry point of the command line. An error prints a single-line message to stderr and ends with an exit code; see
 * {@link ExitCode}.
 */
@Command(name = "kindling", description = "Meta-learning on Apache Spark.", synopsisSubcommandLabel = "COMMAND")
public final class Kindling {
    /** Read by picocli only. */
    @SuppressWarnings("unused")
    @Option(names = "--help", usageHelp = true, description = "Prints this page.")
    private boolean help;

    private Kindling() {}

    /**
     * Runs a command and ends the JVM with its exit code. After success it only returns if Spark would report a call
     * of {@link System#exit} as a failure.
     */
    public static void main(String[] args) {
        Signals signals = new Signals();
        signals.listen();
        try {
            DriverClasspath.attach();
        } catch (RuntimeException | Error e) {
            System.exit(failed(e, new PrintWriter(ErrorStream.standard(), true, StandardCharsets.UTF_8), debugs(args)));
        }
        int code = run(args, System.out, ErrorStream.standard(), signals);
        if (code != ExitCode.DONE.number() || !SparkApplication.takesExitForFailure()) {
            System.exit(code);
        }
    }

    /** Runs a command on Spark and returns its exit code. */
    public static int run(String[] args, PrintStream out, PrintStream err) {
        return run(args, out, err, new Signals());
    }

    private static int run(String[] args, PrintStream out, PrintStream err, Signals signals) {
        PrintWriter results = new PrintWriter(out, true, StandardCharsets.UTF_8);
        PrintWriter errors = new PrintWriter(err, true, StandardCharsets.UTF_8);
        return run(
                args,
                new CommandContext(ClusterProvider.spark(), results, InstantSource.system(), terminal(), signals),
                errors);
    }

    /**
     * Whether stdout may be a terminal. From Java 22 on there can be a console without a terminal; then the progress
     * bar is written to a file, which is harmless.
     */
    @SuppressWarnings("SystemConsoleNull")
    private static boolean terminal() {
        return System.console() != null;
    }

    static int run(String[] args, CommandContext context, PrintWriter err) {
        boolean debug = debugs(args);
        CommandLine line = new CommandLine(new Kindling())
                .addSubcommand(new TrainCommand(context))
                .addSubcommand(new EvaluateCommand(context))
                .addSubcommand(new AdaptCommand(context))
                .addSubcommand(new CompareCommand(context))
                .addSubcommand(new ReportCommand(context))
                .addSubcommand(new CheckCommand(context))
                .addSubcommand(new PackCommand(context))
                .addSubcommand(new ExportCommand(context))
                // An argument may begin with @: do not read it as picocli's file of arguments.
                .setExpandAtFiles(false)
                .setOut(context.out())
                .setErr(err)
                .setParameterExceptionHandler((e, given) -> wrongUsage(e, err))
                .setExecutionExceptionHandler((e, command, parsed) -> failed(e, err, debug));
        try {
            return line.execute(args);
        } catch (Error e) {
            // Picocli handles exceptions only; an Error occurs if, for instance, a native library does not load.
            return failed(e, err, debug);
        }
    }

    /**
     * Whether {@code --debug} is among the arguments; needed before picocli has parsed them, as errors may occur then.
     */
    static boolean debugs(String[] args) {
        return Arrays.asList(args).contains("--debug");
    }

    private static int wrongUsage(ParameterException e, PrintWriter err) {
        String problem = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        err.println(PrintableText.line(problem) + "; see "
                + e.getCommandLine().getCommandSpec().qualifiedName(" ") + " --help");
        return ExitCode.WRONG_USAGE.number();
    }

    /** Prints the message of a failure, if {@code debug} also its stack trace, and returns its exit code. */
    static int failed(Throwable e, PrintWriter err, boolean debug) {
        err.println(ExitCode.message(e));
        if (debug) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace, true));
            trace.toString()
                    .lines()
                    .map(line -> line.replace("\t", "    "))
                    .map(PrintableText::line)
                    .forEach(err::println);
        }
        err.flush();
        return ExitCode.of(e).number();
    }
}
