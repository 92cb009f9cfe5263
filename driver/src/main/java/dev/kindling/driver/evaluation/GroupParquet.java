package dev.kindling.driver.evaluation;

import dev.kindling.driver.storage.ParquetFile;
import java.util.List;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/**
 * Encodes the scores of each group as a Parquet file: one row for each group, predictor and number of support rows, with the
 * columns group (its key), rows, predictor, support_rows (the number that was to be shown), shown (the number that was, smaller
 * for a group with too few rows), queries, and a column for each measure, null where a group or predictor does not have it.
 */
public final class GroupParquet {
    private GroupParquet() {}

    /** The bytes of the file. */
    public static byte[] encode(GroupEvaluation evaluation) {
        List<GroupScores> predictors = evaluation.predictors();
        List<Integer> support = evaluation.protocol().supportRows();
        int perGroup = predictors.size() * support.size();
        return new ParquetFile(schema(), Math.multiplyExact(evaluation.groups().size(), perGroup))
                .encoded((row, values) -> write(
                        evaluation.groups().get(row / perGroup),
                        predictors.get(row % perGroup / support.size()),
                        new Cell(row / perGroup, row % support.size(), support.get(row % support.size())),
                        values));
    }

    /** The place of a row's scores: the number of the group, the entry of the numbers of support rows, and that number. */
    private record Cell(int group, int entry, int support) {}

    private static MessageType schema() {
        Types.GroupBuilder<MessageType> schema =
                text(integer(text(Types.buildMessage(), "group"), "rows"), "predictor");
        integer(integer(integer(schema, "support_rows"), "shown"), "queries");
        for (GroupMeasure measure : GroupMeasure.values()) {
            schema.optional(PrimitiveTypeName.DOUBLE).named(measure.key());
        }
        return schema.named("groups");
    }

    private static Types.GroupBuilder<MessageType> text(Types.GroupBuilder<MessageType> schema, String name) {
        return schema.required(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named(name);
    }

    private static Types.GroupBuilder<MessageType> integer(Types.GroupBuilder<MessageType> schema, String name) {
        return schema.required(PrimitiveTypeName.INT32).named(name);
    }

    private static void write(GroupEvaluation.EvaluatedGroup group, GroupScores scores, Cell cell, Group row) {
        row.append("group", group.key())
                .append("rows", group.rows())
                .append("predictor", scores.name())
                .append("support_rows", cell.support())
                .append("shown", group.support(cell.support()))
                .append("queries", group.queries());
        for (GroupMeasure measure : scores.measures()) {
            double value = scores.ofGroup(measure, cell.entry(), cell.group());
            if (!Double.isNaN(value)) {
                row.append(measure.key(), value);
            }
        }
    }
}
