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
 * The directory of one run: {@code config.conf}, {@code status.json}, {@code metrics.jsonl}, {@code network.json} or {@code
 * network.zip} if its network came from a file, {@code checkpoints/}, {@code model/} and {@code evaluation.json}. Every file
 * is replaced atomically: a reader sees its previous or its new content, whenever the driver dies.
 */
public final class RunDirectory {
    /** The folder of the run's prepared table. */
    public static final String TABLE = "table";

    /** The folder in which a table is prepared before it is renamed. */
    public static final String NEW_TABLE = ".table-new";

    private static final String CONFIG = "config.conf";
    private static final String EVALUATION = "evaluation.json";
    private static final String TASKS = "evaluation.parquet";
    private static final String GROUPS = "evaluation-groups.parquet";
    private static final String CHECKPOINTS = "checkpoints";
    private static final String MODEL = "model";
    private static final String NEW_MODEL = ".model-new";
    private static final String OLD_MODEL = ".model-old";
    private static final String THETA = "theta.safetensors";
    private static final String NETWORK = "network.json";
    private static final String TABLE_ENCODING = "table.json";
    private static final List<String> NETWORK_FILES = List.of(NETWORK, "network.zip");

    private final AtomicDirectory folder;

    private RunDirectory(AtomicDirectory folder) {
        this.folder = folder;
    }

    /**
     * Creates the directory of a new run and writes its configuration.
     *
     * @param folder new, or empty apart from a lock
     * @param configuration the text of {@code config.conf}: resolved, every key
     * @throws IllegalArgumentException if the directory is not empty
     */
    public static RunDirectory create(AtomicDirectory folder, String configuration) {
        refuseUnlessEmpty(folder);
        RunDirectory directory = new RunDirectory(folder);
        directory.writeConfiguration(configuration);
        return directory;
    }

    /** The same in a directory without a lock. */
    public static RunDirectory create(String place, Configuration hadoop, String configuration) {
        return create(AtomicDirectory.at(place, hadoop), configuration);
    }

    /** Throws IllegalArgumentException if a directory holds anything but a lock. */
    public static void refuseUnlessEmpty(AtomicDirectory folder) {
        if (!isEmpty(folder)) {
            throw new IllegalArgumentException(
                    "--out is " + folder + ", which is not empty; it must be a new or an empty folder"
                            + (isIn(folder) ? ", or with --resume the run that is there" : ""));
        }
    }

    /** Whether a directory is missing, or holds only what a driver leaves that dies before its first file. */
    public static boolean isEmpty(AtomicDirectory folder) {
        return folder.names().stream().allMatch(RunDirectory::isBeforeTheFirstFile);
    }

    private static boolean isBeforeTheFirstFile(String name) {
        return RunLock.owns(name) || name.equals("." + CONFIG + ".new") || name.equals(TABLE) || name.equals(NEW_TABLE);
    }

    /** Whether a directory holds a run. */
    public static boolean isIn(AtomicDirectory folder) {
        return folder.has(CONFIG);
    }

    /**
     * Throws if a run's directory was deleted while the run goes on: writing would recreate it without the files that resuming
     * needs.
     *
     * @throws BadDataException if the run no longer exists
     */
    public static void requireExists(AtomicDirectory folder) {
        if (!isIn(folder)) {
            throw gone(folder);
        }
    }

    static BadDataException gone(AtomicDirectory folder) {
        return new BadDataException(
                folder + " was removed while the run went on: it has no " + CONFIG + " any more; begin the run anew");
    }

    /**
     * Opens the directory of an existing run.
     *
     * @throws BadDataException if there is no run
     */
    public static RunDirectory open(AtomicDirectory folder) {
        if (!isIn(folder)) {
            throw new BadDataException(folder + " is no run directory: it has no " + CONFIG);
        }
        return new RunDirectory(folder);
    }

    /** The same by its location: a path, or a URI of any Hadoop file system. */
    public static RunDirectory open(String place, Configuration hadoop) {
        return open(AtomicDirectory.at(place, hadoop));
    }

    /** The directory itself. */
    public AtomicDirectory folder() {
        return folder;
    }

    /** The checkpoints of the run. */
    public Checkpoints checkpoints() {
        return new Checkpoints(folder.child(CHECKPOINTS));
    }

