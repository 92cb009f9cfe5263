package dev.kindling.driver.run;

import dev.kindling.driver.transform.PredictionCounts;
import dev.kindling.driver.transform.PredictionJob;
import dev.kindling.driver.transform.TableModel;

/** Writes tables with predictions, on a platform that has Spark. */
@FunctionalInterface
public interface TablePrediction {
    /** As {@link PredictionJob#run}. */
    PredictionCounts run(TableModel model, PredictionJob.Request request);
}
