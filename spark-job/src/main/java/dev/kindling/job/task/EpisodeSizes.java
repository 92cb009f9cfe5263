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
public record EpisodeSizes(int support, int query, int evaluationSupport, int evaluationQuery) {
    /** Refuses a size below 1 with IllegalArgumentException. */
    public EpisodeSizes {
        SettingsText.atLeast(1, "task.support", support);
        SettingsText.atLeast(1, "task.query", query);
        SettingsText.atLeast(1, "evaluation.support", evaluationSupport);
        SettingsText.atLeast(1, "evaluation.query", evaluationQuery);
    }

    /** Support points of a task drawn for the given purpose. */
    public int support(Purpose purpose) {
        return purpose == Purpose.TRAIN ? support : evaluationSupport;
    }

    /** Query points of a task drawn for the given purpose. */
    public int query(Purpose purpose) {
        return purpose == Purpose.TRAIN ? query : evaluationQuery;
    }

    /** Adds the four sizes to a source's settings as text. */
    public void putInto(Map<String, String> settings) {
        settings.put("task.support", Integer.toString(support));
        settings.put("task.query", Integer.toString(query));
        settings.put("evaluation.support", Integer.toString(evaluationSupport));
        settings.put("evaluation.query", Integer.toString(evaluationQuery));
    }

    /** The sizes that {@link #putInto} wrote. */
    public static EpisodeSizes from(Map<String, String> settings) {
        return new EpisodeSizes(
                SettingsText.whole(settings, "task.support"),
                SettingsText.whole(settings, "task.query"),
                SettingsText.whole(settings, "evaluation.support"),
                SettingsText.whole(settings, "evaluation.query"));
    }
}
