package dev.kindling.driver.evaluation.groups;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.driver.evaluation.Calibration;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.GroupEvaluation;
import dev.kindling.driver.evaluation.GroupEvaluation.EvaluatedGroup;
import dev.kindling.driver.evaluation.GroupMeasure;
import dev.kindling.driver.evaluation.GroupProtocol;
import dev.kindling.driver.evaluation.GroupScores;
import dev.kindling.driver.evaluation.SplitNames;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.table.GroupRows;
import dev.kindling.job.task.table.TableSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Evaluates a model and baselines on held-out groups of a table, for several numbers of support rows, on the cores of this JVM.
 * {@link GroupProtocol} states which rows are shown and which are predicted. The groups are those of the evaluation's tasks, in
 * their order. The number of threads changes no bit of the result.
 */
public final class GroupEvaluator {
    /** The most groups that are evaluated. */
    public static final int MOST_GROUPS = 20_000;

    /** The most predicted numbers that are held in memory, 80 MB: further groups are not evaluated. */
    private static final int MOST_NUMBERS = 20_000_000;

    /** Predictors that the limit allows for, so that it does not depend on how many there are. */
    private static final int PREDICTORS = 5;

    /** Groups that one thread predicts together. */
    private static final int CHUNK = 64;

    /** Chunks between two checks for an interruption. */
    private static final int WAVE = 64;

    private final TableSource source;
    private final EvaluationSettings settings;
    private final List<Integer> supportRows;
    private final int mostNumbers;

    /**
     * An evaluator of the tasks of an evaluation.
     *
     * @param supportRows the numbers of support rows, ascending, at least one
     */
    public GroupEvaluator(TableSource source, EvaluationSettings settings, List<Integer> supportRows) {
        this(source, settings, supportRows, MOST_NUMBERS);
    }

    GroupEvaluator(TableSource source, EvaluationSettings settings, List<Integer> supportRows, int mostNumbers) {
        this.source = source;
        this.settings = settings;
        this.supportRows = List.copyOf(supportRows);
        this.mostNumbers = mostNumbers;
    }

    /**
     * Evaluates a model.
     *
     * @throws dev.kindling.job.error.BadDataException if rows of a group are damaged
     * @throws ClusterException if the calling thread is interrupted
     */
    public GroupEvaluation evaluate(QueryPredictor model, FittedBaselines baselines) {
        List<QueryPredictor> predictors = new ArrayList<>(List.of(model));
        predictors.addAll(baselines.predictors());
        Work work = new Work(predictors);
        work.predict();
        List<GroupScores> scores = work.scores();
        int shorter = (int)
                work.groups.stream().filter(group -> group.rows() <= most()).count();
        GroupProtocol protocol = new GroupProtocol(
                SplitNames.name(settings.split()),
                work.groups.size(),
                shorter,
                work.rows.size(),
                supportRows,
                source.manifest().classes(),
                baselines.trainingGroups(),
                settings.seed());
        return new GroupEvaluation(
                protocol,
                work.groups,
                scores.subList(0, 1),
                scores.subList(1, scores.size()),
                baselines.notes(),
                work.calibration());
    }

    private int most() {
        return supportRows.get(supportRows.size() - 1);
    }

    /** The evaluation of some predictors. */
    private final class Work {
        private final List<QueryPredictor> predictors;
        private final List<TaskSpec> specs = new ArrayList<>();
        private final List<EvaluatedGroup> groups = new ArrayList<>();
        private final QueryRows rows;
        /** For each predictor and number of support rows, the predictions for all query rows. */
        private final QueryPredictions[][] predictions;

        Work(List<QueryPredictor> predictors) {
            this.predictors = predictors;
            int classes = source.manifest().classes().size();
            this.rows = new QueryRows(sample(Math.max(2, classes)), classes, source.targetScale());
            this.predictions = new QueryPredictions[predictors.size()][supportRows.size()];
            for (int i = 0; i < predictors.size(); i++) {
                for (int k = 0; k < supportRows.size(); k++) {
                    predictions[i][k] = new QueryPredictions(
                            new float[rows.size() * rows.outputs()],
                            new float[predictors.get(i).predictsVariances() ? rows.size() : 0]);
                }
            }
        }

