package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.spark.watch.RoundGauges;
import dev.kindling.driver.loop.RoundListener;
import dev.kindling.driver.loop.Validation;
import dev.kindling.driver.metrics.RunLog;
import java.util.OptionalDouble;
import java.util.SortedMap;

/** Tells whoever watches of each round: the metrics system and the log outside, and who called the command. */
record Watch(RoundGauges gauges, RoundListener caller) implements RoundListener {
    @Override
    public void done(Round round) {
        gauges.done(reading(round));
        RunLog.round(round.number(), round.failed());
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
