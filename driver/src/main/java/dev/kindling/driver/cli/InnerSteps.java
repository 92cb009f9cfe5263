package dev.kindling.driver.cli;

import dev.kindling.driver.run.LoadedModel;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The number of inner steps of an adaptation: {@code --steps}, or by default {@code evaluation.steps} of the run. */
final class InnerSteps {
    private InnerSteps() {}

    /**
     * The number for a model.
     *
     * @param given the value of {@code --steps}; null if it is not given
     * @throws IllegalArgumentException if there can be none of that number
     */
    static int of(@Nullable Integer given, LoadedModel model) {
        int steps =
                Optional.ofNullable(given).orElse(model.settings().evaluation().steps());
        if (steps < 0) {
            throw new IllegalArgumentException("--steps is " + steps + "; it must be at least 0");
        }
        boolean without = model.settings().plan().algorithm().inner().isEmpty();
        if (given != null && without) {
            throw new IllegalArgumentException("--steps is " + steps + "; it must be left out for algorithm.name = "
                    + model.settings().plan().algorithm().name() + ", which has no inner steps");
        }
        return steps;
    }
}
