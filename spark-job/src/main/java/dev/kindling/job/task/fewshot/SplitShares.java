package dev.kindling.job.task.fewshot;

import dev.kindling.job.random.Stream;
import dev.kindling.job.task.Purpose;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Splits by lot: a function of the seed and of the names of the classes, not of the order in which they are found. */
final class SplitShares {
    private SplitShares() {}

    /** The classes of each purpose; a purpose that gets none is absent. */
    static Map<Purpose, SplitLines> draw(SplitSettings.Shares shares, ImageIndex index) {
        List<String> classes = index.filled().stream().map(ImageClass::name).toList();
        int count = classes.size();
        int[] order = Stream.of(shares.seed()).choose(count, count);
        int train = (int) StrictMath.round(shares.train() * count);
        int validation = (int) StrictMath.round((shares.train() + shares.validation()) * count);
        Map<Purpose, SplitLines> lines = new EnumMap<>(Purpose.class);
        put(lines, Purpose.TRAIN, classes, Arrays.copyOfRange(order, 0, train));
        put(lines, Purpose.VALIDATE, classes, Arrays.copyOfRange(order, train, validation));
        put(lines, Purpose.TEST, classes, Arrays.copyOfRange(order, validation, count));
        return lines;
    }

    private static void put(Map<Purpose, SplitLines> lines, Purpose purpose, List<String> classes, int[] numbers) {
        if (numbers.length > 0) {
            String share = "the share " + SplitFolders.name(purpose) + " of few-shot.split";
            lines.put(
                    purpose,
                    new SplitLines(
                            share, Arrays.stream(numbers).mapToObj(classes::get).toList()));
        }
    }
}
