package dev.kindling.job.task.fewshot;

import dev.kindling.job.random.Stream;
import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.DataProof;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.fewshot.Split.TurnedClass;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

/**
 * N-way K-shot classification of images. A task has {@code ways} different classes of its purpose's split, in random
 * order: the position of a class is its label. Each class gives support + query different images. Rows are shuffled in
 * both sets.
 *
 * <p>The items of a spec are, for each way, the number of the class in its split and the numbers of its images, those of
 * the support set first. Sampling needs only the index of the data; the first {@link #materialise} in a JVM decodes the
 * images of all splits, once.
 */
public final class FewShotSource implements TaskSource {
    private static final long DRAW = 0;
    private static final long SUPPORT_ROWS = 1;
    private static final long QUERY_ROWS = 2;
    private static final float[] INK = ink();

    private final FewShotSettings settings;
    private final ImageIndex index;
    private final Map<Purpose, Split> splits;
    private volatile @Nullable DecodedImages decoded;

    private FewShotSource(FewShotSettings settings, ImageIndex index, Map<Purpose, Split> splits) {
        this.settings = settings;
        this.index = index;
        this.splits = splits;
    }

    /**
     * Indexes the data and reads the splits.
     *
     * @throws BadDataException if data or splits are missing, empty or broken
     * @throws IllegalArgumentException if splits share a class
     */
    public static FewShotSource open(FewShotSettings settings, Configuration hadoop) {
        Location data = Location.of("few-shot.data", settings.data(), hadoop);
        ImageIndex index = ImageIndex.open(data);
        Location split = settings.split().isBlank()
                ? SplitReader.find(data)
                : Location.of("few-shot.split", settings.split(), hadoop);
        return new FewShotSource(settings, index, SplitReader.read(split, index, settings.rotations()));
    }

    /** One image of a task: its class as the split names it, its file's name, and its label in the task. */
    public record Drawing(String className, String image, int label) {
        String path() {
            return className + "/" + image;
        }
    }

    /**
     * The names of the classes of a purpose's split, sorted.
     *
     * @throws BadDataException if the split folder has no file for the purpose
     */
    public List<String> classes(Purpose purpose) {
        return split(purpose).classes().stream().map(TurnedClass::name).toList();
    }

    /** The support images of a task in the order of the episode's rows. */
    public List<Drawing> support(TaskSpec spec) {
        return drawings(spec, Rows.support(spec, settings));
    }

    /** The query images of a task in the order of the episode's rows. */
    public List<Drawing> query(TaskSpec spec) {
        return drawings(spec, Rows.query(spec, settings));
    }

    @Override
    public EpisodeLayout layout(Purpose purpose) {
        usable(purpose);
        int ways = settings.ways();
        return new EpisodeLayout(
                Shape.of(1, settings.imageSize(), settings.imageSize()),
                ways,
                ways,
                ways * settings.sizes().support(purpose),
                ways * settings.sizes().query(purpose));
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        Split split = usable(key.purpose());
        int perClass = perClass(key.purpose());
        long seed = key.taskSeed();
        Stream stream = Stream.of(seed, DRAW);
        int[] classes = stream.choose(settings.ways(), split.classes().size());
        int[] items = new int[settings.ways() * (1 + perClass)];
        int at = 0;
        for (int number : classes) {
            items[at] = number;
            int images = split.classes().get(number).size();
            System.arraycopy(stream.choose(perClass, images), 0, items, at + 1, perClass);
            at += 1 + perClass;
        }
        return new TaskSpec(key.purpose(), key.round(), key.index(), seed, items);
    }

    @Override
    public void materialise(TaskSpec spec, Storage target, int offset) {
        DecodedImages images = decoded();
        int supportEnd = write(spec, Rows.support(spec, settings), images, target, offset);
        write(spec, Rows.query(spec, settings), images, target, supportEnd);
    }

    @Override
    public String dataHash() {
        return DataHash.of(index, splits);
    }

