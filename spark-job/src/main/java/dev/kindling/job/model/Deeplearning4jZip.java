package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** A network as the zip that Deeplearning4j loads. Lives on the driver. */
public final class Deeplearning4jZip {
    /** The entry with Kindling's own text; Deeplearning4j passes over it. */
    public static final String NOTE = "kindling.json";

    private static final String VARIANCE = "_var";
    /** What stands in its place where batch norm keeps log10 of the standard deviation. */
    private static final String LOG_DEVIATION = "log10stdev";
    /** The least variance whose logarithm is written. */
    private static final double LEAST_VARIANCE = 1e-30;

    private Deeplearning4jZip() {}

    /**
     * Writes a network with its numbers. What came from a Deeplearning4j file leaves under the configuration it came with,
     * but for the updater, which is plain gradient descent. Equal arguments give equal bytes.
     *
     * @param settings of the network; batch norm's mode plays no part
     * @param episode the shapes it is for
     * @param arrays row-major, for each parameter and, where there is batch norm, {@code i_mean} and {@code i_var}
     * @param rate of the descent
     * @param note what stands in {@link #NOTE}
     */
    public static byte[] write(
            ModelSettings settings,
            EpisodeLayout episode,
            SortedMap<String, double[]> arrays,
            Precision precision,
            double rate,
            String note) {
        Network network = (Network) ModelFactory.of(settings, episode);
        MultiLayerConfiguration configuration = settings.file()
                .map(file -> Deeplearning4jFile.read(file).configuration())
                .orElseGet(() -> Deeplearning4jWriter.configuration(network, episode.features()));
        Layout parameters = network.parameters();
        Deeplearning4jWriter.complete(configuration, parameters, precision, rate);
        MultiLayerNetwork theirs = new MultiLayerNetwork(configuration);
        theirs.init();
        arrays.forEach((name, numbers) -> put(theirs, name, numbers));
        ByteArrayOutputStream zip = new ByteArrayOutputStream();
        try {
            ModelSerializer.writeModel(theirs, zip, false);
            return noted(zip.toByteArray(), note);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void put(MultiLayerNetwork theirs, String name, double[] numbers) {
        if (theirs.paramTable().containsKey(name)) {
            assign(theirs, name, numbers);
        } else {
            String logarithms = name.substring(0, name.length() - VARIANCE.length()) + "_" + LOG_DEVIATION;
            assign(
                    theirs,
                    logarithms,
                    Arrays.stream(numbers)
                            .map(variance -> StrictMath.log10(Math.max(variance, LEAST_VARIANCE)) / 2)
                            .toArray());
        }
    }

    private static void assign(MultiLayerNetwork theirs, String name, double[] numbers) {
        long[] shape = theirs.getParam(name).shape();
        DataType type = theirs.getLayerWiseConfigurations().getDataType();
        theirs.setParam(name, Nd4j.createFromArray(numbers).castTo(type).reshape(shape));
    }

    /** The same entries without times, and the note. */
    private static byte[] noted(byte[] zip, String note) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip));
                ZipOutputStream out = new ZipOutputStream(bytes)) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                add(out, entry.getName(), in.readAllBytes());
            }
            add(out, NOTE, note.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    private static void add(ZipOutputStream out, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTime(0);
        out.putNextEntry(entry);
        out.write(content);
        out.closeEntry();
    }
}
