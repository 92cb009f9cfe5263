package dev.kindling.driver.transform;

import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/** Makes rows of the rows of one partition, on an executor. */
@FunctionalInterface
interface PartitionFunction extends Serializable {
    /**
     * The rows of the result, each valid until the next one is requested.
     *
     * @param partition its number
     */
    Iterator<InternalRow> apply(int partition, Iterator<InternalRow> rows);
}
