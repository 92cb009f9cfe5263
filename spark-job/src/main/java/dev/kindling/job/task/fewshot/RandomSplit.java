package dev.kindling.job.task.fewshot;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.Split;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Draws random splits: a function of the seed and the names of the classes, not of the order in which they are listed. */
final class RandomSplit {
    private RandomSplit() {}

    /** The classes of each split; a split without classes is absent. */
    static Map<Split, SplitListing> draw(SplitSettings.Shares shares, ImageIndex index) {
        List<String> classes = index.filled().stream().map(ImageClass::name).toList();
        int count = classes.size();
        int[] order = RandomStream.of(shares.seed()).sampleWithoutReplacement(count, count);
        int train = (int) StrictMath.round(shares.train() * count);
        int validation = (int) StrictMath.round((shares.train() + shares.validation()) * count);
        Map<Split, SplitListing> lines = new EnumMap<>(Split.class);
        put(lines, Split.TRAIN, classes, Arrays.copyOfRange(order, 0, train));
        put(lines, Split.VALIDATE, classes, Arrays.copyOfRange(order, train, validation));
        put(lines, Split.TEST, classes, Arrays.copyOfRange(order, validation, count));
        return lines;
    }

    private static void put(Map<Split, SplitListing> lines, Split split, List<String> classes, int[] numbers) {
        if (numbers.length > 0) {
            String share = "the share " + SplitFolders.name(split) + " of few-shot.split";
            lines.put(
                    split,
                    new SplitListing(
                            share, Arrays.stream(numbers).mapToObj(classes::get).toList()));
        }
    }
}
