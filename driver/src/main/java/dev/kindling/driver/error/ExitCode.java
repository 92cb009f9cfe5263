package dev.kindling.driver.error;

import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import java.io.UncheckedIOException;

/** How a command ended. */
public enum ExitCode {
    DONE(0),
    CHECK_FAILED(1),
    WRONG_USAGE(2),
    BAD_DATA(3),
    DIVERGED(4),
    CLUSTER_FAILED(5),
    /** Before its end, with a checkpoint to go on from. */
    STOPPED(6),
    /** By SIGHUP, SIGINT and SIGTERM: 128 and the signal's number, as shells have it. */
    HUNG_UP(129),
    INTERRUPTED(130),
    TERMINATED(143);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }

    /** How a command that failed so ends; what nobody foresaw is the cluster's. */
    public static ExitCode of(Throwable failure) {
        if (failure instanceof IllegalArgumentException || failure instanceof BackendUnavailableException) {
            return WRONG_USAGE;
        }
        if (failure instanceof BadDataException || failure instanceof UncheckedIOException) {
            return BAD_DATA;
        }
        if (failure instanceof StoppedException stopped) {
            return stopped.code();
        }
        return failure instanceof DivergedException ? DIVERGED : CLUSTER_FAILED;
    }

    /** One sentence about a failure, as a terminal may show it. */
    public static String message(Throwable failure) {
        return PrintableText.line(text(failure));
    }

    private static String text(Throwable failure) {
        String message = failure.getMessage();
        boolean foreseen = of(failure) != CLUSTER_FAILED
                || failure instanceof ClusterException
                || failure instanceof LostLockException;
        if (message == null || message.isBlank()) {
            return failure.getClass().getSimpleName() + "; run again with --debug to see where";
        }
        String line = message.strip().lines().findFirst().orElse("");
        return foreseen
                ? line
                : failure.getClass().getSimpleName() + ": " + line + "; run again with --debug to see where";
    }
}
