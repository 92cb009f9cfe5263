package dev.kindling.job.model;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;

/**
 * Reads the parameters of a network from the row vector in which Deeplearning4j stores them: layer by layer; for a convolution
 * the bias and then the weights, for batch norm gamma, beta, mean and variance, for other layers the weights in column-major
 * order and then the bias.
 */
final class StoredParameters {
    /**
     * An array within the vector.
     *
     * @param columnMajor whether it is stored in column-major order
     * @param logarithm whether it is a variance that is stored as log10 of the standard deviation
     */
    private record Block(String name, Shape shape, boolean columnMajor, boolean logarithm) {
        /** The index in the row-major array of the number at a position of the block. */
        int index(int position) {
            int rows = shape.dim(0);
            return columnMajor ? position % rows * shape.dim(1) + position / rows : position;
        }
    }

    private final NetworkFile file;
    private final Layout layout;
    private final List<Block> blocks = new ArrayList<>();

    /**
     * A reader of a network's parameters.
     *
     * @param configuration of the network
     * @param layout names and shapes of the parameters to read
     */
    StoredParameters(NetworkFile file, MultiLayerConfiguration configuration, Layout layout) {
        this.file = file;
        this.layout = layout;
        for (int i = 0; i < configuration.getConfs().size(); i++) {
            if (configuration.getConf(i).getLayer() instanceof BatchNormalization norm) {
                addNorm(i, norm.isUseLogStd());
            } else if (configuration.getConf(i).getLayer() instanceof ConvolutionLayer) {
                add(i + "_b", false);
                add(i + "_W", false);
            } else {
                add(i + "_W", true);
                add(i + "_b", false);
            }
        }
    }

    private void addNorm(int layer, boolean logarithm) {
        add(layer + "_gamma", false);
        add(layer + "_beta", false);
        Shape units = layout.shape(layer + "_gamma");
        blocks.add(new Block(layer + "_mean", units, false, false));
        blocks.add(new Block(layer + "_var", units, false, logarithm));
    }

    private void add(String name, boolean columnMajor) {
        if (layout.has(name)) {
            blocks.add(new Block(name, layout.shape(name), columnMajor, false));
        }
    }

    /** The length of the vector. */
    long count() {
        return blocks.stream().mapToLong(block -> block.shape().size()).sum();
    }

    /**
     * Reads the requested arrays, each row-major by name.
     *
     * @param in the vector, as ND4J wrote it
     * @throws IOException if the vector has another length or type, or ends too early
     * @throws BadDataException if a number is not finite, or a variance negative
     */
    Map<String, double[]> read(InputStream in) throws IOException {
        Nd4jRowVector vector = Nd4jRowVector.open(in, count());
        Map<String, double[]> arrays = new LinkedHashMap<>();
        for (Block block : blocks) {
            double[] numbers = new double[block.shape().size()];
            for (int position = 0; position < numbers.length; position++) {
                numbers[block.index(position)] = block.logarithm() ? variance(vector.next()) : vector.next();
            }
            if (layout.has(block.name())) {
                requireUsable(block.name(), numbers);
                arrays.put(block.name(), numbers);
            }
        }
        return arrays;
    }

    private static double variance(double logarithm) {
        return StrictMath.pow(10, 2 * logarithm);
    }

    /** Refuses weights that are not finite in single precision: programs may convert weights of a file in double precision. */
    private void requireUsable(String name, double[] numbers) {
        boolean variance = name.endsWith("_var");
        for (double number : numbers) {
            if (!(Math.abs(number) <= Float.MAX_VALUE)) {
                throw new BadDataException(file.subject() + ", whose " + name + " holds " + number
                        + "; weights must be finite, in single precision too");
            }
            if (variance && number < 0) {
                throw new BadDataException(
                        file.subject() + ", whose " + name + " holds " + number + "; variances must be at least 0");
            }
        }
    }
}
