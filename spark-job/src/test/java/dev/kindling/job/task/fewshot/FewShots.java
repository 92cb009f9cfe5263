package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.FewShotSettings.Rotations;
import dev.kindling.job.task.fewshot.FewShotSettings.Within;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import java.util.List;

/** Settings for tests that change one of them: the set, splits in files, ways, rotations, size; grey, all in memory. */
final class FewShots {
    private FewShots() {}

    static FewShotSettings settings(
            String data, String split, int ways, Rotations rotations, int size, EpisodeSizes sizes) {
        return new FewShotSettings(
                List.of(data),
                new SplitSettings.Named(split),
                Ways.of(ways),
                Within.SPLIT,
                rotations,
                new Picture(size, 1, Picture.Ink.DARK),
                1 << 30,
                sizes);
    }

    static FewShotSettings with(FewShotSettings from, List<String> data, SplitSettings split) {
        return new FewShotSettings(
                data, split, from.ways(), from.within(), from.rotations(), from.picture(), from.memory(), from.sizes());
    }

    static FewShotSettings with(FewShotSettings from, Within within, Ways ways) {
        return new FewShotSettings(
                from.data(), from.split(), ways, within, from.rotations(), from.picture(), from.memory(), from.sizes());
    }

    static FewShotSettings with(FewShotSettings from, Picture picture, long memory) {
        return new FewShotSettings(
                from.data(), from.split(), from.ways(), from.within(), from.rotations(), picture, memory, from.sizes());
    }

    static FewShotSettings with(FewShotSettings from, EpisodeSizes sizes) {
        return new FewShotSettings(
                from.data(),
                from.split(),
                from.ways(),
                from.within(),
                from.rotations(),
                from.picture(),
                from.memory(),
                sizes);
    }

    /** The numbers of an episode. */
    static double[] episode(TaskSource source, TaskSpec spec) {
        Storage storage =
                Storage.zeros(Precision.DOUBLE, source.layout(spec).arrays().size());
        source.materialise(spec, storage, 0);
        return storage.toDoubles();
    }
}
