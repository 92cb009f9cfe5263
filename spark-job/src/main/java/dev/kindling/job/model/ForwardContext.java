package dev.kindling.job.model;

import dev.kindling.job.program.Value;
import java.util.Optional;

/**
 * The inputs of a forward pass in addition to parameters and examples.
 *
 * @param groups number of consecutive parts of equal size in the batch; batch norm computes statistics for each separately
 * @param key a vector of integers from which dropout draws, different for each pass; empty for a pass without dropout
 */
public record ForwardContext(int groups, Optional<Value> key) {
    /** One group and no dropout. */
    public static final ForwardContext PLAIN = new ForwardContext(1, Optional.empty());

    /** One group, with dropout drawn from the key. */
    public static ForwardContext dropping(Value key) {
        return new ForwardContext(1, Optional.of(key));
    }

    ForwardContext inGroups(int count) {
        return new ForwardContext(count, key);
    }
}
