package dev.kindling.job.task.fewshot;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.fewshot.GivenTask.SetNames;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * Episodes with given support and query sets, listed without decoding an image.
 *
 * <p>A folder has a folder for each episode, {@code <episode>/support/<class>/<image>} and {@code
 * <episode>/query/<class>/<image>}, in the order of their names. A file is a JSON list of episodes in its own order, {@code
 * [{"name": "7", "support": {"cat": ["a.png", ...], ...}, "query": {"cat": ["b.png", ...], ...}}, ...]}, with paths relative
 * to the file's folder or absolute on its file system; without {@code name} an episode is named by its position, from 0.
 *
 * @param tasks at least one
 * @param store holds the images of all tasks
 */
record FixedEpisodes(List<GivenTask> tasks, DirectoryStore store) {
    /** The most bytes of a JSON list: a bound on the memory of a crafted one. */
    private static final int LONGEST_LIST = 64 << 20;

    private static final String SUPPORT = "support";
    private static final String QUERY = "query";
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /**
     * Lists the episodes of a folder or of a JSON file.
     *
     * @throws BadDataException if there is none, or one is incomplete; the message names the episode
     */
    static FixedEpisodes open(ResolvedPath place) {
        FileStatus status = place.status();
        FixedEpisodes episodes = status.isFile() ? ofList(place) : ofFolder(place);
        if (episodes.tasks().isEmpty()) {
            throw new BadDataException(
                    place.key() + " is " + place.path() + ", which has no episodes; it must be a folder "
                            + "of <episode>/support/<class>/<image> and <episode>/query/<class>/<image>, or a JSON list of "
                            + "episodes");
        }
        return episodes;
    }

    private static FixedEpisodes ofFolder(ResolvedPath place) {
        DirectoryStore store = new DirectoryStore(place);
        ClassFolders folders = new ClassFolders(store);
        if (!store.rootImages().isEmpty()) {
            throw new BadDataException(place.key() + " is " + place.path() + ", which has the image "
                    + store.rootImages().first() + " outside an episode");
        }
        List<GivenTask> tasks = new ArrayList<>();
        for (String episode : store.folders().keySet()) {
            if (episode.indexOf('/') < 0) {
                for (String set : List.of(SUPPORT, QUERY)) {
                    if (!folders.has(episode + "/" + set)) {
                        throw new BadDataException(place.key() + ": episode " + episode + " in " + place.path()
                                + " has no folder " + set + "; it must have support and query");
                    }
                }
                SetNames setNames = setNames(place, episode);
                tasks.add(GivenTask.of(
                        episode,
                        folders.below(episode + "/" + SUPPORT, setNames.support()),
                        folders.below(episode + "/" + QUERY, setNames.query()),
                        setNames));
            }
        }
        return new FixedEpisodes(tasks, store);
    }

    private static SetNames setNames(ResolvedPath place, String episode) {
        String rest = " set of episode " + episode + " in " + place.path();
        return new SetNames(place.key() + ": the support" + rest, place.key() + ": the query" + rest);
    }

