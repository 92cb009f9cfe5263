package dev.kindling.driver.table;

import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import dev.kindling.job.task.table.RawGroup;
import dev.kindling.job.task.table.TableColumns;
import dev.kindling.job.task.table.TableEncoding;
import dev.kindling.job.task.table.TableEncodingJson;
import dev.kindling.job.task.table.TableManifest;
import dev.kindling.job.task.table.TablePackMerger;
import dev.kindling.job.task.table.TablePartWriter;
import dev.kindling.job.task.table.TableSettings;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Prepares a table on a running Spark: reads it, shuffles its rows by group, fits the encoding on training groups, and writes
 * the table pack, part by part on executors. The driver's memory depends on the number of values of categorical columns, not
 * on the number of rows. The bytes of the pack are a function of the table's rows and the settings.
 */
public final class TablePreparer {
    private final SparkSession session;

    private TablePreparer(SparkSession session) {
        this.session = session;
    }

    /** A preparer that uses an application's Spark. */
    public static TablePreparer on(SparkApplication application) {
        return new TablePreparer(application.session());
    }

    /**
     * Writes the pack of a table.
     *
     * @param folder an empty or new folder on a file system that the driver and all executors share
     * @param fitted the encoding of a model, with which other data is encoded; empty to fit it on the training groups
     * @throws IllegalArgumentException if the settings do not match the table's columns
     * @throws BadDataException if the table cannot be read or cannot be learned from
     * @throws ClusterException if Spark fails
     */
    public TableManifest prepare(TableSettings settings, String folder, Optional<TableEncoding> fitted) {
        SparkContext spark = session.sparkContext();
        String tag = "kindling-table-" + UUID.randomUUID();
        spark.addJobTag(tag);
        try {
            return write(settings, folder, fitted);
        } catch (Exception e) {
            // Spark leaves the jobs of an interrupted thread running.
            if (!spark.isStopped()) {
                spark.cancelJobsWithTag(tag);
            }
            if (isInterruption(e)) {
                Thread.currentThread().interrupt();
            }
            throw e instanceof IOException unwritten
                    ? new UncheckedIOException(
                            "cannot write the table pack " + folder + ": " + e.getMessage(), unwritten)
                    : TableErrors.of(e, "the table cannot be prepared");
        } finally {
            spark.removeJobTag(tag);
        }
    }

    private static boolean isInterruption(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InterruptedException || cause instanceof InterruptedIOException) {
                return true;
            }
        }
        return false;
    }

    private TableManifest write(TableSettings settings, String folder, Optional<TableEncoding> fitted)
            throws Exception {
        Dataset<Row> table = TableReader.read(session, settings);
        TableColumns requested = TableSchema.columns(table.schema(), settings);
        TableColumns columns = fitted.map(TableEncoding::columns).orElse(requested);
        GroupedRows rows = GroupedRows.of(table, columns, settings);
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        EncodingFit fit = fitted.map(encoding -> new EncodingFit(encoding, List.of()))
                .orElseGet(() -> EncodingFit.of(rows, settings, spark));
        List<Part> parts = writeParts(rows, fit.encoding(), folder, spark);
        return TablePackMerger.merge(
                folder, parts.size(), fit.encoding(), facts(settings, parts, fit), spark.hadoopConfiguration());
    }

    private static List<Part> writeParts(
            GroupedRows rows, TableEncoding encoding, String folder, JavaSparkContext spark) {
        Broadcast<String> shared = spark.broadcast(TableEncodingJson.write(encoding));
        List<Part> parts = rows.rows()
                .mapPartitionsWithIndex(
                        (number, partition) -> List.of(Part.write(rows, shared.value(), folder, number, partition))
                                .iterator(),
                        true)
                .collect();
        shared.unpersist();
        return parts;
    }

    /** What a Spark task reports of the part that it wrote. */
    private static final class Part implements Serializable {
        private static final long serialVersionUID = 1L;

        /** The first faults by key. */
        private final TreeMap<String, String> faults = new TreeMap<>();

        private long faultCount;
        private long unlabelled;
        private long shortened;

        static Part write(GroupedRows rows, String encoding, String folder, int number, Iterator<InternalRow> partition)
                throws Exception {
            Part part = new Part();
            Configuration hadoop =
                    SparkHadoopUtil.get().newConfiguration(SparkEnv.get().conf());
            try (TablePartWriter writer = new TablePartWriter(
                    TableEncodingJson.read(encoding, "the broadcast encoding"),
                    folder,
                    number,
                    TaskContext.get().taskAttemptId(),
                    hadoop)) {
                rows.visit(partition, group -> part.add(group, rows.columns(), writer));
                writer.finish();
            }
            return part;
        }

        private void add(GroupedRows.Visited group, TableColumns columns, TablePartWriter writer) throws IOException {
            RawGroup raw = group.rows();
            unlabelled += group.unlabelled();
            Optional<String> fault = group.splitFault()
                    .or(() -> Optional.ofNullable(raw.fault(columns)))
                    .or(() -> writer.fault(raw)
                            .map(name -> columns.label() + " is " + name + ", which no training group has"));
            if (fault.isPresent()) {
                faultCount++;
                if (faults.size() < TableManifest.Faults.LISTED) {
                    faults.put(group.key(), fault.get());
                }
            } else if (raw.rows() > 0) {
                writer.add(group.key(), group.split().orElseThrow(), raw);
                shortened += group.shortened() ? 1 : 0;
            }
        }
    }

    private static TablePackMerger.Facts facts(TableSettings settings, List<Part> parts, EncodingFit fit) {
        TreeMap<String, String> faults = new TreeMap<>();
        long count = 0;
        long unlabelled = 0;
        long shortened = 0;
        for (Part part : parts) {
            faults.putAll(part.faults);
            count += part.faultCount;
            unlabelled += part.unlabelled;
            shortened += part.shortened;
        }
        List<String> listed = new ArrayList<>();
        faults.forEach((key, reason) -> listed.add(PrintableText.line("group " + key + ": " + reason)));
        return new TablePackMerger.Facts(
                settings,
                new TableManifest.Faults(
                        count, listed.subList(0, Math.min(listed.size(), TableManifest.Faults.LISTED))),
                unlabelled,
                shortened,
                fit.constantColumns());
    }
}
