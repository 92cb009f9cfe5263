package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.fewshot.ClassSplit.TurnedClass;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Matches the class names of split listings with the classes of an image set. */
final class SplitReader {
    private static final Pattern ROTATED = Pattern.compile("(.+)/rot(000|090|180|270)");

    private final ImageIndex index;
    private final boolean rotations;

    private SplitReader(ImageIndex index, boolean rotations) {
        this.index = index;
        this.rotations = rotations;
    }

    /**
     * The splits of the listings; a split without a listing is absent.
     *
     * @param rotations whether a class listed without a rotation counts as four
     * @throws BadDataException if a split is empty, names an unknown or empty class, or a class twice
     * @throws IllegalArgumentException if two splits share a class
     */
    static ClassSplits read(Map<Split, SplitListing> lines, ImageIndex index, boolean rotations) {
        SplitReader reader = new SplitReader(matching(index, lines), rotations);
        Map<Split, ClassSplit> classSplits = new EnumMap<>(Split.class);
        lines.forEach((split, each) -> classSplits.put(split, reader.split(split, each.file(), each.lines())));
        return new ClassSplits(classSplits);
    }

    /** The index itself, or without the first folder of its names if only those match the listings. */
    private static ImageIndex matching(ImageIndex index, Map<Split, SplitListing> lines) {
        if (anyKnown(index, lines)) {
            return index;
        }
        ImageIndex shorter = index.withoutFirstFolder();
        return anyKnown(shorter, lines) ? shorter : index;
    }

    private static boolean anyKnown(ImageIndex index, Map<Split, SplitListing> lines) {
        return lines.values().stream()
                .flatMap(each -> each.lines().stream())
                .anyMatch(line -> named(index, line).isPresent());
    }

    private record Named(ImageClass images, Optional<Integer> turns) {}

    private static Optional<Named> named(ImageIndex index, String line) {
        ImageClass exact = index.classes().get(line);
        if (exact != null) {
            return Optional.of(new Named(exact, Optional.empty()));
        }
        Matcher rotated = ROTATED.matcher(line);
        if (rotated.matches()) {
            return Optional.ofNullable(index.classes().get(rotated.group(1)))
                    .map(images -> new Named(images, Optional.of(Integer.parseInt(rotated.group(2)) / 90)));
        }
        return Optional.empty();
    }

    private ClassSplit split(Split split, String file, List<String> lines) {
        List<TurnedClass> classes = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String line : lines) {
            Named named = named(index, line).orElseThrow(() -> unknown(file, line));
            if (named.images().images().isEmpty()) {
                throw new BadDataException("split " + file + " names class " + line + ", which holds no images");
            }
            for (TurnedClass each : turned(named, line)) {
                if (!seen.add(each.images().name() + each.turns())) {
                    throw new BadDataException("split " + file + " names class " + each.name() + " twice");
                }
                classes.add(each);
            }
        }
        return new ClassSplit(split, file, classes);
    }

    private List<TurnedClass> turned(Named named, String line) {
        if (named.turns().isPresent() || !rotations) {
            return List.of(new TurnedClass(line, named.images(), named.turns().orElse(0)));
        }
        return IntStream.range(0, 4)
                .mapToObj(turns -> new TurnedClass(line + "/rot%03d".formatted(90 * turns), named.images(), turns))
                .toList();
    }

    private BadDataException unknown(String file, String line) {
        String example =
                index.filled().stream().findFirst().map(ImageClass::name).orElse("");
        return new BadDataException("split " + file + " names class " + line
                + ", which few-shot.data does not hold; its classes are named as " + example);
    }
}
