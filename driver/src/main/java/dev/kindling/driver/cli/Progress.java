package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.run.RunContext;
import dev.kindling.job.task.PrintableText;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Displays the rounds of a run: as a bar on a terminal, as occasional lines in a file or pipe. Also prints excluded
 * tasks and the notices of rounds.
 */
abstract class Progress implements RunContext.Shown {
    /** The approximate number of rounds over which the displayed loss is averaged. */
    private static final double WINDOW = 100;

    private double loss = Double.NaN;

    /** Progress on a terminal: a bar with rounds per second, remaining time and the query loss. */
    static Progress bar(PrintWriter out, long from, long rounds) {
        return new Bar(out, from, rounds);
    }

    /**
     * Progress in a file or a pipe: a line at most every two seconds, and one at the end.
     *
     * @param from the number of rounds already completed
     * @param nanoTime a clock in nanoseconds, such as {@link System#nanoTime}
     */
    static Progress lines(PrintWriter out, long from, LongSupplier nanoTime) {
        return new Lines(out, from, nanoTime);
    }

    /** A bar if the output is a terminal, otherwise lines. */
    static Progress on(CommandContext context, long from, long rounds) {
        return context.terminal() ? bar(context.out(), from, rounds) : lines(context.out(), from, System::nanoTime);
    }

    @Override
    public final void validated(Validation validation) {
        printEscaped(validation.toString());
    }

    @Override
    public final void done(Round round) {
        double next = round.gradient().means().getOrDefault("query_loss", Double.NaN);
        double weight = 1 / Math.min(WINDOW, (double) round.number());
        loss = Double.isNaN(loss) ? next : loss + weight * (next - loss);
        round.failed().forEach(task -> printEscaped("left out " + task));
        round.notices().forEach(this::printEscaped);
        show(round, String.format(Locale.ROOT, "query loss %.4f", loss));
    }

    private void printEscaped(String line) {
        print(PrintableText.line(line));
    }

    /** Prints a message on a separate line. */
    abstract void print(String line);

    abstract void show(Round round, String currentLoss);

    @Override
    public abstract void close();

    private static final class Bar extends Progress {
        private static final int UPDATE_MILLIS = 250;
        private static final int WIDTH = 100;

        private final PrintWriter out;
        private final ProgressBar bar;

        private Bar(PrintWriter out, long from, long rounds) {
            this.out = out;
            this.bar = new ProgressBarBuilder()
                    .setTaskName("meta-training")
                    .setInitialMax(rounds)
                    .startsFrom(from, Duration.ZERO)
                    .setUpdateIntervalMillis(UPDATE_MILLIS)
                    .setStyle(ProgressBarStyle.ASCII)
                    .showSpeed()
                    .setConsumer(new DelegatingProgressBarConsumer(text -> rewrite(out, text), WIDTH))
                    .build();
        }

        private static void rewrite(PrintWriter out, String text) {
            out.print("\r" + text);
            out.flush();
        }

        /** Overwrites the bar, which is redrawn below the line. */
        @Override
        void print(String line) {
            out.println("\r" + line + " ".repeat(Math.max(0, WIDTH - line.length())));
        }

        @Override
        void show(Round round, String currentLoss) {
            bar.setExtraMessage(" " + currentLoss);
            bar.stepTo(round.number());
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    private static final class Lines extends Progress {
        private static final long PAUSE = Duration.ofSeconds(2).toNanos();

        private final PrintWriter out;
        private final LongSupplier nanoTime;
        private final long from;
        private final long start;
        private long shown;

        private Lines(PrintWriter out, long from, LongSupplier nanoTime) {
            this.out = out;
            this.from = from;
            this.nanoTime = nanoTime;
            this.start = nanoTime.getAsLong();
            this.shown = start;
        }

        @Override
        void print(String line) {
            out.println(line);
        }

        @Override
        void show(Round round, String currentLoss) {
            long now = nanoTime.getAsLong();
            if (now - shown < PAUSE && round.number() < round.of()) {
                return;
            }
            shown = now;
            double seconds = Math.max(1e-9, (now - start) / 1e9);
            double perSecond = (round.number() - from) / seconds;
            out.println(String.format(
                    Locale.ROOT,
                    "round %d of %d, %s, %.1f rounds/s, %s left",
                    round.number(),
                    round.of(),
                    currentLoss,
                    perSecond,
                    clock((round.of() - round.number()) / perSecond)));
            out.flush();
        }

        private static String clock(double seconds) {
            long whole = (long) Math.ceil(seconds);
            return String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
        }

        @Override
        public void close() {}
    }
}
