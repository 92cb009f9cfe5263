package dev.kindling.driver.serving;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.storage.ParquetFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/**
 * The file formats of predictions for images, chosen by the extension of the file's name. Columns: {@code file}, {@code
 * prediction}, {@code class} where folders name it, and {@code probability_<class>} for each class.
 */
public enum PredictionFile {
    /** Values separated by commas, quoted where necessary (RFC 4180), UTF-8, with a line of names. */
    CSV {
        @Override
        public byte[] encode(ImagePredictions predictions) {
            StringBuilder text = new StringBuilder(line(names(predictions)));
            for (ImagePredictions.Row row : predictions.rows()) {
                List<String> fields = new ArrayList<>(List.of(row.file(), row.prediction()));
                row.label().ifPresent(fields::add);
                row.probabilities().forEach(probability -> fields.add(Double.toString(probability)));
                text.append(line(fields));
            }
            return text.toString().getBytes(StandardCharsets.UTF_8);
        }

        private String line(List<String> fields) {
            return fields.stream().map(this::quoted).collect(Collectors.joining(",", "", "\n"));
        }

        private String quoted(String field) {
            boolean plain = field.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
            return plain ? field : '"' + field.replace("\"", "\"\"") + '"';
        }
    },
    /** A list of objects; probabilities are an object by class. */
    JSON {
        @Override
        public byte[] encode(ImagePredictions predictions) {
            ObjectMapper json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
            ArrayNode list = json.createArrayNode();
            for (ImagePredictions.Row row : predictions.rows()) {
                ObjectNode image = list.addObject().put(FILE, row.file()).put(PREDICTION, row.prediction());
                row.label().ifPresent(label -> image.put(CLASS, label));
                ObjectNode probabilities = image.putObject("probabilities");
                for (int i = 0; i < predictions.classes().size(); i++) {
                    probabilities.put(
                            predictions.classes().get(i), row.probabilities().get(i));
                }
            }
            try {
                return (json.writeValueAsString(list) + "\n").getBytes(StandardCharsets.UTF_8);
            } catch (JsonProcessingException e) {
                throw new UncheckedIOException(e);
            }
        }
    },
    /** Parquet, with columns of strings and doubles. */
    PARQUET {
        @Override
        public byte[] encode(ImagePredictions predictions) {
            List<String> names = names(predictions);
            int firstProbability = names.size() - predictions.classes().size();
            Types.GroupBuilder<MessageType> schema = Types.buildMessage();
            for (String name : names.subList(0, firstProbability)) {
                schema = schema.required(PrimitiveTypeName.BINARY)
                        .as(LogicalTypeAnnotation.stringType())
                        .named(name);
            }
            for (String name : names.subList(firstProbability, names.size())) {
                schema = schema.required(PrimitiveTypeName.DOUBLE).named(name);
            }
            return new ParquetFile(
                            schema.named("predictions"), predictions.rows().size())
                    .encoded((index, values) -> {
                        ImagePredictions.Row row = predictions.rows().get(index);
                        values.append(FILE, row.file()).append(PREDICTION, row.prediction());
                        row.label().ifPresent(label -> values.append(CLASS, label));
                        for (int i = 0; i < row.probabilities().size(); i++) {
                            values.append(
                                    names.get(firstProbability + i),
                                    row.probabilities().get(i));
                        }
                    });
        }
    };

    private static final String FILE = "file";
    private static final String PREDICTION = "prediction";
    private static final String CLASS = "class";

    /**
     * The format of a file by the extension of its name.
     *
     * @param option that names the file, for the message
     * @throws IllegalArgumentException if the extension is none of {@code .csv}, {@code .json} and {@code .parquet}
     */
    public static PredictionFile named(String option, String file) {
        String extension = file.substring(file.lastIndexOf('.') + 1);
        return switch (extension) {
            case "csv" -> CSV;
            case "json" -> JSON;
            case "parquet" -> PARQUET;
            default ->
                throw new IllegalArgumentException(
                        option + " is " + file + "; its name must end in .csv, .json or .parquet");
        };
    }

    /** The bytes of the file. */
    public abstract byte[] encode(ImagePredictions predictions);

    /** The names of the columns. */
    private static List<String> names(ImagePredictions predictions) {
        List<String> names = new ArrayList<>(List.of(FILE, PREDICTION));
        if (predictions.accuracy().isPresent()) {
            names.add(CLASS);
        }
        predictions.classes().forEach(name -> names.add("probability_" + name));
        return names;
    }
}
