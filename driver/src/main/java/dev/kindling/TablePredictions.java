package dev.kindling;

import dev.kindling.driver.transform.TableTransform;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** A table with predictions, and, of the partitions that have been computed, what could not be predicted. */
public final class TablePredictions {
    private final TableTransform.Transformed transformed;

    TablePredictions(TableTransform.Transformed transformed) {
        this.transformed = transformed;
    }

    /** The rows of the table with the columns of the predictions; lazy. */
    public Dataset<Row> rows() {
        return transformed.rows();
    }

    /** The number of rows with a prediction. */
    public long predictedRows() {
        return transformed.report().value().predictedRows();
    }

    /** The number of groups with rows that cannot be used. */
    public long faultyGroups() {
        return transformed.report().value().faultyGroups();
    }

    /** The first of these in the order of keys, each with the reason. */
    public List<String> faults() {
        return transformed.report().value().faults();
    }
}
