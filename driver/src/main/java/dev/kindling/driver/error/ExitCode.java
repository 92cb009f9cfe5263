package dev.kindling.driver.error;

import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import java.io.UncheckedIOException;

/** The exit codes of the command line. */
public enum ExitCode {
    DONE(0),
    CHECK_FAILED(1),
    WRONG_USAGE(2),
    BAD_DATA(3),
    DIVERGED(4),
    CLUSTER_FAILED(5),
    /** The run was stopped before its end and can be resumed from a checkpoint. */
    STOPPED(6),
    /** Ended by SIGHUP, SIGINT or SIGTERM: 128 plus the number of the signal, as in shells. */
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

    /** The exit code for a failure; an unexpected exception counts as a failure of the cluster. */
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
        if (failure instanceof StoppedEarlyException) {
            return STOPPED;
        }
        return failure instanceof DivergedException ? DIVERGED : CLUSTER_FAILED;
    }

    /** The message of a failure as a single line without control characters. */
    public static String message(Throwable failure) {
        return PrintableText.line(text(failure));
    }

    private static String text(Throwable failure) {
        String message = failure.getMessage();
        boolean expected = of(failure) != CLUSTER_FAILED
                || failure instanceof ClusterException
                || failure instanceof LostLockException;
        if (message == null || message.isBlank()) {
            return failure.getClass().getSimpleName() + "; run again with --debug to see where";
        }
        String line = message.strip().lines().findFirst().orElse("");
        return expected
                ? line
                : failure.getClass().getSimpleName() + ": " + line + "; run again with --debug to see where";
    }
}
