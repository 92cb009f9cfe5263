package dev.kindling.driver.checkpoint;

import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.error.BadDataException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The directory {@code checkpoints/} of a run: one directory for each checkpoint, named by its round. The manifest is
 * written last: a directory without one is not a checkpoint, which also holds on file systems without an atomic rename. Not
 * thread-safe.
 */
public final class Checkpoints {
    /**
     * The age at which a checkpoint is on the disk even if the disk ignores syncs: operating systems write back what is older
     * than 30 s (Linux's {@code vm.dirty_expire_centisecs}) every few seconds.
     */
    static final Duration SETTLED = Duration.ofSeconds(60);

    private static final Pattern NAME = Pattern.compile("\\d{8,18}");
    private static final String THETA = "theta.safetensors";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String BEST = "best.safetensors";
    private static final String AVERAGE = "average.safetensors";

    private final AtomicDirectory folder;

    Checkpoints(AtomicDirectory folder) {
        this.folder = folder;
    }

    /** The name of the checkpoint after the given number of rounds. */
    static String name(long rounds) {
        return String.format(Locale.ROOT, "%08d", rounds);
    }

    /** Writes a checkpoint, in place of a damaged or incomplete one of the same round. */
    public void write(Checkpoint checkpoint) {
        String name = name(checkpoint.manifest().rounds());
        remove(name);
        SortedMap<String, byte[]> files = new TreeMap<>();
        files.put(THETA, checkpoint.theta().encoded());
        files.put(OPTIMIZER, checkpoint.optimizer().encoded());
        checkpoint.best().ifPresent(best -> files.put(BEST, best.encoded()));
        checkpoint.average().ifPresent(average -> files.put(AVERAGE, average.encoded()));
        new ChecksummedDirectory(checkpoint.manifest(), Optional.of(checkpoint.progress()), files).write(folder, name);
    }

    /**
     * Removes all checkpoints but the last few, incomplete ones, and those of later rounds than the one just written: a run
     * resumes from an earlier checkpoint only where the later ones are damaged. Additionally the newest checkpoint older than
     * {@link #SETTLED} is retained, and the oldest of the younger ones, which will be that old next: a disk that reports a
     * sync it did not make loses everything younger in a power cut.
     *
     * @param written round of the checkpoint that was just written
     * @param last number of checkpoints to retain, that one included, at least 1
     * @param best round of a further checkpoint to retain; empty for none
     */
    public void retain(long written, int last, Optional<Long> best) {
        List<String> complete = complete().stream()
                .filter(name -> Long.parseLong(name) <= written)
                .toList();
        Set<String> retained = new TreeSet<>(complete.subList(Math.max(0, complete.size() - last), complete.size()));
        best.map(Checkpoints::name).ifPresent(retained::add);
        retained.addAll(settled(complete, name(written)));
        named().stream().filter(name -> !retained.contains(name)).forEach(this::remove);
    }

    /** The newest checkpoint older than {@link #SETTLED} at the time of the last write, and the oldest of the others. */
    private List<String> settled(List<String> complete, String written) {
        Optional<Instant> now = writtenAt(written);
        Predicate<String> isSettled = name -> writtenAt(name)
                .filter(then ->
                        now.isPresent() && Duration.between(then, now.get()).compareTo(SETTLED) > 0)
                .isPresent();
        int settled = 0;
        while (settled < complete.size() && isSettled.test(complete.get(settled))) {
            settled++;
        }
        return complete.subList(Math.max(0, settled - 1), Math.min(complete.size(), settled + 1));
    }

    private Optional<Instant> writtenAt(String name) {
        return folder.child(name).written(ChecksummedDirectory.MANIFEST);
    }

    /** The manifest is removed first, so that an interrupted removal leaves no checkpoint instead of a damaged one. */
    private void remove(String name) {
        if (folder.has(name)) {
            folder.child(name).remove(ChecksummedDirectory.MANIFEST);
            folder.remove(name);
        }
    }

    private List<String> named() {
        return folder.names().stream()
                .filter(name -> NAME.matcher(name).matches())
                .sorted((a, b) -> Long.compare(Long.parseLong(a), Long.parseLong(b)))
                .toList();
    }

    private List<String> complete() {
        return named().stream()
                .filter(name -> folder.child(name).has(ChecksummedDirectory.MANIFEST))
                .toList();
    }

    /** The directories that have a manifest, newest first. */
    Stream<AtomicDirectory> newestFirst() {
        List<String> names = new ArrayList<>(complete());
        Collections.reverse(names);
        return names.stream().map(folder::child);
    }

    /**
     * The newest undamaged checkpoint; empty if there is no checkpoint.
     *
     * @param warning receives a single-line message for each newer checkpoint that is damaged
     * @throws BadDataException if there are checkpoints and all are damaged, or if the newest undamaged one was written by a
     *     version whose runs cannot be resumed
     */
    public Optional<Checkpoint> newest(Consumer<String> warning) {
        List<String> names = complete();
        for (int i = names.size() - 1; i >= 0; i--) {
            AtomicDirectory directory = folder.child(names.get(i));
            ChecksummedDirectory content;
            try {
                content = ChecksummedDirectory.read(directory);
                if (content.format() == ChecksummedDirectory.FORMAT) {
                    return Optional.of(checkpoint(content, directory));
                }
            } catch (BadDataException e) {
                if (i == 0) {
                    throw new BadDataException(
                            "no checkpoint in " + folder + " can be used; the oldest: " + e.getMessage(), e);
                }
                warning.accept(e.getMessage() + "; the checkpoint before it is used");
                continue;
            }
            throw outdated(content, directory);
        }
        return Optional.empty();
    }

    private static BadDataException outdated(ChecksummedDirectory content, AtomicDirectory directory) {
        String version = content.manifest().provenance().kindling();
        return new BadDataException(directory.place(ChecksummedDirectory.MANIFEST) + " has format " + content.format()
                + ", written by Kindling " + version + "; this version resumes runs of format "
                + ChecksummedDirectory.FORMAT + " only: resume the run with Kindling " + version
                + ", or begin a new one in another folder");
    }

    private static Checkpoint checkpoint(ChecksummedDirectory content, AtomicDirectory directory) {
        TrainingProgress progress = content.progress()
                .orElseThrow(() -> new BadDataException(
                        directory.place(ChecksummedDirectory.MANIFEST) + " is damaged: it is the manifest of a model"));
        return new Checkpoint(
                content.manifest(),
                progress,
                tensors(content, THETA, directory),
                tensors(content, OPTIMIZER, directory),
                optional(content, BEST, directory),
                optional(content, AVERAGE, directory));
    }

    private static Optional<Tensors> optional(ChecksummedDirectory content, String name, AtomicDirectory directory) {
        return content.files().containsKey(name) ? Optional.of(tensors(content, name, directory)) : Optional.empty();
    }

    private static Tensors tensors(ChecksummedDirectory content, String name, AtomicDirectory directory) {
        return Safetensors.decode(content.file(name, directory), directory.place(name));
    }
}
