package dev.kindling.ml;

/** The defaults of the parameters: Spark ML's names of columns, and the settings of {@code table.conf}. */
final class MetaDefaults {
    static final String METHOD = "bayesian-linear";
    static final int ROUNDS = 600;
    static final int TASKS = 64;
    static final int MEMBERS = 5;
    static final long SEED = 1;

    private MetaDefaults() {}
}
