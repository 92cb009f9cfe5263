package dev.kindling.driver.checkpoint;

import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.model.NetworkFile;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;

/**
 * What one run writes: {@code config.conf}, {@code status.json}, {@code metrics.jsonl}, {@code network.json} or
 * {@code network.zip} where its network came from a file, {@code checkpoints/}, {@code model/}, {@code evaluation.json}. A reader sees each file whole, as it was or as it is, whenever the run dies.
 */
public final class RunDirectory {
    private static final String CONFIG = "config.conf";
    private static final String EVALUATION = "evaluation.json";
    private static final String TASKS = "evaluation.parquet";
    private static final String CHECKPOINTS = "checkpoints";
    private static final String MODEL = "model";
    private static final String NEW_MODEL = ".model-new";
    private static final String OLD_MODEL = ".model-old";
    private static final String THETA = "theta.safetensors";
    private static final String NETWORK = "network.json";
    private static final List<String> NETWORK_FILES = List.of(NETWORK, "network.zip");

    private final AtomicDirectory folder;

    private RunDirectory(AtomicDirectory folder) {
        this.folder = folder;
    }

    /**
     * Begins the directory of a new run with its configuration.
     *
     * @param folder new, or empty but for its lock
     * @param configuration resolved, every key, as {@code config.conf} is to hold it
     * @throws IllegalArgumentException if something lies there already
     */
    public static RunDirectory create(AtomicDirectory folder, String configuration) {
        refuseUnlessEmpty(folder);
        RunDirectory directory = new RunDirectory(folder);
        directory.writeConfiguration(configuration);
        return directory;
    }

    /** The same in a folder that is not locked. */
    public static RunDirectory create(String place, Configuration hadoop, String configuration) {
        return create(AtomicDirectory.at(place, hadoop), configuration);
    }

    /** Refuses a folder in which something lies that a new run would mix with; a lock is not looked at. */
    public static void refuseUnlessEmpty(AtomicDirectory folder) {
        if (!isEmpty(folder)) {
            throw new IllegalArgumentException(
                    "--out is " + folder + ", which is not empty; it must be a new or an empty folder"
                            + (isIn(folder) ? ", or with --resume the run that is there" : ""));
        }
    }

    /** Whether a folder is not there or has nothing but what a driver leaves that dies before its first file. */
    public static boolean isEmpty(AtomicDirectory folder) {
        return folder.names().stream().allMatch(name -> RunLock.owns(name) || name.equals("." + CONFIG + ".new"));
    }

    /** Whether a run began in a folder. */
    public static boolean isIn(AtomicDirectory folder) {
        return folder.has(CONFIG);
    }

    /**
     * Refuses to write into a run's folder that somebody has removed: writing would make it anew, with nothing in it to go
     * on from.
     *
     * @throws BadDataException if the run is not there any more
     */
    public static void requireThere(AtomicDirectory folder) {
        if (!isIn(folder)) {
            throw gone(folder);
        }
    }

    static BadDataException gone(AtomicDirectory folder) {
        return new BadDataException(
                folder + " was removed while the run went on: it has no " + CONFIG + " any more; begin the run anew");
    }

    /**
     * The directory of a run that began earlier.
     *
     * @throws BadDataException if no run is there
     */
    public static RunDirectory open(AtomicDirectory folder) {
        if (!isIn(folder)) {
            throw new BadDataException(folder + " is no run directory: it has no " + CONFIG);
        }
        return new RunDirectory(folder);
    }

    /** The same by its place: a path, or a URI of any Hadoop file system. */
    public static RunDirectory open(String place, Configuration hadoop) {
        return open(AtomicDirectory.at(place, hadoop));
    }

    /** The folder itself. */
    public AtomicDirectory folder() {
        return folder;
    }

    /** Its checkpoints. */
    public Checkpoints checkpoints() {
        return new Checkpoints(folder.child(CHECKPOINTS));
    }

    /** Writes {@code config.conf}, in place of what was there; where that is the same nothing is touched. */
    public void writeConfiguration(String configuration) {
        if (isIn(folder) && configuration().equals(configuration)) {
            return;
        }
        folder.replace(CONFIG, configuration.getBytes(StandardCharsets.UTF_8));
    }

    /** The text of {@code config.conf}. */
    public String configuration() {
        return new String(folder.read(CONFIG), StandardCharsets.UTF_8);
    }

