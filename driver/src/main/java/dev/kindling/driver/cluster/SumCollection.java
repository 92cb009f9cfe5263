package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.RangeRequest;
import java.time.Duration;
import java.time.temporal.ChronoUnit;

/** How the sums of a round reach the driver: with the result of every range, or by a {@link ReduceScatter}. */
sealed interface SumCollection permits SumCollection.Direct, ReduceScatter {
    /** Where the sums of a range stay after it has run. */
    RangeRequest.SumLocation location();

    /** How long the driver waits for the sums of retained ranges; negative if they are late. */
    Duration timeout(long now);

    /** Every range's result carries its sums. */
    record Direct() implements SumCollection {
        @Override
        public RangeRequest.SumLocation location() {
            return RangeRequest.SumLocation.RETURNED;
        }

        @Override
        public Duration timeout(long now) {
            return ChronoUnit.FOREVER.getDuration();
        }
    }
}
