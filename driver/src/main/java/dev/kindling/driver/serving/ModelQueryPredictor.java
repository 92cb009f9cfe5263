package dev.kindling.driver.serving;

import dev.kindling.driver.evaluation.groups.QueryPredictions;
import dev.kindling.driver.evaluation.groups.QueryPredictor;
import dev.kindling.driver.evaluation.groups.QueryTask;
import dev.kindling.job.task.table.GroupRows;
import java.util.Arrays;
import java.util.List;

/** A trained model as a predictor of the query rows of groups, for evaluations. */
public final class ModelQueryPredictor implements QueryPredictor {
    private final String name;
    private final GroupPredictor predictor;
    private final int classes;
    private final Adaptation adaptation;

    /** Whether a model adapts to support rows. */
    public enum Adaptation {
        SUPPORT_ROWS,
        /** Every prediction is that for a group without support rows. */
        NONE
    }

    /**
     * A predictor with a model.
     *
     * @param classes number of classes; 0 for regression
     */
    public ModelQueryPredictor(String name, GroupPredictor predictor, int classes, Adaptation adaptation) {
        this.name = name;
        this.predictor = predictor;
        this.classes = classes;
        this.adaptation = adaptation;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean predictsVariances() {
        return predictor.predictsVariances();
    }

    @Override
    public QueryPredictions predict(List<QueryTask> tasks) {
        GroupBatch batch = new GroupBatch(tasks.get(0).rows().width());
        for (QueryTask task : tasks) {
            GroupRows rows = task.rows();
            batch.begin();
            for (int row = 0; row < (adaptation == Adaptation.NONE ? 0 : task.support()); row++) {
                batch.addSupport(input(rows, row), rows.y()[row], rows.weights()[row]);
            }
            for (int query = 0; query < task.queries(); query++) {
                batch.addQuery(input(rows, task.firstQuery() + query));
            }
        }
        Prediction prediction = predictor.predict(batch);
        return new QueryPredictions(
                floats(classes == 0 ? prediction.outputs() : prediction.probabilities(classes)),
                prediction.variances().map(ModelQueryPredictor::floats).orElse(new float[0]));
    }

    private static float[] input(GroupRows rows, int row) {
        return Arrays.copyOfRange(rows.x(), row * rows.width(), (row + 1) * rows.width());
    }

    private static float[] floats(double[] numbers) {
        float[] floats = new float[numbers.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) numbers[i];
        }
        return floats;
    }
}
