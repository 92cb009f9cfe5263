package dev.kindling.ml;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.training.TrainingListener;
import dev.kindling.job.error.BadDataException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The metrics of the rounds of a training. */
final class TrainingRecord implements TrainingListener {
    /** Columns of the metrics as a table. */
    static final StructType SCHEMA = new StructType()
            .add("round", DataTypes.LongType, false)
            .add("metric", DataTypes.StringType, false)
            .add("value", DataTypes.DoubleType, false);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<Entry> entries = new ArrayList<>();

    /** A metric of a round. */
    private record Entry(long round, String metric, double value) {}

    @Override
    public void done(Round round) {
        round.gradient().means().forEach((name, value) -> add(round.number(), name, value));
        add(round.number(), "gradient_norm", round.gradient().norm());
    }

    @Override
    public void validated(Validation validation) {
        add(validation.round(), "validation_loss", validation.loss());
        validation.accuracy().ifPresent(value -> add(validation.round(), "validation_accuracy", value));
    }

    private void add(long round, String metric, double value) {
        entries.add(new Entry(round, metric, value));
    }

    /** The metrics as rows of {@link #SCHEMA}, in the order of rounds. */
    List<Row> rows() {
        return entries.stream()
                .map(entry -> RowFactory.create(entry.round(), entry.metric(), entry.value()))
                .toList();
    }

    /** The metrics as JSON. */
    byte[] json() {
        List<List<Object>> lines = new ArrayList<>();
        // JSON has no NaN.
        entries.forEach(entry -> lines.add(List.of(entry.round(), entry.metric(), Double.toString(entry.value()))));
        try {
            return JSON.writeValueAsBytes(lines);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("metrics cannot be written as JSON", e);
        }
    }

    /**
     * Reads what {@link #json} has written.
     *
     * @throws BadDataException if it is damaged
     */
    static TrainingRecord read(byte[] json, String place) {
        try {
            TrainingRecord read = new TrainingRecord();
            for (List<String> line : JSON.readValue(
                    new String(json, StandardCharsets.UTF_8), new TypeReference<List<List<String>>>() {})) {
                read.add(Long.parseLong(line.get(0)), line.get(1), Double.parseDouble(line.get(2)));
            }
            return read;
        } catch (JsonProcessingException | NumberFormatException | IndexOutOfBoundsException e) {
            throw new BadDataException(place + " is damaged: " + e.getMessage(), e);
        }
    }
}
