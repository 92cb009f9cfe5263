package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.SettingsCodec;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * A task source of given episodes for evaluation: task i of an evaluation is episode i, whatever the seed. Training tasks only
 * have a shape, that of the run's own, so the training data need not be at hand.
 */
public final class FixedEpisodeSource implements TaskSource {
    /** The command line option that names the episodes, for messages. */
    public static final String OPTION = "--episodes";

    private static final String SETTING = "few-shot.episodes";

    /** Each shape has a program that the driver builds and executors compile, so their number is bounded. */
    private static final int MOST_SHAPES = 256;

    private final FewShotSettings settings;
    private final String place;
    private final FixedEpisodes episodes;
    private final List<EpisodeLayout> layouts;
    private final Episodes writer;

    private FixedEpisodeSource(FewShotSettings settings, String place, FixedEpisodes episodes) {
        this.settings = settings;
        this.place = place;
        this.episodes = episodes;
        this.layouts = episodes.tasks().stream()
                .map(task -> task.layout(settings.imageFormat()))
                .toList();
        this.writer = new Episodes(
                Images.of(
                        episodes.tasks().stream().flatMap(GivenTask::images).toList(),
                        new Decoder(settings.imageFormat()),
                        settings.memory()),
                settings.imageFormat());
    }

    /**
     * A few-shot source with given episodes instead of drawn ones.
     *
     * @param source the description of the run's source
     * @param place a folder or a JSON list on any Hadoop file system
     * @throws IllegalArgumentException if the source is not few-shot, or the path is malformed
     */
    public static SourceDescription describe(SourceDescription source, String place, Configuration hadoop) {
        if (!source.source().equals(FewShotProvider.NAME)) {
            throw new IllegalArgumentException(
                    OPTION + " is " + place + "; it needs a run of task.source = few-shot, not " + source.source());
        }
        SortedMap<String, String> settings = new TreeMap<>(source.settings());
        settings.put(SETTING, ResolvedPath.of(OPTION, place, hadoop).path().toString());
        return new SourceDescription(source.source(), settings);
    }

    /** Whether {@link #describe} made the settings. */
    static boolean isDescribedBy(SortedMap<String, String> settings) {
        return settings.containsKey(SETTING);
    }

    /**
     * Lists the episodes and decodes their images.
     *
     * @throws BadDataException if an episode is incomplete or an image cannot be read
     */
    static FixedEpisodeSource open(SortedMap<String, String> settings, Configuration hadoop) {
        ResolvedPath place = ResolvedPath.of(OPTION, SettingsCodec.text(settings, SETTING), hadoop);
        return new FixedEpisodeSource(
                FewShotSettings.fromMap(settings), place.path().toString(), FixedEpisodes.open(place));
    }

    /** The path of the folder or list. */
    public String place() {
        return place;
    }

    @Override
    public OptionalInt tasks(Split split) {
        return OptionalInt.of(episodes.tasks().size());
    }

    @Override
    public Optional<String> name(TaskSpec spec) {
        return Optional.of(episodes.tasks().get(spec.index()).name());
    }

    /** The numbers of support images of a class. */
    public IntRange shots() {
        return sizes(task -> task.support().stream());
    }

    /** The numbers of query images of a class that has any. */
    public IntRange queries() {
        return sizes(task -> task.query().stream().map(GivenTask.Queries::images));
    }

    private IntRange sizes(Function<GivenTask, Stream<ImageClass>> classes) {
        return range(episodes.tasks().stream()
                .flatMap(classes)
                .mapToInt(each -> each.images().size()));
    }

    @Override
    public EpisodeLayout layout(Split split) {
        List<EpisodeLayout> all = layouts(split);
        return all.get(all.size() - 1);
    }

    @Override
    public List<EpisodeLayout> layouts(Split split) {
        if (split == Split.TRAIN) {
            return List.of(FewShotSource.largest(settings, Split.TRAIN));
        }
        List<EpisodeLayout> shapes = layouts.stream()
                .distinct()
                .sorted((one, other) ->
                        Long.compare(one.arrays().size(), other.arrays().size()))
                .toList();
        if (shapes.size() > MOST_SHAPES) {
            throw new IllegalArgumentException(OPTION + ": the episodes have " + shapes.size()
                    + " combinations of numbers of classes, support images and query images; there may be "
                    + MOST_SHAPES
                    + ", because each has its own program; evaluate them in parts");
        }
        return shapes;
    }

    @Override
    public EpisodeLayout layout(TaskSpec spec) {
        return spec.split() == Split.TRAIN ? layout(Split.TRAIN) : layouts.get(spec.index());
    }

    @Override
    public String outputs() {
        return settings.ways().clause(Split.TRAIN) + " and the episodes of " + OPTION + " have "
                + range(layouts.stream().mapToInt(EpisodeLayout::classes)) + " classes";
    }

    private static IntRange range(IntStream numbers) {
        IntSummaryStatistics range = numbers.summaryStatistics();
        return new IntRange(range.getMin(), range.getMax());
    }

    /**
     * @throws IllegalArgumentException for a training task, or an index that is not below the number of episodes
     */
    @Override
    public TaskSpec sample(TaskKey key) {
        if (key.split() == Split.TRAIN || key.index() >= layouts.size()) {
            throw new IllegalArgumentException(OPTION + " has " + layouts.size()
                    + " episodes for evaluation; there is no " + "task " + key.index() + " for " + key.split());
        }
        return new TaskSpec(key.split(), key.round(), key.index(), key.taskSeed(), new int[0]);
    }

    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        episodes.tasks().get(spec.index()).write(writer, settings.imageFormat(), target, offset);
    }

    @Override
    public String dataHash() {
        return episodes.hash();
    }
}
