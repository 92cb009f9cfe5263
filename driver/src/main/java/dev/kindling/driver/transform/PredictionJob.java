package dev.kindling.driver.transform;

import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.table.TableErrors;
import dev.kindling.driver.table.TableReader;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.table.TableSettings;
import java.io.IOException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Reads a table, predicts it, and writes it with the predictions, on a running Spark. */
public final class PredictionJob {
    private static final Pattern ENDING = Pattern.compile("\\.(csv|parquet|orc|json)/*$");

    private final SparkSession session;

    private PredictionJob(SparkSession session) {
        this.session = session;
    }

    /**
     * What is predicted.
     *
     * @param data where the table is and how it is read
     * @param supportColumn as in {@link TableTransform}
     * @param to a folder to write, which does not exist; its ending, or else the session, decides the format
     */
    public record Request(TableSettings data, String supportColumn, String to) {}

    /** A job of an application's Spark. */
    public static PredictionJob on(SparkApplication application) {
        return new PredictionJob(application.session());
    }

    /**
     * Writes a table with predictions. Nothing is written if it fails.
     *
     * @return what was predicted
     * @throws BadDataException if the table cannot be read, lacks columns, or no row can be predicted because of faults
     * @throws IllegalArgumentException if the folder exists, or a column has the name of a prediction column
     * @throws dev.kindling.driver.error.ClusterException if Spark fails
     */
    public PredictionCounts run(TableModel model, Request request) {
        Dataset<Row> table = TableReader.read(session, request.data(), "--data");
        TableTransform.Transformed transformed = new TableTransform(model, request.supportColumn()).apply(table);
        try {
            Path folder = new Path(request.to());
            FileSystem files = folder.getFileSystem(session.sparkContext().hadoopConfiguration());
            if (files.exists(folder)) {
                throw new IllegalArgumentException(
                        "--to is " + request.to() + ", which exists; it must be a folder that is not there yet");
            }
            write(transformed, request.to(), files, folder);
            PredictionCounts counts = transformed.report().value();
            if (counts.predictedRows() == 0 && counts.failedRows() > 0) {
                files.delete(folder, true);
                throw new BadDataException(
                        "none of the " + counts.failedRows() + " rows without a label can be predicted: "
                                + counts.faults().get(0));
            }
            return counts;
        } catch (Exception e) {
            throw TableErrors.of(e, "the table cannot be predicted");
        }
    }

    private void write(TableTransform.Transformed transformed, String to, FileSystem files, Path folder)
            throws IOException {
        try {
            transformed
                    .rows()
                    .write()
                    .format(format(to))
                    .option("header", "true")
                    .save(to);
        } catch (Exception e) {
            // The folder may be another's if Spark refused to write; Spark throws checked exceptions undeclared.
            boolean isRefused = e instanceof AnalysisException;
            if (!isRefused) {
                files.delete(folder, true);
            }
            throw e;
        }
    }

    private String format(String to) {
        Matcher ending = ENDING.matcher(to.toLowerCase(Locale.ROOT));
        return ending.find() ? ending.group(1) : session.conf().get("spark.sql.sources.default");
    }
}
