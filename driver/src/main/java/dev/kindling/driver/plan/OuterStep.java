package dev.kindling.driver.plan;

import dev.kindling.driver.aggregator.Clip;
import dev.kindling.driver.optimizer.MetaOptimizerType;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.optimizer.Schedule;
import dev.kindling.job.algorithm.Algorithm;
import java.util.Optional;
import java.util.function.Function;

/**
 * How the mean contribution of a round moves θ.
 *
 * @param clip what limits the contribution
 * @param optimizer the meta-optimizer and its rate
 */
public record OuterStep(Clip clip, OptimizerSettings optimizer) {
    /**
     * What a method demands. One that interpolates takes a share of the mean contribution from θ: plain descent at that rate,
     * without clipping. One that contributes nothing must not decay θ. Any other takes what is configured.
     *
     * @param schedules reads the schedule at a key
     */
    public static OuterStep of(Algorithm algorithm, OuterStep configured, Function<String, Schedule> schedules) {
        Optional<String> share = algorithm.interpolationRateKey();
        if (share.isPresent()) {
            return new OuterStep(
                    new Clip.None(), new OptimizerSettings(MetaOptimizerType.SGD, schedules.apply(share.get()), 0));
        }
        if (algorithm.claim() == Algorithm.Claim.NOTHING) {
            Schedule rate = configured.optimizer().rate();
            return new OuterStep(configured.clip(), new OptimizerSettings(MetaOptimizerType.SGD, rate, 0));
        }
        return configured;
    }
}
