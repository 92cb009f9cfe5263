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

/** Writes a network as the zip that Deeplearning4j loads. Used on the driver. */
public final class Deeplearning4jZip {
    /** The name of the entry with Kindling's own text, which Deeplearning4j ignores. */
    public static final String NOTE = "kindling.json";

    private static final String VARIANCE = "_var";
    /** The suffix that replaces it if batch norm stores log10 of the standard deviation. */
    private static final String LOG_DEVIATION = "log10stdev";
    /** The lower bound of a variance whose logarithm is written. */
    private static final double MIN_VARIANCE = 1e-30;

    private Deeplearning4jZip() {}

    /**
     * Writes a network with its weights. A network that was read from a Deeplearning4j file keeps its configuration, except for
     * the updater, which is plain gradient descent. Equal arguments give equal bytes.
     *
     * @param settings of the network; the mode of batch norm is ignored
     * @param episode the shapes of inputs and outputs
     * @param arrays row-major, for each parameter and, if there is batch norm, {@code i_mean} and {@code i_var}
     * @param rate learning rate of the updater
     * @param note the content of {@link #NOTE}
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
        MultiLayerNetwork exported = new MultiLayerNetwork(configuration);
        exported.init();
        arrays.forEach((name, numbers) -> put(exported, name, numbers));
        ByteArrayOutputStream zip = new ByteArrayOutputStream();
        try {
            ModelSerializer.writeModel(exported, zip, false);
            return withNote(zip.toByteArray(), note);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void put(MultiLayerNetwork exported, String name, double[] numbers) {
        if (exported.paramTable().containsKey(name)) {
            assign(exported, name, numbers);
        } else {
            String logarithms = name.substring(0, name.length() - VARIANCE.length()) + "_" + LOG_DEVIATION;
            assign(
                    exported,
                    logarithms,
                    Arrays.stream(numbers)
                            .map(variance -> StrictMath.log10(Math.max(variance, MIN_VARIANCE)) / 2)
                            .toArray());
        }
    }

    private static void assign(MultiLayerNetwork exported, String name, double[] numbers) {
        long[] shape = exported.getParam(name).shape();
        DataType type = exported.getLayerWiseConfigurations().getDataType();
        exported.setParam(name, Nd4j.createFromArray(numbers).castTo(type).reshape(shape));
    }

    /** The entries of the zip without times, and the note. */
    private static byte[] withNote(byte[] zip, String note) throws IOException {
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