    /** Replaces {@code config.conf}; an identical file is left untouched. */
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

    /** Stores a copy of the file that the network was read from, unless there is one: the run may outlive the original. */
    public void keepNetwork(NetworkFile file) {
        String name = NETWORK_FILES.get(file.isZip() ? 1 : 0);
        if (!folder.has(name)) {
            folder.replace(name, file.content());
        }
    }

    /** The content of the copy that {@link #keepNetwork} stored; empty if there is none. */
    public Optional<byte[]> network() {
        return NETWORK_FILES.stream().filter(folder::has).findFirst().map(folder::read);
    }

    /** Whether the run has an {@code evaluation.json}. */
    public boolean hasEvaluation() {
        return folder.has(EVALUATION);
    }

    /** The content of {@code evaluation.json}. */
    public byte[] evaluation() {
        return folder.read(EVALUATION);
    }

    /**
     * Replaces {@code evaluation.json}, {@code evaluation.parquet}, which holds the per-task results, and
     * {@code evaluation-groups.parquet}, which holds the scores of each group of a table.
     *
     * @param tasks content of the first Parquet file; if empty, a file of an earlier evaluation is deleted
     * @param groups content of the second one; as {@code tasks}
     */
    public void writeEvaluation(String json, Optional<byte[]> tasks, Optional<byte[]> groups) {
        tasks.ifPresentOrElse(bytes -> folder.replace(TASKS, bytes), () -> folder.remove(TASKS));
        groups.ifPresentOrElse(bytes -> folder.replace(GROUPS, bytes), () -> folder.remove(GROUPS));
        folder.replace(EVALUATION, json.getBytes(StandardCharsets.UTF_8));
    }

    /** Deletes the evaluation, if there is one, before the model changes. */
    public void removeEvaluation() {
        folder.remove(EVALUATION);
        folder.remove(TASKS);
        folder.remove(GROUPS);
    }

    /** Replaces a file and opens it for appending; empty if the file system cannot append. */
    public Optional<FSDataOutputStream> replaceAndAppend(String name, byte[] beginning) {
        folder.replace(name, beginning);
        return folder.append(name);
    }

    /** Opens a new file for appending; the caller closes it. */
    public FSDataOutputStream createStream(String name) {
        return folder.createStream(name);
    }

    /**
     * Replaces {@code model/}: writes the new directory under a temporary name and renames it.
     *
     * @param layout names and shapes of θ
     * @param network content of {@code network.json}
     * @param table content of {@code table.json}, the encoding of a table; empty if the tasks do not come from one
     * @return SHA-256 of {@code theta.safetensors}
     */
    public String writeModel(
            Manifest manifest, Layout layout, FlatVector theta, String network, Optional<String> table) {
        SortedMap<String, byte[]> files = new TreeMap<>();
        table.ifPresent(text -> files.put(TABLE_ENCODING, text.getBytes(StandardCharsets.UTF_8)));
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

    /** The manifest of {@code model/}, or, if there is no model yet, of the newest checkpoint whose manifest is undamaged. */
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
     * @throws BadDataException if a file is missing or damaged; the message names it
     */
    public StoredModel readModel() {
        AtomicDirectory model = model();
        ChecksummedDirectory content = ChecksummedDirectory.read(model);
        byte[] theta = content.file(THETA, model);
        return new StoredModel(
                content.manifest(),
                Safetensors.decode(theta, model.place(THETA)),
                DigestUtils.sha256Hex(theta),
                new String(content.file(NETWORK, model), StandardCharsets.UTF_8),
                Optional.ofNullable(content.files().get(TABLE_ENCODING))
                        .map(bytes -> new String(bytes, StandardCharsets.UTF_8)));
    }

    /** The encoding of the table that the model was trained on; empty if there is no model, or none of a table. */
    public Optional<String> tableEncoding() {
        return model().has(ChecksummedDirectory.MANIFEST) ? readModel().table() : Optional.empty();
    }

    /** If the driver died between the two renames of writeModel, the previous model is complete under its temporary name. */
    private AtomicDirectory model() {
        boolean interrupted = !folder.has(MODEL) && folder.has(OLD_MODEL);
        return folder.child(interrupted ? OLD_MODEL : MODEL);
    }
}
