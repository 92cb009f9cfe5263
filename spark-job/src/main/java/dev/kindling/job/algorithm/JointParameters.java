package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.List;

/** The concatenated parameters of several networks that are trained together. */
record JointParameters(List<Model> networks) {
    JointParameters {
        networks = List.copyOf(networks);
    }

    static JointParameters of(Model... networks) {
        return new JointParameters(List.of(networks));
    }

    Layout parameters() {
        return networks.stream().map(Model::parameters).reduce(Layout.empty(), Layout::then);
    }

    /** Draws the initial parameters of all networks from one seed. */
    void initialise(long seed, FlatVector target) {
        int offset = 0;
        for (Model network : networks) {
            int size = network.parameters().size();
            FlatVector initial = FlatVector.zeros(target.precision(), size);
            network.initialise(seed, initial);
            target.copyFrom(initial, 0, offset, size);
            offset += size;
        }
    }

    /** The names of the running statistics. */
    List<String> statistics() {
        List<String> names = new ArrayList<>();
        networks.forEach(network -> names.addAll(network.runningStatistics()));
        return names;
    }
}
