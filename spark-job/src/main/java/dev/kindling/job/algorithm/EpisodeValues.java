package dev.kindling.job.algorithm;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import java.util.LinkedHashMap;
import java.util.Map;

/** Declares the arrays of episodes as inputs of programs, and separates indices of categories from features. */
final class EpisodeValues {
    /** The indices of the support set's categories, [examples, categories]. */
    static final String SUPPORT_CATEGORIES = "support.categories";

    /** The indices of the query set's categories, [examples, categories]. */
    static final String QUERY_CATEGORIES = "query.categories";

    private EpisodeValues() {}

    /** Declares task inputs for some of the arrays of an episode; see {@link #separated}. */
    static Map<String, Value> declare(ProgramBuilder b, EpisodeLayout layout, Layout arrays) {
        return separated(b, layout, NamedValues.declare(b, arrays, Program.Scope.TASK));
    }

    /**
     * The arrays with the features only in place of the inputs. If there are categories, their indices are additional values,
     * {@link #SUPPORT_CATEGORIES} and {@link #QUERY_CATEGORIES}.
     *
     * @param arrays of the episode; inputs may have further axes in front
     */
    static Map<String, Value> separated(ProgramBuilder b, EpisodeLayout layout, Map<String, Value> arrays) {
        if (layout.categories().isEmpty()) {
            return arrays;
        }
        Map<String, Value> separated = new LinkedHashMap<>(arrays);
        separate(b, layout, separated, EpisodeLayout.SUPPORT_X, SUPPORT_CATEGORIES);
        separate(b, layout, separated, EpisodeLayout.QUERY_X, QUERY_CATEGORIES);
        return separated;
    }

    private static void separate(
            ProgramBuilder b, EpisodeLayout layout, Map<String, Value> arrays, String inputs, String categories) {
        Value x = arrays.get(inputs);
        if (x != null) {
            int axis = x.shape().rank() - 1;
            int features = layout.features().size();
            arrays.put(inputs, b.slice(x, axis, 0, features));
            arrays.put(categories, b.slice(x, axis, features, layout.input().size()));
        }
    }
}
