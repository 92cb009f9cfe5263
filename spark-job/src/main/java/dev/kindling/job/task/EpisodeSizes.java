package dev.kindling.job.task;

import java.util.Map;

/**
 * How many points an episode has, in training and in evaluation: per task, or per class where tasks have classes.
 *
 * @param support points of the support set in training, at least 1; {@code task.support}
 * @param query points of the query set in training, at least 1; {@code task.query}
 * @param evaluationSupport points of the support set in validation and testing, at least 1; {@code evaluation.support}
 * @param evaluationQuery points of the query set in validation and testing, at least 1; {@code evaluation.query}
 */
public record EpisodeSizes(IntRange support, int query, IntRange evaluationSupport, int evaluationQuery) {
    /** Refuses a size below 1 with IllegalArgumentException. */
    public EpisodeSizes {
        SettingsCodec.atLeast(1, "task.support", support.least());
        SettingsCodec.atLeast(1, "task.query", query);
        SettingsCodec.atLeast(1, "evaluation.support", evaluationSupport.least());
        SettingsCodec.atLeast(1, "evaluation.query", evaluationQuery);
    }

    /** The same sizes for all tasks. */
    public EpisodeSizes(int support, int query, int evaluationSupport, int evaluationQuery) {
        this(IntRange.of(support), query, IntRange.of(evaluationSupport), evaluationQuery);
    }

    /** Support points of a task drawn for the given purpose; the most of them where they vary. */
    public int support(Split split) {
        return supports(split).most();
    }

    /** What a task drawn for the given purpose may have as support points. */
    public IntRange supports(Split split) {
        return split == Split.TRAIN ? support : evaluationSupport;
    }

    /** The setting behind {@link #supports}, as a clause such as {@code task.support is [1, 5]}. */
    public String supportClause(Split split) {
        return (split == Split.TRAIN ? "task.support is " : "evaluation.support is ") + supports(split);
    }

    /** Query points of a task drawn for the given purpose. */
    public int query(Split split) {
        return split == Split.TRAIN ? query : evaluationQuery;
    }

    /** Refuses support sets whose size varies, for the source of the given name, with IllegalArgumentException. */
    public void requireFixed(String source) {
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
                SettingsCodec.counts(settings, "task.support"),
                SettingsCodec.integer(settings, "task.query"),
                SettingsCodec.counts(settings, "evaluation.support"),
                SettingsCodec.integer(settings, "evaluation.query"));
    }
}
