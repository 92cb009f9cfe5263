package dev.kindling.job.model;

import dev.kindling.job.program.Value;
import java.util.Optional;

/**
 * One pass of a batch through a network: what layers have to know beside parameters and inputs.
 *
 * @param groups parts of equal size that the batch consists of, one behind the other; batch norm takes its statistics over
 *     each for itself
 * @param key a vector of whole numbers that dropout draws with, different for each pass; empty where nothing is dropped
 */
public record ForwardContext(int groups, Optional<Value> key) {
    /** The whole batch together, and nothing dropped. */
    public static final ForwardContext PLAIN = new ForwardContext(1, Optional.empty());

    /** The whole batch together, with dropout drawn by the key. */
    public static ForwardContext dropping(Value key) {
        return new ForwardContext(1, Optional.of(key));
    }

    ForwardContext inGroups(int count) {
        return new ForwardContext(count, key);
    }
}
