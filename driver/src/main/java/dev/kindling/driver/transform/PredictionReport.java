package dev.kindling.driver.transform;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.util.AccumulatorV2;

/**
 * Collects the counts of a prediction from its partitions. A partition's counts are a function of its rows and replace those of
 * an earlier attempt, so repeated tasks and repeated evaluations of the Dataset are counted once.
 */
public final class PredictionReport extends AccumulatorV2<PredictionReport.Partition, PredictionCounts> {
    private static final long serialVersionUID = 1L;

    private final TreeMap<Integer, PredictionCounts> partitions = new TreeMap<>();

    /** The counts of one partition. */
    record Partition(int number, PredictionCounts counts) {}

    PredictionReport() {}

    @Override
    public boolean isZero() {
        return partitions.isEmpty();
    }

    @Override
    public AccumulatorV2<Partition, PredictionCounts> copy() {
        PredictionReport copy = new PredictionReport();
        copy.partitions.putAll(partitions);
        return copy;
    }

    @Override
    public void reset() {
        partitions.clear();
    }

    @Override
    public void add(Partition partition) {
        partitions.put(partition.number(), partition.counts());
    }

    @Override
    public void merge(AccumulatorV2<Partition, PredictionCounts> other) {
        partitions.putAll(((PredictionReport) other).partitions);
    }

    /** The counts of the partitions that have been computed. */
    @Override
    public PredictionCounts value() {
        PredictionCounts sum = new PredictionCounts();
        for (Map.Entry<Integer, PredictionCounts> partition : partitions.entrySet()) {
            sum = sum.add(partition.getValue());
        }
        return sum;
    }
}