    private static FixedEpisodes ofList(ResolvedPath place) {
        JsonNode list = parse(place);
        if (!list.isArray()) {
            throw bad(place, "is not a JSON list of episodes");
        }
        Path parent = place.path().getParent();
        ResolvedPath folder = new ResolvedPath(place.key(), place.files(), parent == null ? place.path() : parent);
        SortedSet<String> all = new TreeSet<>();
        List<EpisodePaths> episodes = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            JsonNode episode = list.get(i);
            String name = episode.path("name").asText(Integer.toString(i));
            if (!names.add(name)) {
                throw bad(place, "has two episodes of the name " + name);
            }
            EpisodePaths paths = new EpisodePaths(
                    name, paths(episode, SUPPORT, name, folder, place), paths(episode, QUERY, name, folder, place));
            paths.refuseShared(place);
            for (SortedSet<String> each : paths.all()) {
                all.addAll(each);
            }
            episodes.add(paths);
        }
        DirectoryStore store = new DirectoryStore(folder, all);
        List<GivenTask> tasks = new ArrayList<>();
        for (EpisodePaths each : episodes) {
            tasks.add(GivenTask.of(
                    each.name(),
                    images(each.name() + "/" + SUPPORT + "/", each.support(), store),
                    images(each.name() + "/" + QUERY + "/", each.query(), store),
                    setNames(place, each.name())));
        }
        return new FixedEpisodes(tasks, store);
    }

    /** The paths of an episode's images by class. */
    private record EpisodePaths(
            String name, SortedMap<String, SortedSet<String>> support, SortedMap<String, SortedSet<String>> query) {
        List<SortedSet<String>> all() {
            List<SortedSet<String>> all = new ArrayList<>(support.values());
            all.addAll(query.values());
            return all;
        }

        /** Refuses an image that is listed for two classes or in both sets. */
        void refuseShared(ResolvedPath place) {
            Set<String> seen = new HashSet<>();
            for (SortedSet<String> paths : all()) {
                for (String path : paths) {
                    if (!seen.add(path)) {
                        throw bad(place, "lists the image " + path + " twice in episode " + name);
                    }
                }
            }
        }
    }

    private static SortedMap<String, SortedSet<String>> paths(
            JsonNode episode, String set, String name, ResolvedPath folder, ResolvedPath place) {
        JsonNode classes = episode.path(set);
        if (!classes.isObject()) {
            throw bad(
                    place,
                    "has no " + set + " in episode " + name + "; it must be an object of lists of paths by class");
        }
        SortedMap<String, SortedSet<String>> byClass = new TreeMap<>();
        classes.fields().forEachRemaining(field -> {
            if (!field.getValue().isArray()) {
                throw bad(
                        place,
                        "has no list of paths for class " + field.getKey() + " of " + set + " in episode " + name);
            }
            SortedSet<String> paths = new TreeSet<>();
            for (JsonNode path : field.getValue()) {
                if (!path.isTextual() || !isOnSameFileSystem(path.asText(), folder)) {
                    throw bad(
                            place,
                            "has the path " + path + " in episode " + name
                                    + "; it must be a path on the file system of the list");
                }
                if (!paths.add(path.asText())) {
                    throw bad(place, "lists the image " + path.asText() + " twice in episode " + name);
                }
            }
            byClass.put(field.getKey(), paths);
        });
        return byClass;
    }

    private static boolean isOnSameFileSystem(String path, ResolvedPath folder) {
        try {
            Path absolute = folder.files().makeQualified(new Path(folder.path(), path));
            return absolute.toUri().resolve("/").equals(folder.path().toUri().resolve("/"));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static SortedMap<String, ImageClass> images(
            String prefix, SortedMap<String, SortedSet<String>> paths, DirectoryStore store) {
        SortedMap<String, ImageClass> images = new TreeMap<>();
        paths.forEach((name, files) -> images.put(name, new ImageClass(prefix + name, store, "", List.copyOf(files))));
        return images;
    }

    private static JsonNode parse(ResolvedPath place) {
        try (InputStream in = place.files().open(place.path())) {
            byte[] bytes = in.readNBytes(LONGEST_LIST + 1);
            if (bytes.length > LONGEST_LIST) {
                throw bad(place, "is longer than the " + LONGEST_LIST + " bytes that a list may have");
            }
            return JSON.readTree(bytes);
        } catch (JsonProcessingException e) {
            throw new BadDataException(
                    place.key() + " is " + place.path() + ", which is neither a folder nor a JSON list of episodes: "
                            + e.getOriginalMessage(),
                    e);
        } catch (IOException e) {
            throw new BadDataException(
                    place.key() + " is " + place.path() + ", which cannot be read: " + e.getMessage(), e);
        }
    }

    private static BadDataException bad(ResolvedPath place, String fault) {
        return new BadDataException(place.key() + " is " + place.path() + ", which " + PrintableText.line(fault));
    }

    /**
     * A hash in hexadecimal of the episodes: SHA-256 over a line for each image in the order of rows (episode, set and class,
     * image, length of the file, CRC-32 of the file).
     */
    String hash() {
        Map<String, long[]> sums = new HashMap<>();
        store.checksums((path, length, crc) -> sums.put(path, new long[] {length, crc}));
        ImageDataHash hash = new ImageDataHash();
        tasks.forEach(task -> task.images()
                .forEach(each -> each.images().forEach(image -> {
                    long[] sum = sums.getOrDefault(each.path(image), new long[2]);
                    hash.image(each.name(), image, sum[0], sum[1]);
                })));
        return hash.hex();
    }
}
