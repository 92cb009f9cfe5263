package dev.kindling.driver.evaluation.groups;

import java.util.List;

/** Predicts query rows of groups from their support rows. Thread-safe; a prediction depends on its own group only. */
public interface QueryPredictor {
    /** The name in results. */
    String name();

    /** Whether predictions have variances. */
    boolean predictsVariances();

    /** The predictions for the query rows of some tasks, task after task. */
    QueryPredictions predict(List<QueryTask> tasks);
}
