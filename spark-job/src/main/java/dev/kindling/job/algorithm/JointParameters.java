package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.List;

/** Networks that are learned together: the arrays of θ are theirs, each network's behind those of the one before. */
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

    /** Draws all of them by one seed, each as it draws itself. */
    void initialise(long seed, FlatVector target) {
        int offset = 0;
        for (Model network : networks) {
            int size = network.parameters().size();
            FlatVector own = FlatVector.zeros(target.precision(), size);
            network.initialise(seed, own);
            target.copyFrom(own, 0, offset, size);
            offset += size;
        }
    }

    /** Names of the arrays that follow statistics. */
    List<String> statistics() {
        List<String> names = new ArrayList<>();
        networks.forEach(network -> names.addAll(network.runningStatistics()));
        return names;
    }
}
