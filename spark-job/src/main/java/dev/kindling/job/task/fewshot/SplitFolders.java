package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.Split;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads splits from the top folders of an image set: {@code train}, {@code val} and {@code test}. */
final class SplitFolders {
    private SplitFolders() {}

    /** The name of a split's folder. */
    static String name(Split split) {
        return switch (split) {
            case TRAIN -> "train";
            case VALIDATE -> "val";
            case TEST -> "test";
        };
    }

    /**
     * The classes of each folder; empty if there is no folder {@code train}.
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
        refuseShared(lines);
        return lines;
    }

    /** A class in two folders is the layout of data for one classification task, not for meta-learning. */
    private static void refuseShared(Map<Split, SplitListing> lines) {
        Map<String, String> owners = new HashMap<>();
        lines.values()
                .forEach(split -> split.lines().forEach(line -> {
                    String name = line.substring(line.indexOf('/') + 1);
                    String owner = owners.putIfAbsent(name, split.file());
                    if (owner != null) {
                        throw new IllegalArgumentException("few-shot.split: class " + name + " is in " + owner
                                + " and in " + split.file() + "; splits must not share a class");
                    }
                }));
    }
}