    /** Keeps the file that a run's network was read from, if it is not there yet: the run has to last longer than it. */
    public void keepNetwork(NetworkFile file) {
        String name = NETWORK_FILES.get(file.isZip() ? 1 : 0);
        if (!folder.has(name)) {
            folder.replace(name, file.content());
        }
    }

    /** The bytes of the file that {@link #keepNetwork} has kept. */
    public Optional<byte[]> network() {
        return NETWORK_FILES.stream().filter(folder::has).findFirst().map(folder::read);
    }

    /** Whether there is an evaluation. */
    public boolean hasEvaluation() {
        return folder.has(EVALUATION);
    }

    /**
     * Writes {@code evaluation.json}, and {@code evaluation.parquet} with each task by itself, in place of what was there.
     *
     * @param tasks the bytes of the latter; without them an older one, which would belong to another evaluation, is removed
     */
    public void writeEvaluation(String json, Optional<byte[]> tasks) {
        tasks.ifPresentOrElse(bytes -> folder.replace(TASKS, bytes), () -> folder.remove(TASKS));
        folder.replace(EVALUATION, json.getBytes(StandardCharsets.UTF_8));
    }

    /** Removes {@code evaluation.json} and what belongs to it, if there is one: the model is about to become another. */
    public void removeEvaluation() {
        folder.remove(EVALUATION);
        folder.remove(TASKS);
    }

    /** Writes a file that grows, anew, and goes on from its end; empty where the file system cannot append. */
    public Optional<FSDataOutputStream> regrow(String name, byte[] beginning) {
        folder.replace(name, beginning);
        return folder.append(name);
    }

    /** Begins a file of the given name that grows; the caller closes it. */
    public FSDataOutputStream grow(String name) {
        return folder.grow(name);
    }

    /**
     * Writes {@code model/} beside and puts it in place of what was there.
     *
     * @param layout names and shapes of θ
     * @param network what {@code network.json} is to hold
     * @return the SHA-256 of θ's file
     */
    public String writeModel(Manifest manifest, Layout layout, FlatVector theta, String network) {
        SortedMap<String, byte[]> files = new TreeMap<>();
        files.put(THETA, Safetensors.encode(layout, theta));
        files.put(NETWORK, network.getBytes(StandardCharsets.UTF_8));
        folder.remove(NEW_MODEL);
        new ChecksummedDirectory(manifest, Optional.empty(), files).write(folder, NEW_MODEL);
        if (folder.has(MODEL)) {
            folder.remove(OLD_MODEL);
            folder.rename(MODEL, OLD_MODEL);
        }
        folder.rename(NEW_MODEL, MODEL);
        folder.sync();
        folder.remove(OLD_MODEL);
        return DigestUtils.sha256Hex(files.get(THETA));
    }

    /** What the manifest of {@code model/} says, or, while there is no model, that of the newest checkpoint whose is whole. */
    public Optional<Manifest> manifest() {
        return Stream.concat(
                        Stream.of(model()).filter(model -> model.has(ChecksummedDirectory.MANIFEST)),
                        checkpoints().newestFirst())
                .map(RunDirectory::undamaged)
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static Optional<Manifest> undamaged(AtomicDirectory folder) {
        try {
            return Optional.of(ChecksummedDirectory.manifest(folder));
        } catch (BadDataException e) {
            return Optional.empty();
        }
    }

    /**
     * Reads {@code model/} and verifies every byte of it.
     *
     * @throws BadDataException if a file is missing or damaged, with its name
     */
    public StoredModel readModel() {
        AtomicDirectory model = model();
        ChecksummedDirectory checksummedDirectory = ChecksummedDirectory.read(model);
        byte[] theta = checksummedDirectory.file(THETA, model);
        return new StoredModel(
                checksummedDirectory.manifest(),
                Safetensors.decode(theta, model.place(THETA)),
                DigestUtils.sha256Hex(theta),
                new String(checksummedDirectory.file(NETWORK, model), StandardCharsets.UTF_8));
    }

    /** Where a run died between the two renames of writeModel, the model before is whole under its other name. */
    private AtomicDirectory model() {
        boolean halfway = !folder.has(MODEL) && folder.has(OLD_MODEL);
        return folder.child(halfway ? OLD_MODEL : MODEL);
    }
}
