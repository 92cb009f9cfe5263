package dev.kindling;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Networks. */
public final class Networks {
    private Networks() {}

    /**
     * Fully connected layers with rectifiers and a linear output layer.
     *
     * @param units inputs, units of each hidden layer, outputs; the first and the last must be what the tasks have
     */
    public static NetworkSpec mlp(int... units) {
        if (units.length < 3) {
            throw new IllegalArgumentException("an mlp has the sizes " + Arrays.toString(units)
                    + "; it must have at least three: inputs, hidden units, outputs");
        }
        String hidden = Arrays.stream(units, 1, units.length - 1)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining("-"));
        return NetworkSpec.of("mlp-" + hidden, units[0], units[units.length - 1]);
    }

    /** A preset by name, such as {@code conv4}, or a network of a registered {@link dev.kindling.job.model.NetworkProvider}. */
    public static NetworkSpec named(String name) {
        return NetworkSpec.of(name);
    }

    /** A Deeplearning4j configuration (JSON) or network (zip) at a path, on any Hadoop file system. */
    public static NetworkSpec deeplearning4j(String path) {
        return NetworkSpec.of(path);
    }

    /** A builder of a network, layer by layer. */
    public static LayersBuilder layers() {
        return new LayersBuilder();
    }
}
