package dev.kindling.driver.table;

import java.util.UUID;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A Dataset as a temporary view that {@code table.sql} selects in any session of its application, until it is closed. */
public final class TableView implements AutoCloseable {
    private static final String DATABASE = "spark.sql.globalTempDatabase";

    private final SparkSession session;
    private final String name;

    private TableView(SparkSession session, String name) {
        this.session = session;
        this.name = name;
    }

    /** A view of a Dataset. */
    public static TableView of(Dataset<Row> table) {
        String name = "kindling_" + UUID.randomUUID().toString().replace('-', '_');
        table.createOrReplaceGlobalTempView(name);
        return new TableView(table.sparkSession(), name);
    }

    /** The query that selects the Dataset. */
    public String query() {
        return "SELECT * FROM `" + session.conf().get(DATABASE, "global_temp") + "`." + name;
    }

    @Override
    public void close() {
        session.catalog().dropGlobalTempView(name);
    }
}
