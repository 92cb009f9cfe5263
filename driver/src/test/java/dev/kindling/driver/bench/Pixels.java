package dev.kindling.driver.bench;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Shape;

/**
 * Few-shot tasks of black and white noise, 28x28, with one support and one query image per class: the time of a round does not
 * depend on the pixels. The images are generated once and copied, as a task source copies decoded images.
 */
final class Pixels implements TaskSource {
    private static final int IMAGES = 64;
    private static final int SIDE = 28;
    private static final double DARK_FRACTION = 0.1;

    private final EpisodeLayout layout;
    private final FlatVector images;

    /** Tasks with the given number of classes. */
    Pixels(int ways) {
        this.layout = new EpisodeLayout(Shape.of(1, SIDE, SIDE), ways, ways, ways, ways);
        RandomStream stream = RandomStream.of(1);
        float[] pixels = new float[IMAGES * SIDE * SIDE];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = stream.nextDouble() < DARK_FRACTION ? 1 : 0;
        }
        this.images = new FlatVector.OfFloat(pixels);
    }

    @Override
    public EpisodeLayout layout(Split split) {
        return layout;
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        long seed = key.taskSeed();
        return new TaskSpec(
                key.split(),
                key.round(),
                key.index(),
                seed,
                RandomStream.of(seed).sampleWithoutReplacement(2 * layout.classes(), IMAGES));
    }

    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        int image = SIDE * SIDE;
        int ways = layout.classes();
        int at = offset;
        for (int set = 0; set < 2; set++) {
            for (int way = 0; way < ways; way++) {
                target.copyFrom(images, spec.sampleIndices()[set * ways + way] * image, at + way * image, image);
                target.set(at + ways * image + way, way);
            }
            at += ways * (image + 1);
        }
    }

    @Override
    public String dataHash() {
        return "generated";
    }
}
