package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.CheckResult;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.ClassSplit.TurnedClass;
import dev.kindling.job.task.fewshot.FewShotSettings.Within;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * N-way K-shot classification of images. A task has {@code ways} different classes of its purpose's split, in random
 * order: the position of a class is its label. Each class gives support + query different images. Rows are shuffled in
 * both sets.
 *
 * <p>The items of a spec are, for each way, the number of the class in its split and the numbers of its images, those of
 * the support set first. How many there are of each follows from the spec's seed where it varies. Sampling needs only the
 * index of the data; the first {@link #materialise} in a JVM decodes the images of all splits, once, or as many as memory allows.
 */
public final class FewShotSource implements TaskSource {
    private static final long DRAW = 0;
    private static final long SUPPORT_ROWS = 1;
    private static final long QUERY_ROWS = 2;
    private static final long SIZES = 3;
    /** Programs of more shapes take the driver long to write and executors to compile. */
    private static final int MOST_SHAPES = 256;

    private final FewShotSettings settings;
    private final ImageIndex index;
    private final ClassSplits classSplits;
    private final Map<Split, ClassGroups> alphabets = new EnumMap<>(Split.class);
    private volatile @Nullable Episodes episodes;

    private FewShotSource(FewShotSettings settings, ImageIndex index, ClassSplits classSplits) {
        this.settings = settings;
        this.index = index;
        this.classSplits = classSplits;
        if (settings.within() == Within.ALPHABET) {
            classSplits
                    .all()
                    .forEach(classSplit ->
                            alphabets.put(classSplit.split(), new ClassGroups(classSplit, settings.ways())));
        }
    }

    /**
     * Indexes the data and reads the splits.
     *
     * @throws BadDataException if data or splits are missing, empty or broken
     * @throws IllegalArgumentException if splits share a class, or there are none
     */
    public static FewShotSource open(FewShotSettings settings, Configuration hadoop) {
        ImageSets sets = ImageSets.open(settings, hadoop);
        return new FewShotSource(settings, sets.index(), sets.requiredSplits());
    }

    /** One image of a task: its class as the split names it, its file's name, and its label in the task. */
    public record SampledImage(String className, String image, int label) {
        String path() {
            return className + "/" + image;
        }
    }

    /**
     * The names of the classes of a purpose's split, sorted.
     *
     * @throws BadDataException if the split folder has no file for the purpose
     */
    public List<String> classes(Split split) {
        return classSplits.of(split).classes().stream().map(TurnedClass::name).toList();
    }

    /** The support images of a task in the order of the episode's rows. */
    public List<SampledImage> support(TaskSpec spec) {
        return drawings(spec, Rows.support(spec, size(spec)));
    }

    /** The query images of a task in the order of the episode's rows. */
    public List<SampledImage> query(TaskSpec spec) {
        return drawings(spec, Rows.query(spec, size(spec)));
    }

    /**
     * How large a task is.
     *
     * @param support images of each way in the support set
     * @param query images of each way in the query set
     */
    private record Size(int ways, int support, int query) {
        int perClass() {
            return support + query;
        }
    }

    /** The shapes of the largest tasks that settings give, whatever their data. */
    public static EpisodeLayout largest(FewShotSettings settings, Split split) {
        return layout(settings.imageFormat(), largestSize(settings, split));
    }

    private Size largest(Split split) {
        return largestSize(settings, split);
    }

    private static Size largestSize(FewShotSettings settings, Split split) {
        return new Size(
                settings.ways().of(split).most(),
                settings.sizes().support(split),
                settings.sizes().query(split));
    }

    private Size size(TaskSpec spec) {
        return size(spec.split(), spec.seed());
    }

    private Size size(Split split, long seed) {
        IntRange ways = settings.ways().of(split);
        IntRange support = settings.sizes().supports(split);
        if (!ways.varies() && !support.varies()) {
            return largest(split);
        }
        RandomStream stream = RandomStream.of(seed, SIZES);
        return new Size(
                ways.draw(stream), support.draw(stream), settings.sizes().query(split));
    }

    @Override
    public EpisodeLayout layout(Split split) {
        usable(split);
        return layout(largest(split));
    }

    @Override
    public EpisodeLayout layout(TaskSpec spec) {
        return layout(size(spec));
    }

    private EpisodeLayout layout(Size size) {
        return layout(settings.imageFormat(), size);
    }

    private static EpisodeLayout layout(ImageFormat imageFormat, Size size) {
        return new EpisodeLayout(
                Shape.of(imageFormat.channels(), imageFormat.size(), imageFormat.size()),
                size.ways(),
                size.ways(),
                size.ways() * size.support(),
                size.ways() * size.query());
    }

    @Override
    public List<EpisodeLayout> layouts(Split split) {
        usable(split);
        IntRange ways = settings.ways().of(split);
        IntRange support = settings.sizes().supports(split);
        int query = settings.sizes().query(split);
        long count = (long) ways.values() * support.values();
        if (count > MOST_SHAPES) {
            throw new IllegalArgumentException(
                    settings.ways().clause(split) + " and " + settings.sizes().supportClause(split) + ": tasks of "
                            + count + " shapes; there may be " + MOST_SHAPES + ", for each shape has its own program");
        }
        List<EpisodeLayout> layouts = new ArrayList<>();
        for (int of = ways.least(); of <= ways.most(); of++) {
            for (int shots = support.least(); shots <= support.most(); shots++) {
                layouts.add(layout(new Size(of, shots, query)));
            }
        }
        return layouts;
    }

    @Override
    public String outputs() {
        return settings.ways().toString();
    }

    @Override
    public List<String> notes() {
        return alphabets.values().stream()
                .map(ClassGroups::note)
                .flatMap(Optional::stream)
                .toList();
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        ClassSplit classSplit = usable(key.split());
        long seed = key.taskSeed();
        Size size = size(key.split(), seed);
        int perClass = size.perClass();
        RandomStream stream = RandomStream.of(seed, DRAW);
        int[] items = new int[size.ways() * (1 + perClass)];
        int at = 0;
        for (int number : classes(classSplit, size.ways(), stream)) {
            items[at] = number;
            int images = classSplit.classes().get(number).size();
            System.arraycopy(stream.sampleWithoutReplacement(perClass, images), 0, items, at + 1, perClass);
            at += 1 + perClass;
        }
        return new TaskSpec(key.split(), key.round(), key.index(), seed, items);
    }

    private int[] classes(ClassSplit classSplit, int ways, RandomStream stream) {
        ClassGroups among = alphabets.get(classSplit.split());
        return among == null
                ? stream.sampleWithoutReplacement(ways, classSplit.classes().size())
                : among.choose(ways, stream);
    }

    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        Episodes writer = episodes();
        int supportEnd = write(spec, Rows.support(spec, size(spec)), writer, target, offset);
        write(spec, Rows.query(spec, size(spec)), writer, target, supportEnd);
    }

    @Override
    public String dataHash() {
        return ImageDataHash.of(index, classSplits);
    }

    @Override
    public List<CheckResult> checks(List<TaskSpec> specs) {
        return List.of(splitsDisjoint(), supportAndQueryDisjoint(specs));
    }

    /** Bytes that images hold in this JVM at the moment, decoding them if they are all to be. */
    long decodedBytes() {
        return episodes().images().bytes();
    }

    /**
     * Which images fill the rows of one set of an episode: row i is image {@code order[i]}, counted way by way.
     *
     * @param first position of the set's first image among a way's images
     * @param shots images of each way
     * @param perClass images of each way in both sets
     */
    private record Rows(int[] order, int first, int shots, int perClass) {
        static Rows support(TaskSpec spec, Size size) {
            return of(spec, size, SUPPORT_ROWS, 0, size.support());
        }

        static Rows query(TaskSpec spec, Size size) {
            return of(spec, size, QUERY_ROWS, size.support(), size.query());
        }

        private static Rows of(TaskSpec spec, Size size, long stream, int first, int shots) {
            int count = size.ways() * shots;
            int[] order = RandomStream.of(spec.seed(), stream).sampleWithoutReplacement(count, count);
            return new Rows(order, first, shots, size.perClass());
        }

        int label(int row) {
            return order[row] / shots;
        }

        int classNumber(TaskSpec spec, int row) {
            return spec.sampleIndices()[label(row) * (1 + perClass)];
        }

        int imageNumber(TaskSpec spec, int row) {
            return spec.sampleIndices()[label(row) * (1 + perClass) + 1 + first + order[row] % shots];
        }
    }

    private int write(TaskSpec spec, Rows rows, Episodes writer, FlatVector target, int offset) {
        List<TurnedClass> classes = classSplits.of(spec.split()).classes();
        int numbers = settings.imageFormat().numbers();
        int count = rows.order().length;
        int labels = offset + count * numbers;
        for (int row = 0; row < count; row++) {
            TurnedClass shown = classes.get(rows.classNumber(spec, row));
            writer.write(shown, rows.imageNumber(spec, row), target, offset + row * numbers);
            target.set(labels + row, rows.label(row));
        }
        return labels + count;
    }

    private List<SampledImage> drawings(TaskSpec spec, Rows rows) {
        List<TurnedClass> classes = classSplits.of(spec.split()).classes();
        List<SampledImage> images = new ArrayList<>();
        for (int row = 0; row < rows.order().length; row++) {
            TurnedClass shown = classes.get(rows.classNumber(spec, row));
            String image = shown.images().images().get(rows.imageNumber(spec, row));
            images.add(new SampledImage(shown.name(), image, rows.label(row)));
        }
        return images;
    }

    /** The split of a purpose, held against the settings. */
    private ClassSplit usable(Split split) {
        ClassSplit classSplit = classSplits.of(split);
        Size size = largest(split);
        if (size.ways() > classSplit.classes().size()) {
            throw new IllegalArgumentException(settings.ways().clause(split) + "; it must be at most "
                    + classSplit.classes().size() + ", the classes of " + classSplit.file());
        }
        ClassGroups among = alphabets.get(split);
        if (among != null) {
            among.requireAny();
        }
        refuseFewImages(classSplit, size.perClass());
        return classSplit;
    }

    /** Too few images in one class are a fault of the data; too few in every class are a fault of the settings. */
    private static void refuseFewImages(ClassSplit classSplit, int needed) {
        TurnedClass smallest = classSplit.smallest();
        int images = smallest.size();
        if (images >= needed) {
            return;
        }
        String sentence = "class " + smallest.name() + " has " + images + " images; support and query of a task to "
                + classSplit.split().name().toLowerCase(Locale.ROOT) + " together need " + needed + " of each class";
        if (classSplit.largest().size() < needed) {
            throw new IllegalArgumentException(sentence);
        }
        throw new BadDataException(sentence);
    }

    private Episodes episodes() {
        Episodes ready = episodes;
        if (ready == null) {
            synchronized (this) {
                ready = episodes;
                if (ready == null) {
                    Decoder decoder = new Decoder(settings.imageFormat());
                    ready = new Episodes(
                            Images.of(classSplits.used(), decoder, settings.memory()), settings.imageFormat());
                    episodes = ready;
                }
            }
        }
        return ready;
    }

    private CheckResult splitsDisjoint() {
        String counts = classSplits.all().stream()
                .map(classSplit -> classSplit.classes().size() + " classes in " + classSplit.file())
                .collect(Collectors.joining(", "));
        return classSplits
                .shared()
                .map(clause -> new CheckResult("splits disjoint", false, clause))
                .orElseGet(() -> new CheckResult("splits disjoint", true, counts + ", none in two"));
    }

    private CheckResult supportAndQueryDisjoint(List<TaskSpec> specs) {
        for (TaskSpec spec : specs) {
            Set<String> support = support(spec).stream().map(SampledImage::path).collect(Collectors.toSet());
            Optional<SampledImage> shared = query(spec).stream()
                    .filter(each -> support.contains(each.path()))
                    .findFirst();
            if (shared.isPresent()) {
                return new CheckResult(
                        "support and query disjoint", false, shared.get().path() + " is in both sets of " + spec);
            }
        }
        return new CheckResult(
                "support and query disjoint", true, "no image is in both sets of any of " + specs.size() + " tasks");
    }
}
