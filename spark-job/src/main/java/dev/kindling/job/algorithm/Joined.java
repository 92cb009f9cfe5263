package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.List;

/** Networks that are learned together: the arrays of θ are theirs, each network's behind those of the one before. */
record Joined(List<Model> networks) {
    Joined {
        networks = List.copyOf(networks);
    }

    static Joined of(Model... networks) {
        return new Joined(List.of(networks));
    }

    Layout parameters() {
        return networks.stream().map(Model::parameters).reduce(Layout.empty(), Layout::then);
    }

    /** Draws all of them by one seed, each as it draws itself. */
    void initialise(long seed, Storage target) {
        int offset = 0;
        for (Model network : networks) {
            int size = network.parameters().size();
            Storage own = Storage.zeros(target.precision(), size);
            network.initialise(seed, own);
            target.copyFrom(own, 0, offset, size);
            offset += size;
        }
    }

    /** Names of the arrays that follow statistics. */
    List<String> statistics() {
        List<String> names = new ArrayList<>();
        networks.forEach(network -> names.addAll(network.statistics()));
        return names;
    }
}
