package dev.kindling.job.task.table;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.CheckResult;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.PrintableText;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * A task source whose tasks are the groups of a table's rows. In training a task is a drawn group ({@link GroupDraw}), a drawn
 * number of its rows as the support set, and up to {@code task.query} of the others as the query set. In validation and evaluation
 * the tasks are the groups of the split, each once, and every row that is not in the support set is a query. The support
 * set consists of the first rows where the table has an order, and of drawn rows elsewhere.
 *
 * <p>Where there are {@link TableFolds}, training and validation tasks both are of training and validation groups, numbered in
 * this order; those of a {@link #member} are of its folds.
 *
 * <p>The sample indices of a spec are the group, the support rows and the query rows; which rows those are follows from the
 * spec's seed. Sets are padded to a few sizes ({@link SizeLadder}) with rows of zeros whose weight is 0.
 */
public final class TableSource implements TaskSource {
    private static final long SAMPLE = 0;
    private static final long ROWS = 1;
    private static final long GROUPS = 2;

    private static final int SUPPORT_FACTOR = 3;
    private static final int LEAST_SUPPORT = 2;
    private static final int QUERY_FACTOR = 2;
    private static final int LEAST_QUERY = 4;

    /** The most rows of a group to which a start is fitted. */
    private static final int REPRESENTATIVE_ROWS = 256;

    private final TableTaskSettings settings;
    private final TablePack pack;
    private final Optional<TableFolds> folds;
    private final Map<Split, GroupTasks> splits = new EnumMap<>(Split.class);
    private final Map<Integer, TableSource> members = new ConcurrentHashMap<>();
    /** The fold whose groups are no training tasks. */
    private final OptionalInt heldOut;

    /**
     * The tasks of a split.
     *
     * @param groups numbers of the groups with enough rows; empty if all have
     * @param count number of those groups
     * @param supports sizes of support sets
     * @param queries sizes of query sets
     * @param layouts of all tasks, the largest last
     * @param padding mean fraction of a task's rows that are padding
     * @param weighted the groups by their rows; empty if each has the same probability
     */
    private record GroupTasks(
            int[] groups,
            int count,
            SizeLadder supports,
            SizeLadder queries,
            List<EpisodeLayout> layouts,
            double padding,
            Optional<RowWeightedGroups> weighted) {
        int group(int number) {
            return groups.length == 0 ? number : groups[number];
        }

        /** The tasks of some of the groups. */
        GroupTasks only(int[] some) {
            return new GroupTasks(some, some.length, supports, queries, layouts, padding, weighted);
        }
    }

    /**
     * The tasks of a prepared table.
     *
     * @param folds how training and validation groups are divided among members; empty if they are not
     */
    TableSource(TableTaskSettings settings, TablePack pack, Optional<TableFolds> folds) {
        this.settings = settings;
        this.pack = pack;
        this.folds = folds;
        this.heldOut = OptionalInt.empty();
        for (Split split : Split.values()) {
            tasks(split, groups(split)).ifPresent(tasks -> splits.put(split, tasks));
        }
    }

    /** The tasks of one member. */
    private TableSource(TableSource all, TableFolds division, int fold) {
        this.settings = all.settings;
        this.pack = all.pack;
        this.folds = all.folds;
        this.heldOut = OptionalInt.of(fold);
        splits.putAll(all.splits);
        splits.computeIfPresent(
                Split.VALIDATE,
                (split, tasks) -> tasks.only(IntStream.range(0, tasks.count())
                        .map(tasks::group)
                        .filter(this::isHeldOut)
                        .toArray()));
        GroupTasks training = checked(Split.TRAIN);
        boolean trains =
                IntStream.range(0, training.count()).map(training::group).anyMatch(group -> !isHeldOut(group));
        if (!trains || checked(Split.VALIDATE).count() == 0) {
            throw new IllegalArgumentException("run.members above 1 needs training and validation groups in each of "
                    + division.count() + " folds; the table has " + joinedGroups()
                    + " such groups, so run.members must be 1");
        }
    }

    /** The number of training and validation groups of the table. */
    public int joinedGroups() {
        return pack.groups(Split.TRAIN) + pack.groups(Split.VALIDATE);
    }

    private boolean isJoined(Split split) {
        return split != Split.TEST && folds.isPresent();
    }

    /** The groups from which a split's tasks are drawn. */
    private TableManifest.Groups groups(Split split) {
        TableManifest.Groups own = pack.manifest().of(split);
        return isJoined(split)
                ? pack.manifest().of(Split.TRAIN).and(pack.manifest().of(Split.VALIDATE))
                : own;
    }

    /** A group in the pack. */
    private record Place(Split split, int group) {}

    /** Where a group of a split's tasks is in the pack. */
    private Place place(Split split, int group) {
        if (!isJoined(split)) {
            return new Place(split, group);
        }
        int training = pack.groups(Split.TRAIN);
        return group < training ? new Place(Split.TRAIN, group) : new Place(Split.VALIDATE, group - training);
    }

    /** The numbers of rows of the groups from which a split's tasks are drawn. */
    private int[] rows(Split split) {
        return isJoined(split)
                ? IntStream.concat(IntStream.of(pack.rows(Split.TRAIN)), IntStream.of(pack.rows(Split.VALIDATE)))
                        .toArray()
                : pack.rows(split);
    }

    private int packRows(Split split, int group) {
        Place place = place(split, group);
        return pack.rows(place.split(), place.group());
    }

    @Override
    public TableSource member(int number) {
        return folds.filter(division -> division.count() > 1 && heldOut.isEmpty())
                .map(division -> members.computeIfAbsent(number, fold -> new TableSource(this, division, fold)))
                .orElse(this);
    }

    /** The numbers of support rows that tasks of a split may have. */
    public IntRange support(Split split) {
        return settings.sizes().supports(split);
    }

    /** The most query rows of a task of a split. */
    public int mostQueries(Split split) {
        return settings.sizes().query(split);
    }

    /** For a number of rows, the number of a split's groups that have it and are tasks. */
    public SortedMap<Integer, Integer> sizes(Split split) {
        return groups(split).sizes().tailMap(support(split).least() + 1);
    }

    private Optional<GroupTasks> tasks(Split split, TableManifest.Groups groups) {
        int least = support(split).least() + 1;
        int count = groups.sizes().tailMap(least).values().stream()
                .mapToInt(Integer::intValue)
                .sum();
        if (count == 0) {
            return Optional.empty();
        }
        int mostRows = groups.sizes().lastKey();
        SizeLadder supports = new SizeLadder(
                Math.max(1, Math.min(support(split).most(), mostRows - 1)), SUPPORT_FACTOR, LEAST_SUPPORT);
        int query = Math.min(
                settings.sizes().query(split), mostRows - support(split).least());
        SizeLadder queries = new SizeLadder(query, QUERY_FACTOR, LEAST_QUERY);
        Sizes sizes = new Sizes(split, supports, queries);
        groups.sizes().tailMap(least).forEach(sizes::add);
        return Optional.of(new GroupTasks(
                count == groups.groups() ? new int[0] : groups(split, least, count),
                count,
                supports,
                queries,
                sizes.layouts(),
                sizes.padding(),
                groupDraw(split) == GroupDraw.ROWS
                        ? Optional.of(weighted(groups.sizes().tailMap(least)))
                        : Optional.empty()));
    }

    private RowWeightedGroups weighted(SortedMap<Integer, Integer> sizes) {
        return new RowWeightedGroups(
                sizes,
                settings.draw(),
                support(Split.TRAIN),
                settings.sizes().query(Split.TRAIN),
                () -> groupsBySize(sizes));
    }

    /** The numbers of the {@code count} groups with enough rows. */
    private int[] groups(Split split, int leastRows, int count) {
        int[] rows = rows(split);
        int[] numbers = IntStream.range(0, rows.length)
                .filter(group -> rows[group] >= leastRows)
                .toArray();
        if (numbers.length != count) {
            throw notOfManifest();
        }
        return numbers;
    }

    /** The numbers of the training groups with enough rows, in the order of their rows. */
    private int[] groupsBySize(SortedMap<Integer, Integer> sizes) {
        Map<Integer, Integer> next = new HashMap<>();
        int count = 0;
        for (Map.Entry<Integer, Integer> size : sizes.entrySet()) {
            next.put(size.getKey(), count);
            count += size.getValue();
        }
        int[] numbers = new int[count];
        int[] rows = rows(Split.TRAIN);
        for (int group = 0; group < rows.length; group++) {
            if (rows[group] >= sizes.firstKey()) {
                int at = next.merge(rows[group], 1, Integer::sum) - 1;
                if (at >= count) {
                    throw notOfManifest();
                }
                numbers[at] = group;
            }
        }
        return numbers;
    }

    private static BadDataException notOfManifest() {
        return new BadDataException("the index of the table pack does not match its manifest");
    }

    private GroupDraw groupDraw(Split split) {
        return split == Split.TRAIN ? settings.groups() : GroupDraw.GROUPS;
    }

    /** Collects the sizes of a split's tasks, and how much of them is padding. */
    private final class Sizes {
        private final Split split;
        private final SizeLadder supports;
        private final SizeLadder queries;
        private final Set<List<Integer>> shapes = new TreeSet<>(
                Comparator.comparing((List<Integer> shape) -> shape.get(0)).thenComparing(shape -> shape.get(1)));
        private double rows;
        private double padded;

        Sizes(Split split, SizeLadder supports, SizeLadder queries) {
            this.split = split;
            this.supports = supports;
            this.queries = queries;
        }

        /** Adds the tasks of {@code groups} groups of {@code size} rows each. */
        void add(int size, int groups) {
            IntRange possible = SupportDraw.possible(support(split), size);
            for (int support = possible.least(); support <= possible.most(); support++) {
                double expected = groups
                        * settings.draw().probability(support, possible)
                        * groupDraw(split)
                                .weight(size - support, settings.sizes().query(split));
                if (expected > 0) {
                    int query = Math.min(settings.sizes().query(split), size - support);
                    int supportSize = supports.padded(support);
                    int querySize = queries.padded(query);
                    shapes.add(List.of(supportSize, querySize));
                    rows += expected * (support + query);
                    padded += expected * (supportSize + querySize);
                }
            }
        }

        double padding() {
            return 1 - rows / padded;
        }

        /** The layouts by size; the last one is as large as any in both sets, whether or not a task has that shape. */
        List<EpisodeLayout> layouts() {
            int support = shapes.stream().mapToInt(shape -> shape.get(0)).max().orElseThrow();
            int query = shapes.stream().mapToInt(shape -> shape.get(1)).max().orElseThrow();
            shapes.add(List.of(support, query));
            return shapes.stream()
                    .map(shape -> layout(shape.get(0), shape.get(1)))
                    .toList();
        }
    }

    private EpisodeLayout layout(int support, int query) {
        int classes = pack.manifest().classes().size();
        return new EpisodeLayout(
                        Shape.of(pack.manifest().features().size()), classes, Math.max(1, classes), support, query)
                .withWeights()
                .orderedBy(pack.manifest().order())
                .withCategories(pack.manifest().categories());
    }

    private GroupTasks checked(Split split) {
        GroupTasks tasks = splits.get(split);
        if (tasks == null) {
            throw new BadDataException(noGroups(split));
        }
        return tasks;
    }

    /** The message that a split has no group of enough rows. */
    public String noGroups(Split split) {
        return "the table has no " + TableManifest.name(split) + " group of at least "
                + (support(split).least() + 1) + " rows, as "
                + settings.sizes().supportClause(split)
                + " needs with a query";
    }

    @Override
    public EpisodeLayout layout(Split split) {
        List<EpisodeLayout> layouts = layouts(split);
        return layouts.get(layouts.size() - 1);
    }

    @Override
    public List<EpisodeLayout> layouts(Split split) {
        return checked(split).layouts();
    }

    @Override
    public EpisodeLayout layout(TaskSpec spec) {
        GroupTasks tasks = checked(spec.split());
        int query = spec.round() == BEFORE_TRAINING
                ? queryRows(spec)
                : tasks.queries().padded(queryRows(spec));
        return layout(tasks.supports().padded(supportRows(spec)), query);
    }

    private static int group(TaskSpec spec) {
        return spec.sampleIndices()[0];
    }

    private static int supportRows(TaskSpec spec) {
        return spec.sampleIndices()[1];
    }

    private static int queryRows(TaskSpec spec) {
        return spec.sampleIndices()[2];
    }

    @Override
    public String outputs() {
        return "the label has " + pack.manifest().classes().size() + " classes";
    }

    /** The number of groups of the split; a table may be without test groups. */
    @Override
    public OptionalInt tasks(Split split) {
        return switch (split) {
            case TRAIN -> OptionalInt.empty();
            case VALIDATE -> OptionalInt.of(checked(split).count());
            case TEST ->
                OptionalInt.of(splits.containsKey(split) ? splits.get(split).count() : 0);
        };
    }

    @Override
    public Optional<String> name(TaskSpec spec) {
        Place place = place(spec.split(), group(spec));
        return Optional.of(pack.key(place.split(), place.group()));
    }

    @Override
    public int queries(TaskSpec spec) {
        return queryRows(spec);
    }

    @Override
    public double targetScale() {
        return pack.manifest().labelStd();
    }

    @Override
    public double padding(Split split) {
        return checked(split).padding();
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        GroupTasks tasks = checked(key.split());
        RandomStream stream = RandomStream.of(key.taskSeed(), SAMPLE);
        if (tasks.weighted().isPresent()) {
            RowWeightedGroups.Drawn drawn = weightedGroup(tasks.weighted().get(), stream);
            return spec(key, drawn.group(), drawn.support());
        }
        int group = key.split() == Split.TRAIN
                ? trainingGroup(tasks, stream)
                : tasks.group(new GroupPermutation(RandomStream.seed(key.seed(), key.round(), GROUPS), tasks.count())
                        .at(key.index() % tasks.count()));
        return spec(key, group, settings.draw().draw(stream, support(key.split()), packRows(key.split(), group)));
    }

    private TaskSpec spec(TaskKey key, int group, int support) {
        int query = Math.min(settings.sizes().query(key.split()), packRows(key.split(), group) - support);
        return new TaskSpec(key.split(), key.round(), key.index(), key.taskSeed(), new int[] {group, support, query});
    }

    private RowWeightedGroups.Drawn weightedGroup(RowWeightedGroups groups, RandomStream stream) {
        RowWeightedGroups.Drawn drawn = groups.draw(stream);
        while (isHeldOut(drawn.group())) {
            drawn = groups.draw(stream);
        }
        return drawn;
    }

    private int trainingGroup(GroupTasks tasks, RandomStream stream) {
        int group = tasks.group(stream.nextInt(tasks.count()));
        while (isHeldOut(group)) {
            group = tasks.group(stream.nextInt(tasks.count()));
        }
        return group;
    }

    private boolean isHeldOut(int group) {
        return heldOut.isPresent() && folds.orElseThrow().fold(group, joinedGroups()) == heldOut.getAsInt();
    }

    /** Groups in a drawn order, each at most once, with up to {@value #REPRESENTATIVE_ROWS} rows, all in the query set. */
    @Override
    public List<TaskSpec> representatives(long seed, int most) {
        GroupTasks tasks = checked(Split.TRAIN);
        GroupPermutation order = new GroupPermutation(RandomStream.seed(seed, BEFORE_TRAINING, GROUPS), tasks.count());
        int[] groups = IntStream.range(0, tasks.count())
                .map(position -> tasks.group(order.at(position)))
                .filter(group -> !isHeldOut(group))
                .limit(most)
                .toArray();
        return IntStream.range(0, groups.length)
                .mapToObj(index -> {
                    TaskKey key = new TaskKey(seed, Split.TRAIN, BEFORE_TRAINING, index);
                    int group = groups[index];
                    int query = Math.min(REPRESENTATIVE_ROWS, packRows(Split.TRAIN, group));
                    return new TaskSpec(
                            Split.TRAIN, BEFORE_TRAINING, index, key.taskSeed(), new int[] {group, 0, query});
                })
                .toList();
    }

    /** The rows of a task, those of the support set first; its query rows are in the order of the table where all are asked. */
    private int[] rows(TaskSpec spec, int available) {
        int support = supportRows(spec);
        int query = queryRows(spec);
        RandomStream stream = RandomStream.of(spec.seed(), ROWS);
        if (!pack.manifest().ordered()) {
            return stream.sampleWithoutReplacement(support + query, available);
        }
        IntStream queries = query == available - support
                ? IntStream.range(support, available)
                : IntStream.of(stream.sampleWithoutReplacement(query, available - support))
                        .map(row -> support + row);
        return IntStream.concat(IntStream.range(0, support), queries).toArray();
    }

    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        Place place = place(spec.split(), group(spec));
        ByteBuffer group = pack.read(place.split(), place.group());
        int available = group.capacity() / (pack.rowLength() * Float.BYTES);
        int[] rows = rows(spec, available);
        EpisodeLayout layout = layout(spec);
        int width = pack.manifest().width();
        EpisodeRows support = new EpisodeRows(group, rows, 0, supportRows(spec), layout.support(), width);
        EpisodeRows query = new EpisodeRows(group, rows, supportRows(spec), queryRows(spec), layout.query(), width);
        int at = support.writeExamples(target, offset);
        at = query.writeExamples(target, at);
        at = support.writeWeights(target, at);
        query.writeWeights(target, at);
    }

    /** The number of rows of a task's group. */
    public int rows(TaskSpec spec) {
        return packRows(spec.split(), group(spec));
    }

    /**
     * All rows of a task's group. The first ones are the task's support set; where the table has an order the others are in that
     * order, elsewhere in a drawn one.
     *
     * @throws BadDataException if the rows are damaged
     */
    public GroupRows groupRows(TaskSpec spec) {
        Place place = place(spec.split(), group(spec));
        ByteBuffer group = pack.read(place.split(), place.group());
        int width = pack.manifest().width();
        int available = group.capacity() / (pack.rowLength() * Float.BYTES);
        int[] order = pack.manifest().ordered()
                ? IntStream.range(0, available).toArray()
                : RandomStream.of(spec.seed(), ROWS).sampleWithoutReplacement(available, available);
        EpisodeRows rows = new EpisodeRows(group, order, 0, available, available, width);
        GroupRows result = new GroupRows(
                pack.key(place.split(), place.group()),
                new float[available * width],
                new float[available],
                new float[available],
                pack.manifest().categories().size());
        for (int row = 0; row < available; row++) {
            for (int element = 0; element < width; element++) {
                result.x()[row * width + element] = rows.value(row, element);
            }
            result.y()[row] = rows.value(row, width);
            result.weights()[row] = rows.value(row, width + 1);
        }
        return result;
    }

    /** The manifest of the prepared table. */
    public TableManifest manifest() {
        return pack.manifest();
    }

    /** The encoding of the table's rows, as the text of {@code table.json}. */
    public String encoding() {
        return pack.encodingText();
    }

    @Override
    public List<String> notes() {
        TableManifest manifest = pack.manifest();
        List<String> notes = new ArrayList<>();
        for (Split split : Split.values()) {
            if (splits.containsKey(split) && !(isJoined(split) && split == Split.VALIDATE)) {
                GroupTasks tasks = splits.get(split);
                notes.add(String.format(
                        Locale.ROOT,
                        "%d %s groups with %d rows, as tasks of %d sizes with %.0f%% padding",
                        tasks.count(),
                        label(split),
                        groups(split).rows(),
                        tasks.layouts().size(),
                        100 * tasks.padding()));
            }
        }
        folds.filter(division -> division.count() > 1)
                .ifPresent(division -> notes.add("training and validation groups are divided into " + division.count()
                        + " folds, one of which each member is validated on"));
        for (Split split : Split.values()) {
            int small = groups(split).groups()
                    - (splits.containsKey(split) ? splits.get(split).count() : 0);
            if (small > 0) {
                notes.add(small + " " + label(split) + " groups are left out: they have fewer than "
                        + (support(split).least() + 1) + " rows");
            }
        }
        if (manifest.faults().count() > 0) {
            notes.add(manifest.faults().count() + " groups are left out: "
                    + PrintableText.line(String.join("; ", manifest.faults().first()))
                    + (manifest.faults().count() > manifest.faults().first().size() ? "; ..." : ""));
        }
        if (manifest.ordered() && manifest.order().isEmpty()) {
            notes.add("table.order = " + PrintableText.line(manifest.orderColumn())
                    + " is not a numeric feature: rows are ordered by it, but models do not see their distance in it");
        }
        if (manifest.unlabelledRows() > 0) {
            notes.add(manifest.unlabelledRows() + " rows without a label are left out");
        }
        if (manifest.shortenedGroups() > 0) {
            notes.add(manifest.shortenedGroups() + " groups have more than table.max-rows = "
                    + manifest.settings().get("table.max-rows") + " rows; their other rows are left out");
        }
        if (!manifest.constantColumns().isEmpty()) {
            notes.add("columns that are constant in the training groups are left out: "
                    + PrintableText.line(String.join(", ", manifest.constantColumns())));
        }
        String stack = manifest.settings().getOrDefault("table.stack", "none");
        if (!stack.equals("none")) {
            boolean stacked = manifest.features().stream().anyMatch(name -> name.startsWith(StackedPrediction.NAME));
            notes.add("table.stack = " + stack
                    + (stacked
                            ? ": a prediction of the label by boosted trees is a feature"
                            : ": no feature, the training groups or their rows are too few for boosted trees"));
        }
        return notes;
    }

    private String label(Split split) {
        return isJoined(split) && split == Split.TRAIN ? "train and validation" : TableManifest.name(split);
    }

    @Override
    public String dataHash() {
        return pack.verifiedHash();
    }

    @Override
    public List<CheckResult> checks(List<TaskSpec> specs) {
        return List.of(splitsDisjoint(), supportAndQueryDisjoint(specs));
    }

    /** The keys of a split are sorted, so that the splits can be compared in one pass. */
    private CheckResult splitsDisjoint() {
        String statement = "splits disjoint";
        Map<Split, Integer> at = new EnumMap<>(Split.class);
        Optional<String> last = Optional.empty();
        long count = 0;
        for (Optional<Split> next = next(at); next.isPresent(); next = next(at)) {
            String key = pack.key(next.get(), at.getOrDefault(next.get(), 0));
            at.merge(next.get(), 1, Integer::sum);
            if (last.isPresent() && last.get().equals(key)) {
                return new CheckResult(statement, false, "the group " + PrintableText.line(key) + " is in two splits");
            }
            last = Optional.of(key);
            count++;
        }
        return new CheckResult(statement, true, count + " groups, none in two");
    }

    /** The split whose next key is the smallest; empty at the end. */
    private Optional<Split> next(Map<Split, Integer> at) {
        Optional<Split> smallest = Optional.empty();
        for (Split split : Split.values()) {
            if (at.getOrDefault(split, 0) < pack.groups(split)
                    && (smallest.isEmpty()
                            || compare(
                                            split,
                                            at.getOrDefault(split, 0),
                                            smallest.get(),
                                            at.getOrDefault(smallest.get(), 0))
                                    < 0)) {
                smallest = Optional.of(split);
            }
        }
        return smallest;
    }

    private int compare(Split split, int group, Split other, int otherGroup) {
        return Arrays.compareUnsigned(
                pack.key(split, group).getBytes(StandardCharsets.UTF_8),
                pack.key(other, otherGroup).getBytes(StandardCharsets.UTF_8));
    }

    private CheckResult supportAndQueryDisjoint(List<TaskSpec> specs) {
        String statement = "support and query disjoint";
        for (TaskSpec spec : specs) {
            int[] rows = rows(spec, packRows(spec.split(), group(spec)));
            if (IntStream.of(rows).distinct().count() < rows.length) {
                return new CheckResult(statement, false, "a row is twice in " + spec);
            }
        }
        return new CheckResult(statement, true, "no row is in both sets of any of " + specs.size() + " tasks");
    }
}
