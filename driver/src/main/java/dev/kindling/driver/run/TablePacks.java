package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.table.TableEncoding;
import dev.kindling.job.task.table.TableEncodingJson;
import dev.kindling.job.task.table.TableManifest;
import dev.kindling.job.task.table.TablePack;
import dev.kindling.job.task.table.TableSettings;
import dev.kindling.job.task.table.TableTaskSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Finds the pack of a configuration's table, or has it prepared. The pack of a run is in its folder and belongs to the run: it
 * is used again as long as the settings of the table are those with which it was prepared, whatever has become of the table.
 * Other data of an existing run is encoded as the run's was and kept until this JVM ends, as is the table of a configuration
 * without a run folder.
 */
final class TablePacks {
    private final JobConfig configuration;
    private final TableSettings table;
    private final Configuration hadoop;
    private final TablePreparation tables;

    private TablePacks(JobConfig configuration, TableSettings table, Configuration hadoop, TablePreparation tables) {
        this.configuration = configuration;
        this.table = table;
        this.hadoop = hadoop;
        this.tables = tables;
    }

    /** The description of a configuration's task source; with its pack if it is a table. */
    static SourceDescription description(
            Settings settings, JobConfig configuration, Configuration hadoop, TablePreparation tables) {
        return settings.table()
                .map(table -> TableTaskSettings.prepared(
                        settings.source(), new TablePacks(configuration, table, hadoop, tables).pack()))
                .orElse(settings.source());
    }

    /** A pack of other data than a run's, encoded with the given encoding, in a folder that is deleted when this JVM ends. */
    static String encoded(
            Settings settings,
            JobConfig configuration,
            Configuration hadoop,
            TablePreparation tables,
            TableEncoding encoding) {
        TablePacks packs = new TablePacks(configuration, settings.table().orElseThrow(), hadoop, tables);
        try {
            return packs.temporary(Optional.of(encoding));
        } catch (IOException e) {
            throw new UncheckedIOException("the table cannot be prepared: " + e.getMessage(), e);
        }
    }

    private String pack() {
        try {
            return configuration.runFolder().isPresent()
                    ? inRun(new Path(configuration.runFolder().get()))
                    : temporary(Optional.empty());
        } catch (IOException e) {
            throw new UncheckedIOException("the table cannot be prepared: " + e.getMessage(), e);
        }
    }

    private String inRun(Path run) throws IOException {
        FileSystem files = run.getFileSystem(hadoop);
        Path pack = files.makeQualified(new Path(run, RunDirectory.TABLE));
        Optional<TableManifest> manifest = TablePack.manifest(pack.toString(), hadoop);
        if (manifest.isPresent() && manifest.get().settings().equals(table.toMap())) {
            return pack.toString();
        }
        AtomicDirectory folder = AtomicDirectory.at(run.toString(), hadoop);
        boolean isRun = RunDirectory.isIn(folder);
        Optional<TableEncoding> fitted = isRun ? fitted(folder, pack, manifest) : Optional.empty();
        if (isRun && manifest.isPresent()) {
            return written(files.makeQualified(new Path(run, name())), fitted);
        }
        Path written = new Path(run, RunDirectory.NEW_TABLE);
        files.delete(written, true);
        write(files, written, fitted);
        files.delete(pack, true);
        if (!files.rename(written, pack)) {
            throw new IOException(written + " cannot be renamed to " + pack.getName());
        }
        return pack.toString();
    }

    /** The encoding of a run: that of its model, or, before it has one, that of its pack. */
    private Optional<TableEncoding> fitted(AtomicDirectory run, Path pack, Optional<TableManifest> manifest) {
        return RunDirectory.open(run)
                .tableEncoding()
                .or(() -> manifest.map(
                        found -> TablePack.open(pack.toString(), hadoop).encodingText()))
                .map(text -> TableEncodingJson.read(text, "the table encoding of " + run));
    }

    /** A pack without a run, in a folder that all executors see if the default file system is shared. */
    private String temporary(Optional<TableEncoding> fitted) throws IOException {
        FileSystem files = FileSystem.get(hadoop);
        Path folder = files.getUri().getScheme().equals("file")
                ? new Path(Files.createTempDirectory("kindling").toUri())
                : new Path(files.getHomeDirectory(), name());
        return written(files.makeQualified(folder), fitted);
    }

    private static String name() {
        return ".table-" + UUID.randomUUID();
    }

    /** Writes a pack that is deleted when this JVM ends. */
    private String written(Path folder, Optional<TableEncoding> fitted) throws IOException {
        FileSystem files = folder.getFileSystem(hadoop);
        files.deleteOnExit(folder);
        write(files, folder, fitted);
        return folder.toString();
    }

    /** Deletes a pack without a run. */
    static void delete(String pack, Configuration hadoop) {
        try {
            Path folder = new Path(pack);
            folder.getFileSystem(hadoop).delete(folder, true);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + pack + ": " + e.getMessage(), e);
        }
    }

    private void write(FileSystem files, Path folder, Optional<TableEncoding> fitted) throws IOException {
        if (!files.mkdirs(folder)) {
            throw new IOException(folder + " cannot be created");
        }
        try {
            tables.prepare(table, folder.toString(), fitted);
        } catch (RuntimeException | Error e) {
            // An interruption of the preparation must not reach the deletion.
            boolean isInterrupted = Thread.interrupted();
            try {
                files.delete(folder, true);
            } catch (IOException failure) {
                e.addSuppressed(failure);
            }
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
            throw e;
        }
    }
}
