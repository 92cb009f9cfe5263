package dev.kindling.driver.transform;

import dev.kindling.driver.serving.GroupPredictor;
import dev.kindling.driver.serving.PredictionPrograms;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** The predictors of the models that this JVM has used last, shared by its Spark tasks. Thread-safe. */
final class PredictorCache {
    private static final int CAPACITY = 2;
    private static final Map<String, GroupPredictor> OPEN = new LinkedHashMap<>(CAPACITY, 0.75f, true);

    private PredictorCache() {}

    static synchronized GroupPredictor open(PredictionPrograms programs) {
        GroupPredictor predictor = OPEN.get(programs.hash());
        if (predictor == null) {
            predictor = programs.open();
            OPEN.put(programs.hash(), predictor);
        }
        Iterator<String> oldest = OPEN.keySet().iterator();
        while (OPEN.size() > CAPACITY) {
            oldest.next();
            oldest.remove();
        }
        return predictor;
    }
}
