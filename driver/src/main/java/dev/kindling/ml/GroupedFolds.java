package dev.kindling.ml;

import dev.kindling.driver.table.ColumnExpressions;
import java.util.Map;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A transformer that numbers folds of whole groups, for {@code foldCol} of Spark ML's {@code CrossValidator}: all rows of a group
 * are in one fold, which a hash of the seed and the group's key determines.
 */
public final class GroupedFolds extends Transformer implements MLWritable {
    private static final long serialVersionUID = 1L;

    private final String uid;
    private final Param<String> groupCol;
    private final Param<String> foldCol;
    private final IntParam numFolds;
    private final LongParam seed;

    /** A transformer with a uid of its own. */
    public GroupedFolds() {
        this(Identifiable.randomUID("groupedFolds"));
    }

    /** A transformer with a given uid. */
    public GroupedFolds(String uid) {
        this.uid = uid;
        this.groupCol = new Param<>(this, "groupCol", "the column whose values are the groups");
        this.foldCol = new Param<>(this, "foldCol", "the column of fold numbers that is added");
        this.numFolds =
                new IntParam(this, "numFolds", "the number of folds, at least 2", MetaParamSet.from("numFolds", 2));
        this.seed = new LongParam(this, "seed", "the seed of the division");
        setDefault(foldCol, "fold");
        setDefault(numFolds, 3);
        setDefault(seed, MetaDefaults.SEED);
    }

    /** Reads a transformer that was saved. */
    public static MLReader<GroupedFolds> read() {
        return new DefaultParamsReader<>();
    }

    /** Reads the transformer at a path. */
    public static GroupedFolds load(String path) {
        return read().load(path);
    }

    @Override
    public String uid() {
        return uid;
    }

    /** The column whose values are the groups. */
    public Param<String> groupCol() {
        return groupCol;
    }

    /** The column of fold numbers, 0 to {@code numFolds} - 1, that is added. */
    public Param<String> foldCol() {
        return foldCol;
    }

    /** The number of folds. */
    public IntParam numFolds() {
        return numFolds;
    }

    /** The seed of the division. */
    public LongParam seed() {
        return seed;
    }

    /** Sets {@link #groupCol}. */
    public GroupedFolds setGroupCol(String column) {
        set(groupCol, column);
        return this;
    }

    /** Sets {@link #foldCol}. */
    public GroupedFolds setFoldCol(String column) {
        set(foldCol, column);
        return this;
    }

    /** Sets {@link #numFolds}. */
    public GroupedFolds setNumFolds(int folds) {
        set(numFolds, (Object) folds);
        return this;
    }

    /** Sets {@link #seed}. */
    public GroupedFolds setSeed(long value) {
        set(seed, (Object) value);
        return this;
    }

    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        transformSchema(dataset.schema());
        Column hash = functions.xxhash64(
                functions.lit((long) (Long) getOrDefault(seed)),
                ColumnExpressions.column(getOrDefault(groupCol)).cast(DataTypes.StringType));
        Column fold = functions.pmod(hash, functions.lit((long) (Integer) getOrDefault(numFolds)));
        return dataset.withColumn(getOrDefault(foldCol), fold.cast(DataTypes.IntegerType));
    }

    @Override
    public StructType transformSchema(StructType schema) {
        TableInput.requireKey(this, schema, groupCol);
        return TableInput.with(this, schema, Map.of(foldCol, DataTypes.IntegerType));
    }

    @Override
    public GroupedFolds copy(ParamMap extra) {
        return defaultCopy(extra);
    }

    @Override
    public MLWriter write() {
        return new DefaultParamsWriter(this);
    }
}
