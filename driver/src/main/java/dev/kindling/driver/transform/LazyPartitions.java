package dev.kindling.driver.transform;

import java.util.List;
import java.util.Objects;
import org.apache.spark.Dependency;
import org.apache.spark.OneToOneDependency;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.collection.immutable.Seq;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * An RDD of the rows that a function makes of each partition of a Dataset. The Dataset is planned when the partitions are first
 * needed: with adaptive execution, planning it runs its shuffle, which must not happen before a result is requested.
 */
final class LazyPartitions extends RDD<InternalRow> {
    private static final long serialVersionUID = 1L;
    private static final ClassTag<InternalRow> TAG = ClassTag$.MODULE$.apply(InternalRow.class);

    private final transient Dataset<Row> source;
    private final PartitionFunction function;
    private transient @Nullable RDD<InternalRow> planned;

    /** The constructor with a parent is the one that has no sequence, whose type is another one with Scala 2.13. */
    LazyPartitions(Dataset<Row> source, PartitionFunction function) {
        super(source.sparkSession().sparkContext().emptyRDD(TAG), TAG);
        this.source = source;
        this.function = function;
    }

    /**
     * A Dataset of what a function makes of each partition of a Dataset.
     *
     * @param added the columns of the result beside those of the source
     */
    static Dataset<Row> dataset(Dataset<Row> source, List<StructField> added, PartitionFunction function) {
        StructType schema = source.schema();
        for (StructField field : added) {
            schema = schema.add(field);
        }
        return dataset(source.sparkSession(), new LazyPartitions(source, function), schema);
    }

    /** The session's own conversion of rows in Spark's internal form, a method of another class in Spark 4. */
    @SuppressWarnings("unchecked")
    private static Dataset<Row> dataset(SparkSession session, RDD<InternalRow> rows, StructType schema) {
        try {
            return (Dataset<Row>) session.getClass()
                    .getMethod("internalCreateDataFrame", RDD.class, StructType.class, boolean.class)
                    .invoke(session, rows, schema, false);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Spark cannot make a table of rows: " + e.getMessage(), e);
        }
    }

    private synchronized RDD<InternalRow> planned() {
        RDD<InternalRow> found = planned;
        if (found == null) {
            found = source.queryExecution().toRdd();
            planned = found;
        }
        return found;
    }

    /** An immutable sequence, which is what the method returns with Scala 2.12 and with 2.13. */
    @Override
    public Seq<Dependency<?>> getDependencies() {
        List<Dependency<?>> only = List.of(new OneToOneDependency<>(planned()));
        return JavaConverters.asScalaBuffer(only).toList();
    }

    @Override
    public Partition[] getPartitions() {
        return planned().partitions();
    }

    @Override
    public Iterator<InternalRow> compute(Partition split, TaskContext context) {
        RDD<InternalRow> parent = Objects.requireNonNull(firstParent(TAG));
        return JavaConverters.asScalaIterator(
                function.apply(split.index(), JavaConverters.asJavaIterator(parent.iterator(split, context))));
    }
}
