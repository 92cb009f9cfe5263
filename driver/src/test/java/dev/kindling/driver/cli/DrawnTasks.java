package dev.kindling.driver.cli;

import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.FewShotSource;
import dev.kindling.job.task.fewshot.FewShotSource.SampledImage;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Writes tasks that an evaluation draws as folders of images: a class is named by its label, an image by its row, so that the
 * sorted order within a class is the drawn one.
 */
final class DrawnTasks {
    private final FewShotSource source;
    private final List<TaskSpec> specs;
    private final Map<String, byte[]> images = new HashMap<>();

    /** The first tasks for testing, whose images are in zips. */
    DrawnTasks(FewShotSource source, long seed, int count, Path... zips) throws IOException {
        this.source = source;
        this.specs = new Sampler(source, seed, Split.TEST).range(0, 0, count);
        for (Path path : zips) {
            try (ZipFile zip = new ZipFile(path.toFile())) {
                for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
                    ZipEntry entry = entries.nextElement();
                    try (InputStream in = zip.getInputStream(entry)) {
                        images.put(entry.getName().replaceFirst("^images_[a-z]*/", ""), in.readAllBytes());
                    }
                }
            }
        }
    }

    /** Writes {@code episodes/<number>/{support,query}/<label>/<row>.png}; returns the folder of the episodes. */
    Path write(Path folder) throws IOException {
        for (int task = 0; task < specs.size(); task++) {
            Path episode = folder.resolve("%03d".formatted(task));
            write(source.support(specs.get(task)), episode.resolve("support"));
            write(source.query(specs.get(task)), episode.resolve("query"));
        }
        return folder;
    }

    private void write(List<SampledImage> set, Path folder) throws IOException {
        for (int row = 0; row < set.size(); row++) {
            SampledImage image = set.get(row);
            Path file = folder.resolve(image.label() + "/%03d.png".formatted(row));
            Files.createDirectories(file.getParent());
            Files.write(file, images.get(image.className() + "/" + image.image()));
        }
    }

    /** The inputs of a drawn episode with its rows in the order of the folders: sorted by label, then by row. */
    List<double[]> sortedArrays(int task) {
        TaskSpec spec = specs.get(task);
        EpisodeLayout layout = source.layout(spec);
        FlatVector episode = FlatVector.zeros(Precision.DOUBLE, layout.arrays().size());
        source.materialise(spec, episode, 0);
        List<double[]> arrays = new ArrayList<>();
        int size = layout.features().size();
        for (List<SampledImage> set : List.of(source.support(spec), source.query(spec))) {
            int start = layout.arrays().offset(arrays.isEmpty() ? EpisodeLayout.SUPPORT_X : EpisodeLayout.QUERY_X);
            List<Integer> rows =
                    new ArrayList<>(IntStream.range(0, set.size()).boxed().toList());
            rows.sort(Comparator.comparing(row -> set.get(row).label()));
            double[] x = new double[set.size() * size];
            double[] y = new double[set.size()];
            for (int row = 0; row < rows.size(); row++) {
                for (int i = 0; i < size; i++) {
                    x[row * size + i] = episode.at(start + rows.get(row) * size + i);
                }
                y[row] = set.get(rows.get(row)).label();
            }
            Collections.addAll(arrays, x, y);
        }
        return arrays;
    }
}