    @Override
    public List<DataProof> proofs(List<TaskSpec> specs) {
        return List.of(splitsDisjoint(), supportAndQueryDisjoint(specs));
    }

    /** Bytes that decoded images hold in this JVM, decoding them if need be. */
    long decodedBytes() {
        return decoded().bytes();
    }

    /**
     * Which images fill the rows of one set of an episode: row i is image {@code order[i]}, counted way by way.
     *
     * @param first position of the set's first image among a way's images
     * @param shots images of each way
     * @param perClass images of each way in both sets
     */
    private record Rows(int[] order, int first, int shots, int perClass) {
        static Rows support(TaskSpec spec, FewShotSettings settings) {
            return of(spec, settings, SUPPORT_ROWS, 0, settings.sizes().support(spec.purpose()));
        }

        static Rows query(TaskSpec spec, FewShotSettings settings) {
            int support = settings.sizes().support(spec.purpose());
            return of(spec, settings, QUERY_ROWS, support, settings.sizes().query(spec.purpose()));
        }

        private static Rows of(TaskSpec spec, FewShotSettings settings, long stream, int first, int shots) {
            int count = settings.ways() * shots;
            int[] order = Stream.of(spec.seed(), stream).choose(count, count);
            int perClass =
                    settings.sizes().support(spec.purpose()) + settings.sizes().query(spec.purpose());
            return new Rows(order, first, shots, perClass);
        }

        int label(int row) {
            return order[row] / shots;
        }

        int classNumber(TaskSpec spec, int row) {
            return spec.items()[label(row) * (1 + perClass)];
        }

        int imageNumber(TaskSpec spec, int row) {
            return spec.items()[label(row) * (1 + perClass) + 1 + first + order[row] % shots];
        }
    }

    private int write(TaskSpec spec, Rows rows, DecodedImages images, Storage target, int offset) {
        List<TurnedClass> classes = split(spec.purpose()).classes();
        int count = rows.order().length;
        int labels = offset + count * images.pixels();
        for (int row = 0; row < count; row++) {
            TurnedClass shown = classes.get(rows.classNumber(spec, row));
            byte[] pixels = images.of(shown.images());
            int from = rows.imageNumber(spec, row) * images.pixels();
            turn(pixels, from, shown.turns(), target, offset + row * images.pixels());
            target.set(labels + row, rows.label(row));
        }
        return labels + count;
    }

    /** Writes a square image turned counter-clockwise by quarter turns, as ink from 0 to 1. */
    private void turn(byte[] pixels, int from, int turns, Storage target, int to) {
        int size = settings.imageSize();
        int last = size - 1;
        // Where row 0, column 0 of the turned image comes from, and the steps to its next row and column.
        int origin = from + byTurns(turns, 0, last, last * size + last, last * size);
        int down = byTurns(turns, size, -1, -size, 1);
        int right = byTurns(turns, 1, size, -1, -size);
        if (target instanceof Storage.OfFloat floats) {
            ink(pixels, origin, down, right, floats.array(), to);
        } else {
            ink(pixels, origin, down, right, target, to);
        }
    }

    /** The loop of the next method without a call for each number: it runs for every task of a round. */
    private void ink(byte[] pixels, int origin, int down, int right, float[] target, int to) {
        int size = settings.imageSize();
        for (int row = 0; row < size; row++) {
            int source = origin + row * down;
            int start = to + row * size;
            for (int column = 0; column < size; column++) {
                target[start + column] = INK[pixels[source + column * right] & 0xff];
            }
        }
    }

    private void ink(byte[] pixels, int origin, int down, int right, Storage target, int to) {
        int size = settings.imageSize();
        for (int i = 0; i < size * size; i++) {
            int source = origin + i / size * down + i % size * right;
            target.set(to + i, 1 - (pixels[source] & 0xff) / 255.0);
        }
    }

