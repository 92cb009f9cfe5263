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
 * The folder {@code checkpoints/} of a run: a folder for each checkpoint, named by its round. The manifest is written
 * last and decides: what has none is no checkpoint, on a file system without an atomic rename too. Not thread-safe.
 */
public final class Checkpoints {
    /**
     * When a checkpoint is on the disk whatever the disk says of syncing: operating systems write what is older than 30 s
     * (Linux's {@code vm.dirty_expire_centisecs}) every few seconds.
     */
    static final Duration SETTLED = Duration.ofSeconds(60);

    private static final Pattern NAME = Pattern.compile("\\d{8,18}");
    private static final String THETA = "theta.safetensors";
    private static final String OPTIMIZER = "optimizer.safetensors";
    private static final String BEST = "best.safetensors";

    private final AtomicDirectory folder;

    Checkpoints(AtomicDirectory folder) {
        this.folder = folder;
    }

    /** How a checkpoint after so many rounds is named. */
    static String name(long rounds) {
        return String.format(Locale.ROOT, "%08d", rounds);
    }

    /** Writes a checkpoint; what lay under its round, damaged or half written, is lost. */
    public void write(Checkpoint checkpoint) {
        String name = name(checkpoint.manifest().rounds());
        remove(name);
        SortedMap<String, byte[]> files = new TreeMap<>();
        files.put(THETA, checkpoint.theta().encoded());
        files.put(OPTIMIZER, checkpoint.optimizer().encoded());
        checkpoint.best().ifPresent(best -> files.put(BEST, best.encoded()));
        new ChecksummedDirectory(checkpoint.manifest(), Optional.of(checkpoint.progress()), files).write(folder, name);
    }

    /**
     * Removes the checkpoints before the last few, what a writer that died left between them, and what lies after the one
     * that was written: a run goes on behind one only if it is damaged. Besides, one stays that is older than
     * {@link #SETTLED}, and until there is one the oldest of the others, which will be: where a disk says that something is
     * synced and it is not, a power cut takes all that is younger.
     *
     * @param written the round of the one that was just written
     * @param last how many to keep, that one included, at least 1
     * @param best the round of one to keep besides; empty for none
     */
    public void keep(long written, int last, Optional<Long> best) {
        List<String> whole =
                whole().stream().filter(name -> Long.parseLong(name) <= written).toList();
        Set<String> kept = new TreeSet<>(whole.subList(Math.max(0, whole.size() - last), whole.size()));
        best.map(Checkpoints::name).ifPresent(kept::add);
        kept.addAll(settled(whole, name(written)));
        named().stream().filter(name -> !kept.contains(name)).forEach(this::remove);
    }

    /** The newest of those that are older than {@link #SETTLED} when another was written, and the oldest of those that are not. */
    private List<String> settled(List<String> whole, String written) {
        Optional<Instant> now = writtenAt(written);
        Predicate<String> isSettled = name -> writtenAt(name)
                .filter(then ->
                        now.isPresent() && Duration.between(then, now.get()).compareTo(SETTLED) > 0)
                .isPresent();
        int settled = 0;
        while (settled < whole.size() && isSettled.test(whole.get(settled))) {
            settled++;
        }
        return whole.subList(Math.max(0, settled - 1), Math.min(whole.size(), settled + 1));
    }

    private Optional<Instant> writtenAt(String name) {
        return folder.child(name).written(ChecksummedDirectory.MANIFEST);
    }

    /** The manifest goes first: half removed it is no checkpoint any more, not a damaged one. */
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

    private List<String> whole() {
        return named().stream()
                .filter(name -> folder.child(name).has(ChecksummedDirectory.MANIFEST))
                .toList();
    }

    /** The folders of those that have a manifest. */
    Stream<AtomicDirectory> newestFirst() {
        List<String> names = new ArrayList<>(whole());
        Collections.reverse(names);
        return names.stream().map(folder::child);
    }

    /**
     * The newest checkpoint of which every byte is as it was written; empty if there is none at all.
     *
     * @param damaged is told of each newer one that is damaged, in one sentence
     * @throws BadDataException if there are checkpoints and all are damaged
     */
    public Optional<Checkpoint> newest(Consumer<String> damaged) {
        List<String> names = new ArrayList<>(whole());
        for (int i = names.size() - 1; i >= 0; i--) {
            try {
                return Optional.of(read(folder.child(names.get(i))));
            } catch (BadDataException e) {
                if (i == 0) {
                    throw new BadDataException(
                            "no checkpoint in " + folder + " can be used; the oldest: " + e.getMessage(), e);
                }
                damaged.accept(e.getMessage() + "; the checkpoint before it is used");
            }
        }
        return Optional.empty();
    }

    private static Checkpoint read(AtomicDirectory one) {
        ChecksummedDirectory checksummedDirectory = ChecksummedDirectory.read(one);
        TrainingProgress progress = checksummedDirectory
                .position()
                .orElseThrow(() -> new BadDataException(
                        one.place(ChecksummedDirectory.MANIFEST) + " is damaged: it is the manifest of a model"));
        Optional<Tensors> best = checksummedDirectory.files().containsKey(BEST)
                ? Optional.of(tensors(checksummedDirectory, BEST, one))
                : Optional.empty();
        return new Checkpoint(
                checksummedDirectory.manifest(),
                progress,
                tensors(checksummedDirectory, THETA, one),
                tensors(checksummedDirectory, OPTIMIZER, one),
                best);
    }

    private static Tensors tensors(ChecksummedDirectory checksummedDirectory, String name, AtomicDirectory folder) {
        return Safetensors.decode(checksummedDirectory.file(name, folder), folder.place(name));
    }
}
