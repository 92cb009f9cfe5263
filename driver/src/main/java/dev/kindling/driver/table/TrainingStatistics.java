package dev.kindling.driver.table;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.table.ExactSum;
import dev.kindling.job.task.table.RawGroup;
import dev.kindling.job.task.table.TableColumns;
import java.io.Serializable;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;

/**
 * What the encoding is fitted on: sums, counts and values over the rows of training groups that can be used. Sums are exact
 * and everything else is counted, so the statistics do not depend on the order or the division of the rows. Mergeable.
 */
final class TrainingStatistics implements Serializable {
    private static final long serialVersionUID = 1L;

    /** A label of more values than this is hardly a class. */
    static final int MOST_CLASSES = 1000;

    private final List<Numbers> numbers = new ArrayList<>();
    private final List<Map<String, Long>> values = new ArrayList<>();
    private final long[] missing;
    private final Numbers label = new Numbers();
    private final TreeMap<String, Long> classes = new TreeMap<>();
    private long groups;
    private long rows;
    private @Nullable String refusal;

    /** Sums of a column of numbers. */
    static final class Numbers implements Serializable {
        private static final long serialVersionUID = 1L;

        private final ExactSum sum = new ExactSum();
        private final ExactSum squares = new ExactSum();
        private long count;
        private double least = Double.POSITIVE_INFINITY;
        private double most = Double.NEGATIVE_INFINITY;

        void add(double number) {
            sum.add(number);
            squares.add(number * number);
            count++;
            least = Math.min(least, number);
            most = Math.max(most, number);
        }

        void add(Numbers other) {
            sum.add(other.sum);
            squares.add(other.squares);
            count += other.count;
            least = Math.min(least, other.least);
            most = Math.max(most, other.most);
        }

        long count() {
            return count;
        }

        /** Whether there are not two different numbers. */
        boolean isConstant() {
            return !(least < most);
        }

        double mean() {
            return sum.exact()
                    .divide(BigDecimal.valueOf(count), MathContext.DECIMAL128)
                    .doubleValue();
        }

        /** The standard deviation of the numbers themselves, not of a population that they were drawn from. */
        double std() {
            BigDecimal n = BigDecimal.valueOf(count);
            BigDecimal total = sum.exact();
            BigDecimal spread = n.multiply(squares.exact()).subtract(total.multiply(total));
            double variance =
                    spread.divide(n.multiply(n), MathContext.DECIMAL128).doubleValue();
            // Squares are rounded: of a column with a tiny spread around a large number nothing may be left.
            return variance > 0 ? StrictMath.sqrt(variance) : (most - least) / 2;
        }
    }

    TrainingStatistics(int inputs) {
        this.missing = new long[inputs];
        for (int i = 0; i < inputs; i++) {
            numbers.add(new Numbers());
            values.add(new HashMap<>());
        }
    }

    /** The statistics of one partition; of its training groups only. */
    static TrainingStatistics of(GroupedRows table, Iterator<InternalRow> partition) throws Exception {
        TableColumns columns = table.columns();
        TrainingStatistics statistics = new TrainingStatistics(columns.inputs().size());
        table.visit(partition, group -> statistics.add(group, columns));
        return statistics;
    }

    private void add(GroupedRows.Visited group, TableColumns columns) {
        if (group.splitFault().isPresent()) {
            refuse("the group " + group.key() + " cannot be used: "
                    + group.splitFault().get());
            return;
        }
        RawGroup raw = group.rows();
        if (group.split().orElseThrow() != Split.TRAIN || raw.rows() == 0 || raw.fault(columns) != null) {
            return;
        }
        groups++;
        rows += raw.rows();
        for (int row = 0; row < raw.rows(); row++) {
            if (columns.classes()) {
                classes.merge(String.valueOf(raw.className(row)), 1L, Long::sum);
            } else {
                label.add(raw.label(row));
            }
            for (int i = 0; i < missing.length; i++) {
                add(raw, row, i, columns.inputs().get(i).kind());
            }
        }
        if (classes.size() > MOST_CLASSES) {
            refuse(manyClasses(columns));
            classes.clear();
        }
    }

    private static String manyClasses(TableColumns columns) {
        return "table.label is " + columns.label() + ", which has more than " + MOST_CLASSES
                + " values; a classification must have at most " + MOST_CLASSES
                + " (table.task = regression predicts numbers)";
    }

    private void add(RawGroup raw, int row, int input, TableColumns.Kind kind) {
        if (kind == TableColumns.Kind.CATEGORY) {
            String value = raw.text(input, row);
            if (value == null) {
                missing[input]++;
            } else {
                values.get(input).merge(value, 1L, Long::sum);
            }
        } else {
            double value = raw.number(input, row);
            if (Double.isNaN(value)) {
                missing[input]++;
            } else {
                numbers.get(input).add(value);
            }
        }
    }

    /** Keeps the first refusal in alphabetical order, so that it does not depend on the partitions. */
    private void refuse(String message) {
        refusal = refusal == null || message.compareTo(refusal) < 0 ? message : refusal;
    }

    /** Adds the statistics of another partition. */
    TrainingStatistics merge(TrainingStatistics other) {
        for (int i = 0; i < missing.length; i++) {
            numbers.get(i).add(other.numbers.get(i));
            Map<String, Long> mine = values.get(i);
            other.values.get(i).forEach((value, count) -> mine.merge(value, count, Long::sum));
            missing[i] += other.missing[i];
        }
        label.add(other.label);
        other.classes.forEach((name, count) -> classes.merge(name, count, Long::sum));
        groups += other.groups;
        rows += other.rows;
        if (other.refusal != null) {
            refuse(other.refusal);
        }
        return this;
    }

    /** Refuses a table that cannot be learned from; BadDataException with the reason. */
    void require(TableColumns columns) {
        if (refusal != null) {
            throw new BadDataException(refusal);
        }
        if (groups == 0) {
            throw new BadDataException("the table has no training group that can be used: none has a row with a finite "
                    + columns.label() + " and finite features");
        }
        if (columns.classes() && classes.size() > MOST_CLASSES) {
            throw new BadDataException(manyClasses(columns));
        }
        if (columns.classes() && classes.size() < 2) {
            throw new BadDataException(
                    "table.label is " + columns.label() + ", which has one value in all training groups, "
                            + classes.firstKey() + "; a classification needs two or more");
        }
        if (!columns.classes() && label.isConstant()) {
            throw new BadDataException("table.label is " + columns.label() + ", which is " + label.least
                    + " in all rows of training groups; there is nothing to learn");
        }
    }

    Numbers numbers(int input) {
        return numbers.get(input);
    }

    /** The number of rows of each value of a categorical column. */
    Map<String, Long> values(int input) {
        return values.get(input);
    }

    boolean hasMissing(int input) {
        return missing[input] > 0;
    }

    Numbers label() {
        return label;
    }

    /** The names of the classes: as numbers if all are, otherwise as texts in the order of their characters. */
    List<String> classes() {
        List<String> names = new ArrayList<>(classes.keySet());
        if (names.stream().allMatch(TrainingStatistics::isNumber)) {
            names.sort((a, b) -> Double.compare(Double.parseDouble(a), Double.parseDouble(b)));
        }
        return names;
    }

    private static boolean isNumber(String text) {
        try {
            return Double.isFinite(Double.parseDouble(text));
        } catch (NumberFormatException e) {
            return false;
        }
    }

    long groups() {
        return groups;
    }

    long rows() {
        return rows;
    }
}
