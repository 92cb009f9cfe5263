package dev.kindling.driver.evaluation;

import dev.kindling.driver.storage.ParquetFile;
import java.util.stream.Stream;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/**
 * Encodes {@link PerTaskResults} as a Parquet file: one row for each task and number of inner steps, ordered by task, with the
 * columns task, step, loss, accuracy (null for regression), milliseconds (of the whole task, equal in all its rows),
 * executor, and, where tasks have names such as the keys of groups, name.
 */
public final class PerTaskParquet {
    private static final String NAME = "name";

    private static final MessageType SCHEMA = Types.buildMessage()
            .required(PrimitiveTypeName.INT32)
            .named("task")
            .required(PrimitiveTypeName.INT32)
            .named("step")
            .required(PrimitiveTypeName.DOUBLE)
            .named("loss")
            .optional(PrimitiveTypeName.DOUBLE)
            .named("accuracy")
            .required(PrimitiveTypeName.DOUBLE)
            .named("milliseconds")
            .required(PrimitiveTypeName.BINARY)
            .as(LogicalTypeAnnotation.stringType())
            .named("executor")
            .named("evaluation");

    private static final MessageType NAMED_SCHEMA = new MessageType(
            SCHEMA.getName(),
            Stream.concat(
                            SCHEMA.getFields().stream(),
                            Stream.of(Types.required(PrimitiveTypeName.BINARY)
                                    .as(LogicalTypeAnnotation.stringType())
                                    .named(NAME)))
                    .toList());

    private PerTaskParquet() {}

    /** The bytes of the file. */
    public static byte[] encode(PerTaskResults results) {
        int steps = results.steps();
        MessageType schema = results.name(0).isPresent() ? NAMED_SCHEMA : SCHEMA;
        return new ParquetFile(schema, results.tasks() * steps)
                .encoded((row, values) -> write(results, row / steps, row % steps, values));
    }

    private static void write(PerTaskResults results, int task, int step, Group row) {
        row.append("task", task).append("step", step).append("loss", results.loss(task, step));
        results.accuracy(task, step).ifPresent(accuracy -> row.append("accuracy", accuracy));
        row.append("milliseconds", results.milliseconds(task)).append("executor", results.executor(task));
        results.name(task).ifPresent(name -> row.append(NAME, name));
    }
}
