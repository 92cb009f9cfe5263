package dev.kindling.job.task.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TablePackTest {
    @TempDir
    private Path temporary;

    private TableSource source(Path pack, IntRange support, int query) {
        EpisodeSizes sizes = new EpisodeSizes(support, query, IntRange.of(3), TableTaskSettings.ALL_ROWS);
        return new TableSource(
                new TableTaskSettings(pack.toString(), GroupDraw.GROUPS, SupportDraw.MIX, sizes),
                TablePack.open(pack.toString(), SmallTablePacks.HADOOP),
                Optional.empty());
    }

    private TableSource byRows(Path pack, IntRange support, int query) {
        EpisodeSizes sizes = new EpisodeSizes(support, query, IntRange.of(3), TableTaskSettings.ALL_ROWS);
        return new TableSource(
                new TableTaskSettings(pack.toString(), GroupDraw.ROWS, SupportDraw.MIX, sizes),
                TablePack.open(pack.toString(), SmallTablePacks.HADOOP),
                Optional.empty());
    }

    /** Of groups of 10 to 14 rows, with 0 to 13 support rows; each (group, support) must come in proportion to its query rows. */
    @Test
    void groupsDrawnByRowsComeInProportionToTheirQueryRows() {
        Path pack = SmallTablePacks.regression(temporary.resolve("pack"));
        TableSource equal = source(pack, new IntRange(0, 12), 2);
        TableSource weighted = byRows(pack, new IntRange(0, 12), 2);
        TablePack opened = TablePack.open(pack.toString(), SmallTablePacks.HADOOP);
        int tasks = 40_000;
        Map<List<Integer>, Double> expected = new HashMap<>();
        Map<List<Integer>, Integer> found = new HashMap<>();
        double total = 0;
        for (int i = 0; i < tasks; i++) {
            int[] task = equal.sample(new TaskKey(1, Split.TRAIN, 0, i)).sampleIndices();
            int rows = opened.rows(Split.TRAIN, task[0]);
            double weight = Math.min(16, rows - task[1]);
            expected.merge(List.of(rows, task[1]), weight, Double::sum);
            total += weight;
            int[] drawn = weighted.sample(new TaskKey(1, Split.TRAIN, 0, i)).sampleIndices();
            int of = opened.rows(Split.TRAIN, drawn[0]);
            assertThat(drawn[2]).isEqualTo(Math.min(2, of - drawn[1]));
            found.merge(List.of(of, drawn[1]), 1, Integer::sum);
        }
        double all = total;
        assertThat(found.keySet()).isEqualTo(expected.keySet());
        expected.forEach((task, weight) -> {
            double share = weight / all;
            assertThat(found.get(task) / (double) tasks)
                    .as(task.toString())
                    .isCloseTo(share, within(6 * Math.sqrt(2 * share / tasks)));
        });
        assertThat(weighted.padding(Split.TRAIN)).isBetween(0.0, 0.5);
    }

    private static double[] array(TableSource source, TaskSpec spec, String name) {
        EpisodeLayout layout = source.layout(spec);
        FlatVector episode = FlatVector.zeros(Precision.DOUBLE, layout.arrays().size());
        source.materialise(spec, episode, 0);
        int offset = layout.arrays().offset(name);
        return IntStream.range(0, layout.arrays().shape(name).size())
                .mapToDouble(i -> episode.at(offset + i))
                .toArray();
    }

    @Test
    void aGroupIsSplitIntoItsFirstRowsAndAllOthersWithZerosAsPadding() {
        TableSource source = source(SmallTablePacks.regression(temporary.resolve("pack")), new IntRange(0, 4), 5);
        TaskSpec spec = source.sample(new TaskKey(1, Split.TEST, 0, 0));
        int rows = spec.sampleIndices()[1] + spec.sampleIndices()[2];
        assertThat(array(source, spec, EpisodeLayout.SUPPORT_Y)).containsExactly(-1.5, -1, -0.5);
        assertThat(array(source, spec, EpisodeLayout.SUPPORT_WEIGHTS)).containsExactly(1, 1, 1);
        double[] targets = array(source, spec, EpisodeLayout.QUERY_Y);
        double[] weights = array(source, spec, EpisodeLayout.QUERY_WEIGHTS);
        for (int i = 0; i < targets.length; i++) {
            assertThat(targets[i]).isEqualTo(i < rows - 3 ? i / 2.0 : 0);
            assertThat(weights[i]).isEqualTo(i < rows - 3 ? 1 : 0);
        }
        double[] inputs = array(source, spec, EpisodeLayout.SUPPORT_X);
        assertThat(inputs[2 * 4]).as("a missing number").isZero();
        assertThat(inputs[2 * 4 + 1]).as("its indicator").isOne();
    }

    @Test
    void anEvaluationRunsEachGroupOfItsSplitOnce() {
        TableSource source = source(SmallTablePacks.regression(temporary.resolve("pack")), new IntRange(0, 4), 5);
        int count = source.tasks(Split.TEST).orElseThrow();
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < count; i++) {
            names.add(
                    source.name(source.sample(new TaskKey(5, Split.TEST, 0, i))).orElseThrow());
        }
        Set<String> expected = new TreeSet<>();
        for (int group = 0; group < 60; group++) {
            String key = String.format("g%02d", group);
            if (SmallTablePacks.split(key) == Split.TEST) {
                expected.add(key);
            }
        }
        assertThat(names).isEqualTo(expected);
        assertThat(source.tasks(Split.TRAIN)).isEmpty();
    }

    @Test
    void aSupportSetMayBeEmptyAndIsTheLargestPossibleInHalfOfTheTasks() {
        TableSource source = source(SmallTablePacks.regression(temporary.resolve("pack")), new IntRange(0, 4), 5);
        int[] counts = new int[5];
        int tasks = 4000;
        for (int i = 0; i < tasks; i++) {
            counts[source.sample(new TaskKey(1, Split.TRAIN, 0, i)).sampleIndices()[1]]++;
        }
        assertThat(counts[4]).isBetween(tasks * 55 / 100, tasks * 65 / 100);
        for (int support = 0; support < 4; support++) {
            assertThat(counts[support]).isBetween(tasks * 8 / 100, tasks * 12 / 100);
        }
    }

    @Test
    void tasksOfAnySizeNeedFewLayouts() {
        Path pack = SmallTablePacks.regression(temporary.resolve("pack"));
        TableSource source = source(pack, new IntRange(0, 9), 32);
        assertThat(source.layouts(Split.TRAIN)).hasSizeLessThan(12);
        assertThat(source.padding(Split.TRAIN)).isBetween(0.05, 0.5);
        assertThat(source.notes()).anySatisfy(note -> assertThat(note).contains("train groups", "% padding"));
        assertThat(source.layout(Split.TRAIN).order()).isEmpty();
        assertThat(source.notes())
                .anySatisfy(note -> assertThat(note).contains("table.order = t is not a numeric feature"));
    }

    @Test
    void groupsWithTooFewRowsAreLeftOutAndNoted() {
        Path pack = SmallTablePacks.regression(temporary.resolve("pack"));
        TableSource source = source(pack, IntRange.of(12), 32);
        for (int i = 0; i < 50; i++) {
            TaskSpec spec = source.sample(new TaskKey(1, Split.TRAIN, 0, i));
            assertThat(spec.sampleIndices()[1]).isEqualTo(12);
            assertThat(spec.sampleIndices()[2]).isPositive();
        }
        assertThat(source.notes()).anySatisfy(note -> assertThat(note).contains("they have fewer than 13 rows"));
        assertThatThrownBy(() -> source(pack, IntRange.of(14), 32).layout(Split.TRAIN))
                .isInstanceOf(BadDataException.class)
                .hasMessage(
                        "the table has no train group of at least 15 rows, as task.support is 14 needs with a query");
    }

    @Test
    void damagedRowsIndexesKeysAndManifestsAreRefusedWithTheFile() throws IOException {
        Path pack = SmallTablePacks.regression(temporary.resolve("pack"));
        damaged(pack, "rows-00000.bin", bytes -> bytes[101] ^= 1, "do not match their checksum");
        damaged(pack, "rows-00000.bin", bytes -> null, "is damaged: it has 0 bytes");
        damaged(pack, "index-train.bin", bytes -> bytes[0] ^= 64, "names part 65");
        damaged(pack, "index-train.bin", bytes -> bytes[15] ^= 64, "its index points to");
        damaged(pack, "keys-test.bin", bytes -> bytes[0] ^= 1, "do not match the hash");
        damaged(pack, "pack.json", bytes -> bytes[3] ^= 1, "is not the manifest");
        damaged(pack, "table.json", bytes -> bytes[bytes.length / 2] ^= 1, "table.json");
        Files.delete(pack.resolve("keys-test.bin"));
        assertThatThrownBy(() -> source(pack, IntRange.of(2), 5))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining(
                        "keys-test.bin does not exist; the folder of the table pack must be on a file system");
    }

    /** Damages the bytes of a file; the result of the change is not used, null empties the file. */
    @FunctionalInterface
    private interface Damage {
        Object to(byte[] bytes);
    }

    private void damaged(Path pack, String file, Damage damage, String message) throws IOException {
        Path copy = temporary.resolve("damaged");
        FileUtils.deleteDirectory(copy.toFile());
        FileUtils.copyDirectory(pack.toFile(), copy.toFile());
        byte[] bytes = Files.readAllBytes(copy.resolve(file));
        Object changed = damage.to(bytes);
        Files.write(copy.resolve(file), changed == null ? new byte[0] : bytes);
        assertThatThrownBy(() -> readAll(copy))
                .as(file)
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining(message);
    }

    private void readAll(Path pack) {
        TableSource source = source(pack, IntRange.of(2), 5);
        source.encoding();
        for (Split split : List.of(Split.VALIDATE, Split.TEST)) {
            for (int i = 0; i < source.tasks(split).orElseThrow(); i++) {
                array(source, source.sample(new TaskKey(1, split, 0, i)), EpisodeLayout.QUERY_X);
            }
        }
        for (int i = 0; i < 500; i++) {
            array(source, source.sample(new TaskKey(1, Split.TRAIN, 0, i)), EpisodeLayout.QUERY_X);
        }
        source.dataHash();
    }

    @Test
    void theEncodingSurvivesItsFile() {
        TableEncoding encoding = SmallTablePacks.encoding(false);
        String text = TableEncodingJson.write(encoding);
        TableEncoding read = TableEncodingJson.read(text, "table.json");
        assertThat(TableEncodingJson.write(read)).isEqualTo(text);
        assertThat(read.features()).containsExactly("x", "x missing", "c=a", "c=b");
        assertThatThrownBy(() -> TableEncodingJson.read(text.replace("\"clip\" : 5.0", "\"clip\" : 6.0"), "table.json"))
                .hasMessage("table.json is damaged: its content does not match its checksum");
        assertThatThrownBy(
                        () -> TableEncodingJson.read(text.replace("\"version\" : 1", "\"version\" : 2"), "table.json"))
                .hasMessage("table.json is no table encoding of version 1, which this Kindling reads");
    }

    @Test
    void anExactSumDoesNotDependOnTheOrderAndEqualsThatOfBigDecimals() {
        RandomStream stream = RandomStream.of(3);
        List<Double> numbers = new ArrayList<>(List.of(1e300, -1e300, 1e-300, Double.MIN_VALUE, -0.0, 3.0));
        for (int i = 0; i < 2000; i++) {
            numbers.add(stream.nextNormal() * StrictMath.pow(10, stream.nextInt(60) - 30));
        }
        BigDecimal expected = numbers.stream().map(BigDecimal::new).reduce(BigDecimal.ZERO, BigDecimal::add);
        ExactSum forwards = new ExactSum();
        numbers.forEach(forwards::add);
        Collections.reverse(numbers);
        ExactSum first = new ExactSum();
        ExactSum second = new ExactSum();
        for (int i = 0; i < numbers.size(); i++) {
            (i % 3 == 0 ? first : second).add(numbers.get(i));
        }
        first.add(second);
        assertThat(forwards.exact()).isEqualByComparingTo(expected);
        assertThat(first.value()).isEqualTo(expected.doubleValue()).isEqualTo(forwards.value());
    }

    @Test
    void aPermutationVisitsEveryNumberOnceAndSeedsDiffer() {
        for (int count : new int[] {1, 2, 3, 17, 64, 1000}) {
            GroupPermutation permutation = new GroupPermutation(9, count);
            assertThat(IntStream.range(0, count).map(permutation::at).sorted().toArray())
                    .containsExactly(IntStream.range(0, count).toArray());
        }
        GroupPermutation one = new GroupPermutation(1, 1000);
        GroupPermutation other = new GroupPermutation(2, 1000);
        assertThat(IntStream.range(0, 1000)
                        .filter(i -> one.at(i) == other.at(i))
                        .count())
                .isLessThan(20);
    }

    @Test
    void newGroupsMoveNoOtherAndFractionsAreKept() {
        int train = 0;
        for (int i = 0; i < 10_000; i++) {
            train += SmallTablePacks.split("key " + i) == Split.TRAIN ? 1 : 0;
        }
        assertThat(train).isBetween(4800, 5200);
    }
}
