package dev.kindling.driver.evaluation;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.fewshot.Augmentation;
import dev.kindling.job.task.fewshot.FewShotSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The settings that determine the tasks of an evaluation: two evaluations with equal fingerprints use bitwise identical
 * tasks.
 */
public final class TaskSetFingerprint {
    /**
     * Settings that do not belong to the fingerprint: paths of data, which has a hash; settings of training tasks; sizes that
     * are listed separately; and additional inputs for the same tasks.
     */
    private static final Set<String> EXCLUDED = Set.of(
            SourceDescription.TOGETHER,
            "task.support",
            "task.query",
            "evaluation.support",
            "evaluation.query",
            "few-shot.data",
            "few-shot.split",
            "few-shot.memory",
            "few-shot.ways",
            FewShotSettings.TRAIN_ON_VALIDATION,
            "evaluation.ways",
            Augmentation.ROTATION,
            Augmentation.TRANSLATION,
            Augmentation.SCALING,
            Augmentation.SHEAR,
            "sinusoid.oracle",
            "table.pack");

    private final Map<String, String> entries;

    private TaskSetFingerprint(Map<String, String> entries) {
        this.entries = entries;
    }

    /** The tasks of an evaluation on a source. */
    public static TaskSetFingerprint of(
            SourceDescription description, TaskSource source, EvaluationSettings evaluation) {
        List<EpisodeLayout> layouts = source.layouts(evaluation.split());
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put("task.source", description.source());
        entries.put("evaluation.split", SplitNames.name(evaluation.split()));
        entries.put("evaluation.seed", Long.toString(evaluation.seed()));
        entries.put("evaluation.tasks", Integer.toString(evaluation.tasks()));
        entries.put("evaluation.steps", Integer.toString(evaluation.steps()));
        entries.put(
                "the number of classes of a test task", Protocol.ways(layouts).toString());
        entries.put("evaluation.support", Protocol.shots(layouts).toString());
        entries.put("evaluation.query", Protocol.query(layouts).toString());
        entries.put("the hash of the data", source.dataHash());
        SortedMap<String, String> settings = new TreeMap<>(description.settings());
        settings.keySet().removeAll(EXCLUDED);
        entries.putAll(settings);
        return new TaskSetFingerprint(entries);
    }

    /**
     * The first difference to another fingerprint as a clause for a message; empty if they are equal.
     *
     * @param name how the message names these tasks
     * @param otherName how it names the other tasks
     */
    public Optional<String> difference(String name, TaskSetFingerprint other, String otherName) {
        return entries.keySet().stream()
                .filter(key -> !value(key).equals(other.value(key)))
                .findFirst()
                .map(key ->
                        key + " is " + value(key) + " for " + name + " and " + other.value(key) + " for " + otherName);
    }

    private String value(String key) {
        return entries.getOrDefault(key, "unknown");
    }
}
