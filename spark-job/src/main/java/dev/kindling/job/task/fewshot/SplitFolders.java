package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.Split;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Splits as the folders that classes lie in: {@code train}, {@code val} and {@code test}. */
final class SplitFolders {
    private SplitFolders() {}

    /** The name of the folder with the classes of a purpose. */
    static String name(Split split) {
        return switch (split) {
            case TRAIN -> "train";
            case VALIDATE -> "val";
            case TEST -> "test";
        };
    }

    /**
     * The classes of each folder; none where there is no folder {@code train}.
     *
     * @throws IllegalArgumentException if two folders hold classes of the same name
     */
    static Map<Split, SplitListing> read(ImageIndex index, ResolvedPath data) {
        Map<Split, SplitListing> lines = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            String folder = name(split);
            List<String> classes = index.filled().stream()
                    .map(ImageClass::name)
                    .filter(name -> name.startsWith(folder + "/"))
                    .toList();
            if (!classes.isEmpty()) {
                lines.put(split, new SplitListing("the folder " + folder + " of " + data.path(), classes));
            }
        }
        if (!lines.containsKey(Split.TRAIN)) {
            return Map.of();
        }
        refuseKin(lines);
        return lines;
    }

    /** The same class in two folders is how pictures are sorted for learning one task, not for learning to learn. */
    private static void refuseKin(Map<Split, SplitListing> lines) {
        Map<String, String> owners = new HashMap<>();
        lines.values()
                .forEach(split -> split.lines().forEach(line -> {
                    String name = line.substring(line.indexOf('/') + 1);
                    String owner = owners.putIfAbsent(name, split.file());
                    if (owner != null) {
                        throw new IllegalArgumentException("few-shot.split: class " + name + " stands in " + owner
                                + " and in " + split.file() + "; splits must not share a class");
                    }
                }));
    }
}
