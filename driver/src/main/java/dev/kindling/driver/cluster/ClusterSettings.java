package dev.kindling.driver.cluster;

import java.time.Duration;
import java.util.Locale;

/**
 * How rounds are distributed: the section {@code cluster} of a configuration.
 *
 * @param mode how workers receive a round
 * @param workers maximum number of Spark tasks that run a round, or 0 for as many as Spark grants
 * @param executorTimeout how long a round waits while there is no executor: {@code cluster.executor-timeout}
 * @param port of the driver for persistent connections, or 0 for any; not used by {@code jobs} and in local mode
 * @param authentication whether the run may start without Spark's authentication: {@code cluster.require-authentication}
 */
public record ClusterSettings(
        Mode mode, int workers, Duration executorTimeout, int port, Authentication authentication) {
    /** How workers receive a round. */
    public enum Mode {
        /** Over persistent connections. */
        PERSISTENT,
        /** As one Spark job per round. */
        JOBS;

        /** The value of {@code cluster.mode} that means this mode. */
        public String setting() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The mode of the given setting; throws IllegalArgumentException for any other. */
        public static Mode of(String setting) {
            for (Mode mode : values()) {
                if (mode.setting().equals(setting)) {
                    return mode;
                }
            }
            throw new IllegalArgumentException("cluster.mode is " + setting + "; it must be persistent or jobs");
        }
    }

    /** Whether connections must be authenticated by Spark. */
    public enum Authentication {
        OPTIONAL,
        REQUIRED;

        /** The value for {@code cluster.require-authentication}. */
        public static Authentication of(boolean required) {
            return required ? REQUIRED : OPTIONAL;
        }
    }

    private static final int LARGEST_PORT = 65_535;

    public ClusterSettings {
        require(workers >= 0, "cluster.workers is " + workers + "; it must be 0 (as many as Spark gives) or more");
        require(
                !executorTimeout.isNegative() && !executorTimeout.isZero(),
                "cluster.executor-timeout is " + executorTimeout.toSeconds() + " s; it must be at least 1 s");
        require(port >= 0 && port <= LARGEST_PORT, "cluster.port is " + port + "; it must be 0 (any) to 65535");
    }

    /** Settings with optional authentication. */
    public ClusterSettings(Mode mode, int workers, Duration executorTimeout, int port) {
        this(mode, workers, executorTimeout, port, Authentication.OPTIONAL);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
