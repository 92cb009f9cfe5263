package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.spark.watch.RoundGauges;
import dev.kindling.driver.loop.RoundListener;
import dev.kindling.driver.metrics.RunLog;
import java.util.OptionalDouble;
import java.util.SortedMap;

/** Tells whoever watches from outside of each round: the metrics system and the log. */
record Watch(RoundGauges gauges) implements RoundListener {
    @Override
    public void done(Round round) {
        gauges.done(reading(round));
        RunLog.round(round.number(), round.failed());
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
