package dev.kindling.driver.evaluation;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.TaskSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What decides which tasks an evaluation meets, by the keys that decide it: two evaluations that agree in all of it meet
 * the same tasks, number by number.
 */
public final class TaskSetFingerprint {
    /**
     * What names data, which has a hash, or concerns training tasks alone, or stands among the sizes already, or tells a
     * network more of the same tasks.
     */
    private static final Set<String> OTHERWISE_KNOWN = Set.of(
            SourceDescription.TOGETHER,
            "task.support",
            "task.query",
            "evaluation.support",
            "evaluation.query",
            "few-shot.data",
            "few-shot.split",
            "few-shot.memory",
            "few-shot.ways",
            "evaluation.ways",
            "sinusoid.oracle");

    private final Map<String, String> facts;

    private TaskSetFingerprint(Map<String, String> facts) {
        this.facts = facts;
    }

    /** The tasks of an evaluation on a source. */
    public static TaskSetFingerprint of(
            SourceDescription description, TaskSource source, EvaluationSettings evaluation) {
        List<EpisodeLayout> layouts = source.layouts(evaluation.split());
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("task.source", description.source());
        facts.put("evaluation.split", SplitNames.name(evaluation.split()));
        facts.put("evaluation.seed", Long.toString(evaluation.seed()));
        facts.put("evaluation.tasks", Integer.toString(evaluation.tasks()));
        facts.put("evaluation.steps", Integer.toString(evaluation.steps()));
        facts.put("the number of classes of a test task", Protocol.ways(layouts).toString());
        facts.put("evaluation.support", Protocol.shots(layouts).toString());
        facts.put("evaluation.query", Integer.toString(Protocol.query(layouts)));
        facts.put("the hash of the data", source.dataHash());
        SortedMap<String, String> settings = new TreeMap<>(description.settings());
        settings.keySet().removeAll(OTHERWISE_KNOWN);
        facts.putAll(settings);
        return new TaskSetFingerprint(facts);
    }

    /**
     * What is not the same in other tasks, as a clause.
     *
     * @param mine what errors call these
     * @param theirs what they call the others
     */
    public Optional<String> difference(String mine, TaskSetFingerprint others, String theirs) {
        return facts.keySet().stream()
                .filter(key -> !said(key).equals(others.said(key)))
                .findFirst()
                .map(key -> key + " is " + said(key) + " for " + mine + " and " + others.said(key) + " for " + theirs);
    }

    private String said(String key) {
        return facts.getOrDefault(key, "unknown");
    }
}