    private static int byTurns(int turns, int none, int one, int two, int three) {
        return switch (turns) {
            case 0 -> none;
            case 1 -> one;
            case 2 -> two;
            default -> three;
        };
    }

    private static float[] ink() {
        float[] ink = new float[256];
        for (int grey = 0; grey < ink.length; grey++) {
            ink[grey] = (float) (1 - grey / 255.0);
        }
        return ink;
    }

    private List<Drawing> drawings(TaskSpec spec, Rows rows) {
        List<TurnedClass> classes = split(spec.purpose()).classes();
        List<Drawing> drawings = new ArrayList<>();
        for (int row = 0; row < rows.order().length; row++) {
            TurnedClass shown = classes.get(rows.classNumber(spec, row));
            String image = shown.images().images().get(rows.imageNumber(spec, row));
            drawings.add(new Drawing(shown.name(), image, rows.label(row)));
        }
        return drawings;
    }

    private int perClass(Purpose purpose) {
        return settings.sizes().support(purpose) + settings.sizes().query(purpose);
    }

    private Split split(Purpose purpose) {
        Split split = splits.get(purpose);
        if (split == null) {
            throw new BadDataException("few-shot.split has no " + SplitReader.fileName(purpose)
                    + ", which names the classes of tasks to " + purpose.name().toLowerCase(Locale.ROOT));
        }
        return split;
    }

    /** The split of a purpose, held against the settings. */
    private Split usable(Purpose purpose) {
        Split split = split(purpose);
        if (settings.ways() > split.classes().size()) {
            throw new IllegalArgumentException("few-shot.ways is " + settings.ways() + "; it must be at most "
                    + split.classes().size() + ", the classes of " + split.file());
        }
        refuseFewImages(split, perClass(purpose));
        return split;
    }

    /** Too few images in one class are a fault of the data; too few in every class are a fault of the settings. */
    private static void refuseFewImages(Split split, int needed) {
        TurnedClass smallest = split.smallest();
        int images = smallest.size();
        if (images >= needed) {
            return;
        }
        String sentence = "class " + smallest.name() + " has " + images + " images; support and query of a task to "
                + split.purpose().name().toLowerCase(Locale.ROOT) + " together need " + needed + " of each class";
        if (split.largest().size() < needed) {
            throw new IllegalArgumentException(sentence);
        }
        throw new BadDataException(sentence);
    }

    private DecodedImages decoded() {
        DecodedImages ready = decoded;
        if (ready == null) {
            synchronized (this) {
                ready = decoded;
                if (ready == null) {
                    ready = DecodedImages.decode(usedClasses(), settings.imageSize());
                    decoded = ready;
                }
            }
        }
        return ready;
    }

    private List<ImageClass> usedClasses() {
        Map<String, ImageClass> used = new TreeMap<>();
        splits.values()
                .forEach(split ->
                        split.classes().forEach(each -> used.put(each.images().name(), each.images())));
        return List.copyOf(used.values());
    }

    private DataProof splitsDisjoint() {
        String counts = splits.values().stream()
                .map(split -> split.classes().size() + " classes in " + SplitReader.fileName(split.purpose()))
                .collect(Collectors.joining(", "));
        return SplitReader.shared(splits)
                .map(clause -> new DataProof("splits disjoint", false, clause))
                .orElseGet(() -> new DataProof("splits disjoint", true, counts + ", none in two"));
    }

    private DataProof supportAndQueryDisjoint(List<TaskSpec> specs) {
        for (TaskSpec spec : specs) {
            Set<String> support = support(spec).stream().map(Drawing::path).collect(Collectors.toSet());
            Optional<Drawing> shared = query(spec).stream()
                    .filter(each -> support.contains(each.path()))
                    .findFirst();
            if (shared.isPresent()) {
                return new DataProof(
                        "support and query disjoint", false, shared.get().path() + " is in both sets of " + spec);
            }
        }
        return new DataProof(
                "support and query disjoint", true, "no image is in both sets of any of " + specs.size() + " tasks");
    }
}
