package dev.kindling.examples;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSourceProvider;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Shape;
import java.util.Map;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/** A task source of one's own: {@code task.source = blobs} draws a point in the plane for each class and examples around it. */
public final class Blobs implements TaskSourceProvider {
    @Override
    public String name() {
        return "blobs";
    }

    @Override
    public Map<String, Object> defaults() {
        return Map.of("blobs.classes", 3, "blobs.spread", 0.2);
    }

    @Override
    public TaskSource open(SortedMap<String, String> settings, Configuration hadoop) {
        int classes = Integer.parseInt(settings.get("blobs.classes"));
        double spread = Double.parseDouble(settings.get("blobs.spread"));
        int shots = Integer.parseInt(settings.get("task.support"));
        int queries = Integer.parseInt(settings.get("task.query"));
        return new Source(new EpisodeLayout(Shape.of(2), classes, classes, classes * shots, classes * queries), spread);
    }

    private record Source(EpisodeLayout layout, double spread) implements TaskSource {
        @Override
        public EpisodeLayout layout(Split split) {
            return layout;
        }

        @Override
        public TaskSpec sample(TaskKey key) {
            return new TaskSpec(key.split(), key.round(), key.index(), key.taskSeed(), new int[0]);
        }

        @Override
        public void materialise(TaskSpec spec, FlatVector target, int offset) {
            RandomStream stream = RandomStream.of(spec.seed());
            double[] centres = new double[2 * layout.classes()];
            for (int i = 0; i < centres.length; i++) {
                centres[i] = stream.nextDouble(-1, 1);
            }
            var arrays = layout.arrays();
            for (String set : new String[] {"support", "query"}) {
                int x = offset + arrays.offset(set + ".x");
                int y = offset + arrays.offset(set + ".y");
                int examples = arrays.shape(set + ".y").size();
                for (int i = 0; i < examples; i++) {
                    int label = i % layout.classes();
                    target.set(x + 2 * i, centres[2 * label] + spread * stream.nextNormal());
                    target.set(x + 2 * i + 1, centres[2 * label + 1] + spread * stream.nextNormal());
                    target.set(y + i, label);
                }
            }
        }

        @Override
        public String dataHash() {
            return "generated";
        }
    }
}
