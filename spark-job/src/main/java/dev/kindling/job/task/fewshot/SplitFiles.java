package dev.kindling.job.task.fewshot;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.RegularFiles;
import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.Split;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** Reads splits from text files with a class name on each line. */
final class SplitFiles {
    private SplitFiles() {}

    /** The name of a split's file. */
    static String name(Split split) {
        return switch (split) {
            case TRAIN -> "train.txt";
            case VALIDATE -> "val.txt";
            case TEST -> "test.txt";
        };
    }

    /** The folder itself, or the one folder in it, that holds a {@code train.txt}, {@code val.txt} or {@code test.txt}. */
    static Optional<ResolvedPath> find(ResolvedPath data) {
        try {
            if (!data.status().isDirectory()) {
                return Optional.empty();
            }
            if (holdsSplit(data, data.path())) {
                return Optional.of(data);
            }
            List<Path> found = Arrays.stream(data.files().listStatus(data.path()))
                    .filter(FileStatus::isDirectory)
                    .map(FileStatus::getPath)
                    .filter(path -> holdsSplit(data, path))
                    .toList();
            return found.size() == 1
                    ? Optional.of(new ResolvedPath(SplitSettings.KEY, data.files(), found.get(0)))
                    : Optional.empty();
        } catch (IOException e) {
            throw new BadDataException(
                    "few-shot.data is " + data.path() + ", which cannot be listed: " + e.getMessage(), e);
        }
    }

    private static boolean holdsSplit(ResolvedPath data, Path folder) {
        return Arrays.stream(Split.values()).anyMatch(split -> exists(data, new Path(folder, name(split))));
    }

    private static boolean exists(ResolvedPath resolvedPath, Path path) {
        try {
            return resolvedPath.files().exists(path);
        } catch (IOException e) {
            throw new BadDataException(resolvedPath.key() + ": " + path + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Reads the split files of a folder; BadDataException if there are none. */
    static Map<Split, SplitListing> read(ResolvedPath folder) {
        if (!folder.status().isDirectory()) {
            throw new BadDataException(folder.key() + " is " + folder.path()
                    + ", which is not a folder; it must be one with train.txt, val.txt and test.txt");
        }
        Map<Split, SplitListing> lines = new EnumMap<>(Split.class);
        for (Split split : Split.values()) {
            Path file = new Path(folder.path(), name(split));
            if (exists(folder, file)) {
                lines.put(split, new SplitListing(file.toString(), lines(folder, file)));
            }
        }
        if (lines.isEmpty()) {
            throw new BadDataException(folder.key() + " is " + folder.path()
                    + ", which holds no split; it must be a folder with train.txt, val.txt and test.txt");
        }
        return lines;
    }

    private static List<String> lines(ResolvedPath folder, Path file) {
        RegularFiles.refuseSpecial(folder.key(), file);
        try (InputStream in = folder.files().open(file)) {
            byte[] bytes = in.readNBytes(ImageStore.LARGEST_FILE + 1);
            if (bytes.length > ImageStore.LARGEST_FILE) {
                throw new BadDataException(folder.key() + ": " + file + " is longer than the " + ImageStore.LARGEST_FILE
                        + " bytes that a split may have");
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString()
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .toList();
        } catch (CharacterCodingException e) {
            throw new BadDataException(folder.key() + ": " + file + " is not text in UTF-8, as a split must be", e);
        } catch (IOException e) {
            throw new BadDataException(folder.key() + ": " + file + " cannot be read: " + e.getMessage(), e);
        }
    }
}
