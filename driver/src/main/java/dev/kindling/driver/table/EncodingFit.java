package dev.kindling.driver.table;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.table.ColumnEncoding;
import dev.kindling.job.task.table.StackedPrediction;
import dev.kindling.job.task.table.TableColumns;
import dev.kindling.job.task.table.TableEncoding;
import dev.kindling.job.task.table.TableSettings;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Fits the encoding of a table on its training groups.
 *
 * @param encoding of the columns that differ between rows
 * @param constantColumns names of input columns without an encoding
 */
record EncodingFit(TableEncoding encoding, List<String> constantColumns) {
    private static final int DEPTH = 2;

    /**
     * Fits the encoding: one pass over the rows, fifteen more for crossed effects and two for stacked predictions.
     *
     * @throws BadDataException if the table cannot be learned from
     */
    static EncodingFit of(GroupedRows table, TableSettings settings, JavaSparkContext spark) {
        TrainingStatistics statistics = table.rows()
                .mapPartitions((Iterator<InternalRow> partition) ->
                        List.of(TrainingStatistics.of(table, partition)).iterator())
                .treeReduce(TrainingStatistics::merge, DEPTH);
        TableColumns columns = table.columns();
        statistics.require(columns);
        CrossedEffects.Labels labels = columns.classes()
                ? new CrossedEffects.Labels(statistics.classes(), 0, 1)
                : new CrossedEffects.Labels(
                        List.of(), statistics.label().mean(), statistics.label().std());
        boolean stacked = StackFit.applies(settings, statistics, labels);
        List<Integer> crossed = IntStream.range(0, columns.inputs().size())
                .filter(input -> statistics.values(input).size() > crossedAbove(settings))
                .boxed()
                .toList();
        List<List<ColumnEncoding>> effects = crossed.isEmpty()
                ? List.of(List.of())
                : new CrossedEffects(table, spark, statistics, labels, crossed, settings, stacked).fit(statistics);
        List<ColumnEncoding> few = new ArrayList<>();
        List<String> constant = new ArrayList<>();
        for (int input = 0; input < columns.inputs().size(); input++) {
            if (statistics.values(input).size() > settings.maxOneHot()) {
                continue;
            }
            if (isConstant(statistics, input, columns)) {
                constant.add(columns.inputs().get(input).name());
            } else {
                few.add(encoding(statistics, input, columns));
            }
        }
        if (few.isEmpty() && crossed.isEmpty()) {
            throw new BadDataException(
                    "all features are constant in the training groups: " + String.join(", ", constant));
        }
        List<TableEncoding> encodings = effects.stream()
                .map(each -> encoding(few, each, columns, labels, settings))
                .toList();
        Optional<StackedPrediction> stack =
                stacked ? StackFit.of(table, encodings, labels, statistics, spark) : Optional.empty();
        TableEncoding features = stack.map(encodings.get(0)::with).orElse(encodings.get(0));
        // Trees are fitted before there are indices, which are no numbers to split.
        return new EncodingFit(settings.embedding() ? features.withEmbedding() : features, constant);
    }

    /** The most values of a categorical column that does not become its crossed effect. */
    private static int crossedAbove(TableSettings settings) {
        return Math.min(settings.crossedAbove(), settings.maxOneHot());
    }

    private static TableEncoding encoding(
            List<ColumnEncoding> few,
            List<ColumnEncoding> effects,
            TableColumns columns,
            CrossedEffects.Labels labels,
            TableSettings settings) {
        List<ColumnEncoding> all = Stream.concat(few.stream(), effects.stream())
                .sorted(Comparator.comparingInt(ColumnEncoding::input))
                .toList();
        return new TableEncoding(
                columns, all, labels.classes(), labels.mean(), labels.std(), settings.clip(), settings.seed());
    }

    private static boolean isConstant(TrainingStatistics statistics, int input, TableColumns columns) {
        boolean oneValue = columns.inputs().get(input).kind() == TableColumns.Kind.CATEGORY
                ? statistics.values(input).size() < 2
                : statistics.numbers(input).isConstant();
        boolean allMissing = columns.inputs().get(input).kind() == TableColumns.Kind.CATEGORY
                ? statistics.values(input).isEmpty()
                : statistics.numbers(input).count() == 0;
        return allMissing || (oneValue && !statistics.hasMissing(input));
    }

    private static ColumnEncoding encoding(TrainingStatistics statistics, int input, TableColumns columns) {
        String name = columns.inputs().get(input).name();
        boolean missing = statistics.hasMissing(input);
        if (columns.inputs().get(input).kind() == TableColumns.Kind.CATEGORY) {
            return new ColumnEncoding.OneHot(
                    input,
                    name,
                    statistics.values(input).keySet().stream().sorted().toList(),
                    missing);
        }
        TrainingStatistics.Numbers numbers = statistics.numbers(input);
        return new ColumnEncoding.Standardised(
                input, name, numbers.mean(), numbers.isConstant() ? 1 : numbers.std(), missing);
    }
}
