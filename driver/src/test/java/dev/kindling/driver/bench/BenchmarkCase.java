package dev.kindling.driver.bench;

import java.util.Map;

/** A piece of work to time, alternating with others. */
interface BenchmarkCase {
    /** Works for about the given time; returns figures by name, in a fixed order, each a median over many calls. */
    Map<String, Double> sample(double seconds);

    /** Works for about the given time, so that the JIT compiler optimises the code. */
    default void warmUp(double seconds) {
        sample(seconds);
    }
}
