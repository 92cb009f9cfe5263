package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.cluster.spark.metrics.RoundGauges;
import dev.kindling.driver.metrics.DriverLogContext;
import dev.kindling.driver.training.TrainingListener;
import java.util.OptionalDouble;
import java.util.SortedMap;

/** Reports each round to the metrics system and the log, then to the caller's listener. */
public record MetricsListener(RoundGauges gauges, TrainingListener caller) implements TrainingListener {
    @Override
    public void done(Round round) {
        gauges.done(reading(round));
        DriverLogContext.round(round.number(), round.failed());
        caller.done(round);
    }

    @Override
    public void validated(Validation validation) {
        caller.validated(validation);
    }

    private static RoundGauges.Reading reading(Round round) {
        SortedMap<String, Double> means = round.gradient().means();
        Double accuracy = means.get("query_accuracy");
        return new RoundGauges.Reading(
                round.number(),
                means.getOrDefault("query_loss", Double.NaN),
                accuracy == null ? OptionalDouble.empty() : OptionalDouble.of(accuracy),
                round.gradient().norm(),
                round.gradient().tasks(),
                round.failed().size());
    }
}
