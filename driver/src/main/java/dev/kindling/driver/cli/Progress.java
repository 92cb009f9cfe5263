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

/** Shows a run while it goes: a bar on a terminal, now and then a line elsewhere; and names each task left out, and sums out of line. */
abstract class Progress implements RunContext.Shown {
    /** Rounds over which the shown loss is averaged, more or less. */
    private static final double WINDOW = 100;

    private double loss = Double.NaN;

    /** For a terminal: a bar with rounds per second, time left and the query loss. */
    static Progress bar(PrintWriter out, long from, long rounds) {
        return new Bar(out, from, rounds);
    }

    /**
     * For a file or a pipe: a line at most every two seconds, and one at the end.
     *
     * @param from how many rounds are done already
     * @param nanoTime a clock, as {@link System#nanoTime}
     */
    static Progress lines(PrintWriter out, long from, LongSupplier nanoTime) {
        return new Lines(out, from, nanoTime);
    }

    /** What suits the place where results go. */
    static Progress on(CommandContext context, long from, long rounds) {
        return context.terminal() ? bar(context.out(), from, rounds) : lines(context.out(), from, System::nanoTime);
    }

    @Override
    public final void validated(Validation validation) {
        say(validation.toString());
    }

    @Override
    public final void done(Round round) {
        double next = round.gradient().means().getOrDefault("query_loss", Double.NaN);
        double weight = 1 / Math.min(WINDOW, (double) round.number());
        loss = Double.isNaN(loss) ? next : loss + weight * (next - loss);
        round.failed().forEach(task -> say("left out " + task));
        round.notices().forEach(this::say);
        show(round, String.format(Locale.ROOT, "query loss %.4f", loss));
    }

    private void say(String line) {
        print(PrintableText.line(line));
    }

    /** Prints a line of its own. */
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

        /** Over the bar, which is drawn again below. */
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
