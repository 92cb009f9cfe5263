package dev.kindling.driver.run;

import dev.kindling.driver.table.TablePreparer;
import dev.kindling.job.task.table.TableEncoding;
import dev.kindling.job.task.table.TableManifest;
import dev.kindling.job.task.table.TableSettings;
import java.util.Optional;

/** Prepares tables, on a platform that is started for it or that runs already. */
@FunctionalInterface
public interface TablePreparation {
    /** Writes the pack of a table into an empty or new folder, as {@link TablePreparer#prepare}. */
    TableManifest prepare(TableSettings settings, String folder, Optional<TableEncoding> fitted);
}
