package dev.kindling.driver.storage;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.schema.MessageType;

/** Encoder of small Parquet files in memory. */
public final class ParquetFile {
    private final MessageType schema;
    private final int rows;

    /**
     * A file of a schema.
     *
     * @param rows number of rows
     */
    public ParquetFile(MessageType schema, int rows) {
        this.schema = schema;
        this.rows = rows;
    }

    /** Sets the values of one row. */
    @FunctionalInterface
    public interface RowWriter {
        void write(int row, Group values);
    }

    /** The bytes of the file. */
    public byte[] encoded(RowWriter writer) {
        InMemory file = new InMemory();
        SimpleGroupFactory groups = new SimpleGroupFactory(schema);
        // Hadoop's defaults: the user's Hadoop settings are for file systems and must not affect the encoding.
        try (ParquetWriter<Group> parquet = ExampleParquetWriter.builder(file)
                .withConf(new Configuration(false))
                .withType(schema)
                .withCompressionCodec(CompressionCodecName.GZIP)
                .build()) {
            for (int row = 0; row < rows; row++) {
                Group values = groups.newGroup();
                writer.write(row, values);
                parquet.write(values);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot encode " + schema.getName() + " as Parquet: " + e.getMessage(), e);
        }
        return file.bytes.toByteArray();
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
