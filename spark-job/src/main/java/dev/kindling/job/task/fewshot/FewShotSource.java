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
import dev.kindling.job.task.fewshot.FewShotSettings.ClassPool;
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
 * A task source of N-way K-shot image classification. A task has {@code ways} different classes of its split in random order;
 * the position of a class is its label. Each class contributes support + query different images. The rows of both sets are
 * shuffled.
 *
 * <p>The sample indices of a spec are, for each way, the index of the class in its split and the indices of its images, those
 * of the support set first. Where ways or shots vary, they are derived from the spec's seed. Sampling needs only the index of
 * the data; {@link #materialise} decodes an image once in a JVM, or as often as {@code few-shot.memory} demands, and distorts
 * the images of training tasks as {@link Augmentation} says.
 */
public final class FewShotSource implements TaskSource {
    private static final long SAMPLE = 0;
    private static final long SUPPORT_ROWS = 1;
    private static final long QUERY_ROWS = 2;
    private static final long SIZES = 3;
    private static final long SUPPORT_AUGMENTATION = 4;
    private static final long QUERY_AUGMENTATION = 5;
    /** Each shape has a program that the driver builds and executors compile, so their number is bounded. */
    private static final int MOST_SHAPES = 256;

    private final FewShotSettings settings;
    private final ImageIndex index;
    private final ClassSplits classSplits;
    private final Map<Split, ClassGroups> groups = new EnumMap<>(Split.class);
    private volatile @Nullable Episodes episodes;

    private FewShotSource(FewShotSettings settings, ImageIndex index, ClassSplits classSplits) {
        this.settings = settings;
        this.index = index;
        this.classSplits = classSplits;
        if (settings.classPool() == ClassPool.GROUP) {
            classSplits
                    .all()
                    .forEach(
                            classSplit -> groups.put(classSplit.split(), new ClassGroups(classSplit, settings.ways())));
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
        ClassSplits splits = sets.requiredSplits();
        return new FewShotSource(
                settings, sets.index(), settings.trainOnValidation() ? splits.trainOnValidation() : splits);
    }

    /**
     * One image of a task.
     *
     * @param className as the split names the class
     * @param image name of the file
     * @param label of the class in the task
     */
    public record SampledImage(String className, String image, int label) {
        String path() {
            return className + "/" + image;
        }
    }

    /**
     * The sorted names of the classes of a split.
     *
     * @throws BadDataException if the data has no such split
     */
    public List<String> classes(Split split) {
        return classSplits.of(split).classes().stream().map(TurnedClass::name).toList();
    }

    /** The support images of a task in the order of the episode's rows. */
    public List<SampledImage> support(TaskSpec spec) {
        return images(spec, Rows.support(spec, size(spec)));
    }

    /** The query images of a task in the order of the episode's rows. */
    public List<SampledImage> query(TaskSpec spec) {
        return images(spec, Rows.query(spec, size(spec)));
    }

    /**
     * The size of a task.
     *
     * @param support images of each way in the support set
     * @param query images of each way in the query set
     */
    private record Size(int ways, int support, int query) {
        int perClass() {
            return support + query;
        }
    }

    /** The shapes of the largest tasks that the settings allow, without opening the data. */
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
        checked(split);
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
    public boolean has(Split split) {
        return classSplits.all().stream().anyMatch(each -> each.split() == split);
    }

    @Override
    public List<EpisodeLayout> layouts(Split split) {
        checked(split);
        IntRange ways = settings.ways().of(split);
        IntRange support = settings.sizes().supports(split);
        int query = settings.sizes().query(split);
        long count = (long) ways.values() * support.values();
        if (count > MOST_SHAPES) {
            throw new IllegalArgumentException(settings.ways().clause(split) + " and "
                    + settings.sizes().supportClause(split) + ": tasks of " + count + " shapes; there may be "
                    + MOST_SHAPES + ", because each shape has its own program");
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
        return groups.values().stream()
                .map(ClassGroups::note)
                .flatMap(Optional::stream)
                .toList();
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        ClassSplit classSplit = checked(key.split());
        long seed = key.taskSeed();
        Size size = size(key.split(), seed);
        int perClass = size.perClass();
        RandomStream stream = RandomStream.of(seed, SAMPLE);
        int[] indices = new int[size.ways() * (1 + perClass)];
        int at = 0;
        for (int number : classes(classSplit, size.ways(), stream)) {
            indices[at] = number;
            int images = classSplit.classes().get(number).size();
            System.arraycopy(stream.sampleWithoutReplacement(perClass, images), 0, indices, at + 1, perClass);
            at += 1 + perClass;
        }
        return new TaskSpec(key.split(), key.round(), key.index(), seed, indices);
    }

    private int[] classes(ClassSplit classSplit, int ways, RandomStream stream) {
        ClassGroups ofSplit = groups.get(classSplit.split());
        return ofSplit == null
                ? stream.sampleWithoutReplacement(ways, classSplit.classes().size())
                : ofSplit.choose(ways, stream);
    }

    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        Episodes writer = episodes();
        Size size = size(spec);
        int supportEnd = write(spec, Rows.support(spec, size), SUPPORT_AUGMENTATION, writer, target, offset);
        write(spec, Rows.query(spec, size), QUERY_AUGMENTATION, writer, target, supportEnd);
    }

    @Override
    public String dataHash() {
        return ImageDataHash.of(index, classSplits);
    }

    @Override
    public List<CheckResult> checks(List<TaskSpec> specs) {
        return List.of(splitsDisjoint(), supportAndQueryDisjoint(specs));
    }

    /** Bytes that decoded images take in this JVM at the moment; a small set is decoded first. */
    long decodedBytes() {
        return episodes().images().bytes();
    }

    /**
     * The assignment of images to the rows of one set of an episode: row i is image {@code order[i]}, counted way by way.
     *
     * @param first index of the set's first image within the images of a way
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

    private int write(TaskSpec spec, Rows rows, long stream, Episodes writer, FlatVector target, int offset) {
        boolean augmented =
                spec.split() == Split.TRAIN && !settings.augmentation().isNone();
        List<TurnedClass> classes = classSplits.of(spec.split()).classes();
        int samples = settings.imageFormat().samples();
        int count = rows.order().length;
        int labels = offset + count * samples;
        for (int row = 0; row < count; row++) {
            TurnedClass imageClass = classes.get(rows.classNumber(spec, row));
            int image = rows.imageNumber(spec, row);
            if (augmented) {
                RandomStream ofRow = RandomStream.of(spec.seed(), stream, row);
                Augmentation.Origin origin = settings.augmentation()
                        .draw(ofRow, settings.imageFormat().size());
                writer.write(imageClass, image, origin, target, offset + row * samples);
            } else {
                writer.write(imageClass, image, target, offset + row * samples);
            }
            target.set(labels + row, rows.label(row));
        }
        return labels + count;
    }

    private List<SampledImage> images(TaskSpec spec, Rows rows) {
        List<TurnedClass> classes = classSplits.of(spec.split()).classes();
        List<SampledImage> images = new ArrayList<>();
        for (int row = 0; row < rows.order().length; row++) {
            TurnedClass imageClass = classes.get(rows.classNumber(spec, row));
            String image = imageClass.images().images().get(rows.imageNumber(spec, row));
            images.add(new SampledImage(imageClass.name(), image, rows.label(row)));
        }
        return images;
    }

    /** The classes of a split, checked against the settings. */
    private ClassSplit checked(Split split) {
        ClassSplit classSplit = classSplits.of(split);
        Size size = largest(split);
        if (size.ways() > classSplit.classes().size()) {
            throw new IllegalArgumentException(settings.ways().clause(split) + "; it must be at most "
                    + classSplit.classes().size() + ", the classes of " + classSplit.file());
        }
        ClassGroups ofSplit = groups.get(split);
        if (ofSplit != null) {
            ofSplit.requireAny();
        }
        refuseFewImages(classSplit, size.perClass());
        return classSplit;
    }

    /** Too few images in some classes are reported as wrong data, too few in every class as a wrong setting. */
    private static void refuseFewImages(ClassSplit classSplit, int needed) {
        TurnedClass smallest = classSplit.smallest();
        int images = smallest.size();
        if (images >= needed) {
            return;
        }
        String message = "class " + smallest.name() + " has " + images + " images; support and query of a task to "
                + classSplit.split().name().toLowerCase(Locale.ROOT) + " together need " + needed + " of each class";
        if (classSplit.largest().size() < needed) {
            throw new IllegalArgumentException(message);
        }
        throw new BadDataException(message);
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
