package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.FewShotSettings.ClassPool;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.List;

/** Few-shot settings for tests, and copies of them with one component changed; grey images, all in memory. */
final class FewShots {
    private FewShots() {}

    static FewShotSettings settings(
            String data, String split, int ways, boolean rotations, int size, EpisodeSizes sizes) {
        return new FewShotSettings(
                List.of(data),
                new SplitSettings.Named(split),
                WaySettings.of(ways),
                ClassPool.SPLIT,
                rotations,
                false,
                Augmentation.NONE,
                new ImageFormat(size, 1, ImageFormat.Polarity.DARK),
                1 << 30,
                sizes);
    }

    static FewShotSettings with(FewShotSettings from, List<String> data, SplitSettings split) {
        return new FewShotSettings(
                data,
                split,
                from.ways(),
                from.classPool(),
                from.rotations(),
                from.trainOnValidation(),
                from.augmentation(),
                from.imageFormat(),
                from.memory(),
                from.sizes());
    }

    static FewShotSettings with(FewShotSettings from, ClassPool classPool, WaySettings ways) {
        return new FewShotSettings(
                from.data(),
                from.split(),
                ways,
                classPool,
                from.rotations(),
                from.trainOnValidation(),
                from.augmentation(),
                from.imageFormat(),
                from.memory(),
                from.sizes());
    }

    static FewShotSettings with(FewShotSettings from, ImageFormat imageFormat, long memory) {
        return new FewShotSettings(
                from.data(),
                from.split(),
                from.ways(),
                from.classPool(),
                from.rotations(),
                from.trainOnValidation(),
                from.augmentation(),
                imageFormat,
                memory,
                from.sizes());
    }

    static FewShotSettings with(FewShotSettings from, EpisodeSizes sizes) {
        return new FewShotSettings(
                from.data(),
                from.split(),
                from.ways(),
                from.classPool(),
                from.rotations(),
                from.trainOnValidation(),
                from.augmentation(),
                from.imageFormat(),
                from.memory(),
                sizes);
    }

    /** The numbers of an episode. */
    static double[] episode(TaskSource source, TaskSpec spec) {
        FlatVector vector =
                FlatVector.zeros(Precision.DOUBLE, source.layout(spec).arrays().size());
        source.materialise(spec, vector, 0);
        return vector.toDoubles();
    }
}
