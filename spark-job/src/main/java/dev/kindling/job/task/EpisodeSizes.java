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
public record EpisodeSizes(Counts support, int query, Counts evaluationSupport, int evaluationQuery) {
    /** Refuses a size below 1 with IllegalArgumentException. */
    public EpisodeSizes {
        SettingsText.atLeast(1, "task.support", support.least());
        SettingsText.atLeast(1, "task.query", query);
        SettingsText.atLeast(1, "evaluation.support", evaluationSupport.least());
        SettingsText.atLeast(1, "evaluation.query", evaluationQuery);
    }

    /** The same sizes for all tasks. */
    public EpisodeSizes(int support, int query, int evaluationSupport, int evaluationQuery) {
        this(Counts.of(support), query, Counts.of(evaluationSupport), evaluationQuery);
    }

    /** Support points of a task drawn for the given purpose; the most of them where they vary. */
    public int support(Purpose purpose) {
        return supports(purpose).most();
    }

    /** What a task drawn for the given purpose may have as support points. */
    public Counts supports(Purpose purpose) {
        return purpose == Purpose.TRAIN ? support : evaluationSupport;
    }

    /** The setting behind {@link #supports}, as a clause such as {@code task.support is [1, 5]}. */
    public String supportClause(Purpose purpose) {
        return (purpose == Purpose.TRAIN ? "task.support is " : "evaluation.support is ") + supports(purpose);
    }

    /** Query points of a task drawn for the given purpose. */
    public int query(Purpose purpose) {
        return purpose == Purpose.TRAIN ? query : evaluationQuery;
    }

    /** Refuses support sets whose size varies, for the source of the given name, with IllegalArgumentException. */
    public void requireFixed(String source) {
        requireFixed(source, "task.support", support);
        requireFixed(source, "evaluation.support", evaluationSupport);
    }

    private static void requireFixed(String source, String key, Counts counts) {
        if (counts.varies()) {
            throw new IllegalArgumentException(
                    key + " is " + counts + "; for task.source = " + source + " it must be one number");
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
                SettingsText.counts(settings, "task.support"),
                SettingsText.whole(settings, "task.query"),
                SettingsText.counts(settings, "evaluation.support"),
                SettingsText.whole(settings, "evaluation.query"));
    }
}
