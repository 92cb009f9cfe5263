package dev.kindling.driver.table;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.PrintableText;
import dev.kindling.job.task.table.TableSettings;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Reads a table as {@code table.path} or {@code table.sql} says. */
public final class TableReader {
    private static final Pattern ENDING =
            Pattern.compile("\\.(csv|tsv|parquet|orc|json|jsonl|ndjson)(\\.[A-Za-z0-9]+)?/*$");
    private static final String TIME_ZONE = "spark.sql.session.timeZone";

    private TableReader() {}

    /** As {@link #read(SparkSession, TableSettings, String)}, for the key {@code table.path}. */
    static Dataset<Row> read(SparkSession session, TableSettings settings) {
        return read(session, settings, "table.path");
    }

    /**
     * The table, which is not read yet.
     *
     * @param name of the key or option that holds the path, for messages
     * @throws BadDataException if it does not exist or cannot be read
     * @throws IllegalArgumentException if the format is unknown
     */
    public static Dataset<Row> read(SparkSession session, TableSettings settings, String name) {
        try {
            return settings.sql().isBlank() ? load(session, settings, name) : session.sql(settings.sql());
        } catch (Exception e) {
            // Spark's parsers and readers throw checked exceptions undeclared.
            String what = settings.sql().isBlank()
                    ? name + " is " + settings.path() + ", which cannot be read"
                    : "table.sql cannot be run";
            if (e instanceof ClassNotFoundException) {
                throw new IllegalArgumentException(
                        "table.format is " + settings.format()
                                + ", which this Spark has no jar for; it must be csv, tsv, parquet, orc, json or a format "
                                + "whose jar is added, as by spark-submit --packages",
                        e);
            }
            if (e instanceof IllegalArgumentException refusal && !(e.getCause() instanceof AnalysisException)) {
                throw refusal;
            }
            throw new BadDataException(what + ": " + firstLine(e), e);
        }
    }

    /** The first line of a failure's message. */
    public static String firstLine(Throwable failure) {
        String message = String.valueOf(failure.getMessage()).strip();
        return PrintableText.line(
                message.lines().findFirst().orElse(failure.getClass().getSimpleName()));
    }

    private static Dataset<Row> load(SparkSession session, TableSettings settings, String name) {
        String format = format(settings, name);
        Map<String, String> options = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        if (format.equals("tsv")) {
            options.put("sep", "\t");
        }
        if (format.equals("csv") || format.equals("tsv")) {
            options.put("header", "true");
            options.put("inferSchema", "true");
        }
        options.putAll(settings.options());
        return independentOfTimeZone(session)
                .read()
                .format(format.equals("tsv") ? "csv" : format)
                .options(options)
                .load(settings.path());
    }

    /** A session in which texts are read as times of UTC on every machine, unless the user has set a time zone. */
    private static SparkSession independentOfTimeZone(SparkSession session) {
        if (session.sparkContext().getConf().contains(TIME_ZONE)) {
            return session;
        }
        SparkSession fresh = session.newSession();
        fresh.conf().set(TIME_ZONE, "UTC");
        return fresh;
    }

    private static String format(TableSettings settings, String name) {
        if (!settings.format().isBlank()) {
            return settings.format();
        }
        Matcher ending = ENDING.matcher(settings.path().toLowerCase(Locale.ROOT));
        if (!ending.find()) {
            throw new IllegalArgumentException("table.format is empty and " + name + " is " + settings.path()
                    + "; table.format must be csv, parquet, orc, json or another format that Spark has, or the path end in "
                    + ".csv, .tsv, .parquet, .orc or .json");
        }
        String format = ending.group(1);
        return format.equals("jsonl") || format.equals("ndjson") ? "json" : format;
    }
}