        /** Chooses the groups; returns the number of the first query row of each, and that of all. */
        private int[] sample(int numbersOfRow) {
            long mostQueries = mostNumbers / ((long) numbersOfRow * supportRows.size() * PREDICTORS);
            Sampler sampler = new Sampler(source, settings.seed(), settings.split());
            List<Integer> starts = new ArrayList<>(List.of(0));
            long queries = 0;
            int tasks = Math.min(
                    source.tasks(settings.split()).orElse(MOST_GROUPS), Math.min(settings.tasks(), MOST_GROUPS));
            for (int index = 0; index < tasks; index++) {
                TaskSpec spec = sampler.range(0, index, index + 1).get(0);
                int size = source.rows(spec);
                int ofGroup = Math.min(size - Math.min(most(), size - 1), source.mostQueries(settings.split()));
                queries += ofGroup;
                if (queries > mostQueries && !groups.isEmpty()) {
                    break;
                }
                specs.add(spec);
                groups.add(new EvaluatedGroup(source.name(spec).orElseThrow(), size, ofGroup));
                starts.add((int) queries);
            }
            return starts.stream().mapToInt(Integer::intValue).toArray();
        }

        void predict() {
            int chunks = (groups.size() + CHUNK - 1) / CHUNK;
            for (int wave = 0; wave < chunks; wave += WAVE) {
                try {
                    IntStream.range(wave, Math.min(chunks, wave + WAVE))
                            .parallel()
                            .forEach(this::predict);
                } catch (RuntimeException e) {
                    // An interruption also makes files unreadable.
                    throw Thread.currentThread().isInterrupted() ? interrupted(e) : e;
                }
                if (Thread.currentThread().isInterrupted()) {
                    throw interrupted(new InterruptedException());
                }
            }
        }

        private static ClusterException interrupted(Exception cause) {
            return new ClusterException("the evaluation by group was interrupted", cause);
        }

        private void predict(int chunk) {
            int from = chunk * CHUNK;
            int to = Math.min(groups.size(), from + CHUNK);
            List<GroupRows> read = IntStream.range(from, to)
                    .mapToObj(group -> source.groupRows(specs.get(group)))
                    .toList();
            int first = rows.starts()[from];
            int at = first;
            for (int i = 0; i < read.size(); i++) {
                int queries = groups.get(from + i).queries();
                int firstQuery = groups.get(from + i).support(most());
                System.arraycopy(read.get(i).y(), firstQuery, rows.targets(), at, queries);
                System.arraycopy(read.get(i).weights(), firstQuery, rows.weights(), at, queries);
                at += queries;
            }
            for (int k = 0; k < supportRows.size(); k++) {
                List<QueryTask> tasks = tasks(read, from, supportRows.get(k));
                for (int i = 0; i < predictors.size(); i++) {
                    QueryPredictions part = predictors.get(i).predict(tasks);
                    QueryPredictions all = predictions[i][k];
                    System.arraycopy(part.outputs(), 0, all.outputs(), first * rows.outputs(), part.outputs().length);
                    if (all.variances().length > 0) {
                        System.arraycopy(part.variances(), 0, all.variances(), first, part.variances().length);
                    }
                }
            }
        }

        private List<QueryTask> tasks(List<GroupRows> read, int from, int k) {
            return IntStream.range(0, read.size())
                    .mapToObj(i -> {
                        EvaluatedGroup group = groups.get(from + i);
                        return new QueryTask(read.get(i), group.support(k), group.support(most()), group.queries());
                    })
                    .toList();
        }

        List<GroupScores> scores() {
            return IntStream.range(0, predictors.size())
                    .parallel()
                    .mapToObj(this::scores)
                    .toList();
        }

        private GroupScores scores(int predictor) {
            List<Map<GroupMeasure, Double>> overRows = new ArrayList<>();
            List<Map<GroupMeasure, double[]>> ofGroups = new ArrayList<>();
            for (int k = 0; k < supportRows.size(); k++) {
                RowMeasures measures = new RowMeasures(rows, predictions[predictor][k]);
                Map<GroupMeasure, Double> all = new EnumMap<>(GroupMeasure.class);
                Map<GroupMeasure, double[]> each = new EnumMap<>(GroupMeasure.class);
                for (GroupMeasure measure : measures.measures()) {
                    all.put(measure, measures.of(measure, 0, rows.size()));
                    double[] values = new double[rows.groups()];
                    for (int group = 0; group < values.length; group++) {
                        values[group] = measures.of(measure, rows.starts()[group], rows.starts()[group + 1]);
                    }
                    each.put(measure, values);
                }
                overRows.add(all);
                ofGroups.add(each);
            }
            return new GroupScores(predictors.get(predictor).name(), overRows, ofGroups);
        }

        Calibration calibration() {
            return new RowMeasures(rows, predictions[0][supportRows.size() - 1]).calibration();
        }
    }
}
