package dev.kindling.driver.bench;

import java.util.Map;

/** Something to time, side by side with others. */
interface BenchmarkCase {
    /** Works for about so many seconds; figures by name, in a fixed order, each a median over many calls. */
    Map<String, Double> sample(double seconds);

    /** Works for about so many seconds, until the compiler has done its part. */
    default void warmUp(double seconds) {
        sample(seconds);
    }
}
