package dev.kindling.job.task;

import java.util.Map;

/**
 * The sizes of support and query sets, in training and in evaluation: examples per task, or per class where tasks have
 * classes.
 *
 * @param support examples of the support set in training, at least 0; {@code task.support}
 * @param query examples of the query set in training, at least 1; {@code task.query}
 * @param evaluationSupport examples of the support set in validation and testing, at least 0; {@code evaluation.support}
 * @param evaluationQuery examples of the query set in validation and testing, at least 1; {@code evaluation.query}
 */
public record EpisodeSizes(IntRange support, int query, IntRange evaluationSupport, int evaluationQuery) {
    /** Validates the sizes; IllegalArgumentException naming the key if a query set is empty or a size is negative. */
    public EpisodeSizes {
        SettingsCodec.atLeast(0, "task.support", support.least());
        SettingsCodec.atLeast(1, "task.query", query);
        SettingsCodec.atLeast(0, "evaluation.support", evaluationSupport.least());
        SettingsCodec.atLeast(1, "evaluation.query", evaluationQuery);
    }

    /** The same sizes for all tasks. */
    public EpisodeSizes(int support, int query, int evaluationSupport, int evaluationQuery) {
        this(IntRange.of(support), query, IntRange.of(evaluationSupport), evaluationQuery);
    }

    /** Size of the support set of a task of the given split; the largest where it varies. */
    public int support(Split split) {
        return supports(split).most();
    }

    /** The sizes that the support set of a task of the given split may have. */
    public IntRange supports(Split split) {
        return split == Split.TRAIN ? support : evaluationSupport;
    }

    /** The setting that {@link #supports} comes from, as a clause such as {@code task.support is [1, 5]}. */
    public String supportClause(Split split) {
        return (split == Split.TRAIN ? "task.support is " : "evaluation.support is ") + supports(split);
    }

    /** Size of the query set of a task of the given split. */
    public int query(Split split) {
        return split == Split.TRAIN ? query : evaluationQuery;
    }

    /** Refuses empty support sets, with IllegalArgumentException naming the key. */
    public void requireSupport() {
        SettingsCodec.atLeast(1, "task.support", support.least());
        SettingsCodec.atLeast(1, "evaluation.support", evaluationSupport.least());
    }

    /** Refuses empty support sets and sizes of the support set that vary, with IllegalArgumentException; {@code source} is a name for the message. */
    public void requireFixed(String source) {
        requireSupport();
        requireFixed(source, "task.support", support);
        requireFixed(source, "evaluation.support", evaluationSupport);
    }

    private static void requireFixed(String source, String key, IntRange range) {
        if (range.varies()) {
            throw new IllegalArgumentException(
                    key + " is " + range + "; for task.source = " + source + " it must be one number");
        }
    }

    /** Adds the four sizes to a source's settings as text. */
    public void putInto(Map<String, String> settings) {
        settings.put("task.support", support.toString());
        settings.put("task.query", Integer.toString(query));
        settings.put("evaluation.support", evaluationSupport.toString());
        settings.put("evaluation.query", Integer.toString(evaluationQuery));
    }

    /** The sizes that {@link #putInto} wrote. */
    public static EpisodeSizes from(Map<String, String> settings) {
        return new EpisodeSizes(
                SettingsCodec.intRange(settings, "task.support"),
                SettingsCodec.integer(settings, "task.query"),
                SettingsCodec.intRange(settings, "evaluation.support"),
                SettingsCodec.integer(settings, "evaluation.query"));
    }
}
