package dev.kindling.driver.evaluation;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The result of an evaluation by group: the measures of a model, or of several, and of baselines on the same query rows.
 *
 * @param groups the evaluated groups, in the order of the scores
 * @param models at least one
 * @param baselines fitted to training groups of the same table
 * @param notes why a baseline is left out, a sentence each
 * @param calibration of the first model
 */
public record GroupEvaluation(
        GroupProtocol protocol,
        List<EvaluatedGroup> groups,
        List<GroupScores> models,
        List<GroupScores> baselines,
        List<String> notes,
        Calibration calibration) {
    /** The name of the model in an evaluation of one model. */
    public static final String MODEL = "model";

    /**
     * A group.
     *
     * @param rows number of rows
     * @param queries number of those that are queries
     */
    public record EvaluatedGroup(String key, int rows, int queries) {
        /** The number of support rows that the group is shown where {@code k} are to be shown. */
        public int support(int k) {
            return Math.min(k, rows - 1);
        }
    }

    /** A predictor and another one with which it is compared, group by group. */
    public record Pair(GroupScores predictor, GroupScores against) {}

    public GroupEvaluation {
        groups = List.copyOf(groups);
        models = List.copyOf(models);
        baselines = List.copyOf(baselines);
        notes = List.copyOf(notes);
    }

    /**
     * The evaluations of several models of the same table as one, with the baselines of the first.
     *
     * @param names of the models
     * @param seeds for each model its evaluations, at least one, each of one model
     * @throws IllegalArgumentException if they were not made on the same query rows
     */
    public static GroupEvaluation joined(List<String> names, List<List<GroupEvaluation>> seeds) {
        GroupEvaluation first = seeds.get(0).get(0);
        seeds.stream()
                .flatMap(List::stream)
                .filter(each -> !each.groups.equals(first.groups)
                        || !each.protocol.supportRows().equals(first.protocol.supportRows()))
                .findFirst()
                .ifPresent(each -> {
                    throw new IllegalArgumentException(
                            "the models were evaluated on other groups or numbers of support rows");
                });
        List<GroupScores> scores = IntStream.range(0, names.size())
                .mapToObj(i -> GroupScores.mean(
                        names.get(i),
                        seeds.get(i).stream().map(each -> each.models.get(0)).toList()))
                .toList();
        return new GroupEvaluation(
                first.protocol, first.groups, scores, first.baselines, first.notes, first.calibration);
    }

    /** The main measure: the root mean squared error, or the log loss for classes. */
    public GroupMeasure shown() {
        return protocol.classes().isEmpty() ? GroupMeasure.RMSE : GroupMeasure.LOG_LOSS;
    }

    /** Models and baselines. */
    public List<GroupScores> predictors() {
        return Stream.concat(models.stream(), baselines.stream()).toList();
    }

    /** The first model against each baseline, and each later model against the first. */
    public List<Pair> pairs() {
        List<Pair> pairs = new ArrayList<>();
        models.stream().skip(1).forEach(model -> pairs.add(new Pair(model, models.get(0))));
        baselines.forEach(baseline -> pairs.add(new Pair(models.get(0), baseline)));
        return pairs;
    }

    /** The measures by which a pair is compared. */
    public List<GroupMeasure> compared(Pair pair) {
        return pair.predictor().measures().stream()
                .filter(measure -> measure.isCompared() && pair.against().has(measure))
                .toList();
    }

    /** The numbers of the groups on which the first model is worst with the largest number of support rows, at most {@code most}. */
    public List<Integer> worst(int most) {
        double[] scores = models.get(0).ofGroups(shown(), protocol.supportRows().size() - 1);
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer group) -> -finite(scores[group])))
                .limit(most)
                .collect(Collectors.toList());
    }

    /** A score that is not finite is the worst. */
    private static double finite(double score) {
        return Double.isNaN(score) ? Double.POSITIVE_INFINITY : score;
    }
}
