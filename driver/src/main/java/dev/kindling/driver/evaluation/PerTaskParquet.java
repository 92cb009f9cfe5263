package dev.kindling.driver.evaluation;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
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
        InMemory file = new InMemory();
        MessageType schema = results.name(0).isPresent() ? NAMED_SCHEMA : SCHEMA;
        SimpleGroupFactory rows = new SimpleGroupFactory(schema);
        // Hadoop's defaults: the user's Hadoop settings are for file systems and must not affect the encoding.
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(file)
                .withConf(new Configuration(false))
                .withType(schema)
                .withCompressionCodec(CompressionCodecName.GZIP)
                .build()) {
            for (int task = 0; task < results.tasks(); task++) {
                for (int step = 0; step < results.steps(); step++) {
                    writer.write(row(results, task, step, rows.newGroup()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot encode the evaluation as Parquet: " + e.getMessage(), e);
        }
        return file.bytes.toByteArray();
    }

    private static Group row(PerTaskResults results, int task, int step, Group row) {
        row.append("task", task).append("step", step).append("loss", results.loss(task, step));
        results.accuracy(task, step).ifPresent(accuracy -> row.append("accuracy", accuracy));
        row.append("milliseconds", results.milliseconds(task)).append("executor", results.executor(task));
        results.name(task).ifPresent(name -> row.append(NAME, name));
        return row;
    }

    /** An in-memory file for Parquet's writer. */
    private static final class InMemory implements OutputFile {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        @Override
        public PositionOutputStream create(long blockSize) {
            return new PositionOutputStream() {
                @Override
                public long getPos() {
                    return bytes.size();
                }

                @Override
                public void write(int one) {
                    bytes.write(one);
                }

                @Override
                public void write(byte[] several, int offset, int length) {
                    bytes.write(several, offset, length);
                }
            };
        }

        @Override
        public PositionOutputStream createOrOverwrite(long blockSize) {
            bytes.reset();
            return create(blockSize);
        }

        @Override
        public boolean supportsBlockSize() {
            return false;
        }

        @Override
        public long defaultBlockSize() {
            return 0;
        }
    }
}
