package dev.kindling.driver.plan;

import dev.kindling.driver.aggregator.Clip;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.optimizer.Schedule;
import dev.kindling.job.algorithm.Algorithm;
import java.util.Optional;
import java.util.function.Function;

/**
 * The settings of the outer step, which updates θ from the mean contribution of a round.
 *
 * @param clip limit of the contribution's norm or values
 * @param optimizer the meta-optimizer and its learning rate
 */
public record OuterStep(Clip clip, OptimizerSettings optimizer) {
    /**
     * The outer step that a method requires. A method that interpolates subtracts a fraction of the mean contribution from θ:
     * gradient descent at that rate, without clipping. A method that contributes zeros must not decay θ. Other methods use the
     * configured step.
     *
     * @param schedules reads the schedule of a key
     */
    public static OuterStep of(Algorithm algorithm, OuterStep configured, Function<String, Schedule> schedules) {
        Optional<String> share = algorithm.interpolationRateKey();
        if (share.isPresent()) {
            return new OuterStep(new Clip.None(), OptimizerSettings.descent(schedules.apply(share.get())));
        }
        if (algorithm.claim() == Algorithm.Claim.NOTHING) {
            return new OuterStep(
                    configured.clip(),
                    OptimizerSettings.descent(configured.optimizer().rate()));
        }
        return configured;
    }
}
