package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.fewshot.FewShotSettings.Rotations;
import dev.kindling.job.task.fewshot.Split.TurnedClass;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** Reads the files of a split folder and holds their lines against the classes that there are. */
final class SplitReader {
    private static final Map<Purpose, String> FILES =
            Map.of(Purpose.TRAIN, "train.txt", Purpose.VALIDATE, "val.txt", Purpose.TEST, "test.txt");
    private static final Pattern ROTATED = Pattern.compile("(.+)/rot(000|090|180|270)");

    private final ImageIndex index;
    private final Rotations rotations;

    private SplitReader(ImageIndex index, Rotations rotations) {
        this.index = index;
        this.rotations = rotations;
    }

    /** The name of the file with the classes of a purpose. */
    static String fileName(Purpose purpose) {
        return FILES.getOrDefault(purpose, "");
    }

    /**
     * The splits of the folder by purpose; a purpose without a file is absent.
     *
     * @throws BadDataException if no file is there, or one is empty, names an unknown or empty class, or a class twice
     * @throws IllegalArgumentException if two splits share a class
     */
    static Map<Purpose, Split> read(Location folder, ImageIndex index, Rotations rotations) {
        if (!folder.status().isDirectory()) {
            throw new BadDataException(folder.key() + " is " + folder.path()
                    + ", which is not a folder; it must be one " + "with train.txt, val.txt and test.txt");
        }
        Map<Purpose, List<String>> lines = lines(folder);
        SplitReader reader = new SplitReader(naming(index, lines), rotations);
        Map<Purpose, Split> splits = new EnumMap<>(Purpose.class);
        lines.forEach((purpose, each) -> {
            String file = new Path(folder.path(), fileName(purpose)).toString();
            splits.put(purpose, reader.split(purpose, file, each));
        });
        shared(splits).ifPresent(clause -> {
            throw new IllegalArgumentException("few-shot.split: " + clause + "; splits must not share a class");
        });
        return splits;
    }

    /** The folder itself, or the one folder in it, that holds a {@code train.txt}, {@code val.txt} or {@code test.txt}. */
    static Location find(Location data) {
        try {
            if (data.status().isDirectory()) {
                if (holdsSplit(data, data.path())) {
                    return data;
                }
                List<Path> found = Arrays.stream(data.files().listStatus(data.path()))
                        .filter(FileStatus::isDirectory)
                        .map(FileStatus::getPath)
                        .filter(path -> holdsSplit(data, path))
                        .toList();
                if (found.size() == 1) {
                    return new Location("few-shot.split", data.files(), found.get(0));
                }
            }
        } catch (IOException e) {
            throw new BadDataException(
                    "few-shot.data is " + data.path() + ", which cannot be listed: " + e.getMessage(), e);
        }
        throw new IllegalArgumentException("few-shot.split is empty and few-shot.data, " + data.path()
                + ", does not hold exactly one folder of splits; few-shot.split must be a folder with train.txt, val.txt "
                + "and test.txt");
    }

    private static boolean holdsSplit(Location data, Path folder) {
        return FILES.values().stream().anyMatch(file -> exists(data, new Path(folder, file)));
    }

    private static boolean exists(Location location, Path path) {
        try {
            return location.files().exists(path);
        } catch (IOException e) {
            throw new BadDataException(location.key() + ": " + path + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static Map<Purpose, List<String>> lines(Location folder) {
        Map<Purpose, List<String>> lines = new EnumMap<>(Purpose.class);
        FILES.forEach((purpose, name) -> {
            Path file = new Path(folder.path(), name);
            if (exists(folder, file)) {
                lines.put(purpose, lines(folder, file));
            }
        });
        if (lines.isEmpty()) {
            throw new BadDataException(folder.key() + " is " + folder.path()
                    + ", which holds no split; it must be a folder with train.txt, val.txt and test.txt");
        }
        return lines;
    }

    private static List<String> lines(Location folder, Path file) {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(folder.files().open(file), StandardCharsets.UTF_8))) {
            return reader.lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw new BadDataException(folder.key() + ": " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** The index with the names that the lines use: its own, or without the first folder if only that fits. */
    private static ImageIndex naming(ImageIndex index, Map<Purpose, List<String>> lines) {
        if (anyKnown(index, lines)) {
            return index;
        }
        ImageIndex shorter = index.withoutFirstFolder();
        return anyKnown(shorter, lines) ? shorter : index;
    }

    private static boolean anyKnown(ImageIndex index, Map<Purpose, List<String>> lines) {
        return lines.values().stream()
                .flatMap(List::stream)
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

    private Split split(Purpose purpose, String file, List<String> lines) {
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
        return new Split(purpose, file, classes);
    }

    private List<TurnedClass> turned(Named named, String line) {
        if (named.turns().isPresent() || rotations == Rotations.AS_NAMED) {
            return List.of(new TurnedClass(line, named.images(), named.turns().orElse(0)));
        }
        return IntStream.range(0, 4)
                .mapToObj(turns -> new TurnedClass(line + "/rot%03d".formatted(90 * turns), named.images(), turns))
                .toList();
    }

    private BadDataException unknown(String file, String line) {
        String example = index.classes().values().stream()
                .filter(each -> !each.images().isEmpty())
                .findFirst()
                .map(ImageClass::name)
                .orElse("");
        return new BadDataException("split " + file + " names class " + line
                + ", which few-shot.data does not hold; its classes are named as " + example);
    }

    /**
     * A class that two splits share, as a clause; empty if there is none. Rotations of one class are kin: a class may not
     * train in one and be tested in another.
     */
    static Optional<String> shared(Map<Purpose, Split> splits) {
        Map<String, Purpose> owners = new HashMap<>();
        for (Split split : splits.values()) {
            for (TurnedClass each : split.classes()) {
                String name = each.images().name();
                Purpose owner = owners.putIfAbsent(name, split.purpose());
                if (owner != null && owner != split.purpose()) {
                    return Optional.of(
                            "class " + name + " stands in " + fileName(owner) + " and in " + fileName(split.purpose()));
                }
            }
        }
        return Optional.empty();
    }
}
