package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.optimizer.UpdateRule;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * The names and shapes of an inner optimizer's state: {@code moment.<moment>.<parameter>} for each parameter that adapts, and
 * {@code power.<name>} for all parameters together.
 */
final class InnerOptimizerState {
    private static final String POWER = "power.";
    private static final String MOMENT = "moment.";

    private InnerOptimizerState() {}

    static Layout layout(InnerOptimizer optimizer, Model model, List<String> adapting) {
        Layout.Builder layout = Layout.builder();
        powers(optimizer).forEach(name -> layout.add(name, Shape.scalar()));
        for (String parameter : adapting) {
            Shape shape = model.parameters().shape(parameter);
            moments(optimizer, parameter).forEach(name -> layout.add(name, shape));
        }
        return layout.build();
    }

    static List<String> powers(InnerOptimizer optimizer) {
        return optimizer.powers().stream().map(name -> POWER + name).toList();
    }

    static List<String> moments(InnerOptimizer optimizer, String parameter) {
        return optimizer.moments().stream()
                .map(moment -> MOMENT + moment + "." + parameter)
                .toList();
    }

    /** Whether an array holds means of squares. */
    static boolean squares(String name) {
        return name.startsWith(MOMENT + UpdateRule.SQUARE);
    }

    /** The initial value of an array's numbers. */
    static double first(String name) {
        return name.startsWith(POWER) ? 1 : 0;
    }
}
