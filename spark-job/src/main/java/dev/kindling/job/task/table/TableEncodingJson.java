package dev.kindling.job.task.table;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.SettingsCodec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * The JSON of a {@link TableEncoding}, the file {@code table.json} of a model: version 1, with a SHA-256 of its content that is
 * checked when it is read. The same encoding gives the same text.
 */
public final class TableEncodingJson {
    private static final String FORMAT = "kindling-table-encoding";
    private static final int VERSION = 1;
    private static final String HASH = "sha256";
    private static final String VALUES = "values";
    private static final String MISSING = "missing";
    private static final String SCALES = "scales";
    private static final String EMBEDDING = "embedding";
    private static final String STACK = "stack";
    private static final String LIMIT = "limit";
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private TableEncodingJson() {}

    /** The text of an encoding. */
    public static String write(TableEncoding encoding) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT).put("version", VERSION);
        ObjectNode content = content(encoding);
        root.put(HASH, hash(content));
        root.set("encoding", content);
        return text(root) + "\n";
    }

    /** The SHA-256 of an encoding, in hexadecimal. */
    public static String hash(TableEncoding encoding) {
        return hash(content(encoding));
    }

    private static String hash(ObjectNode content) {
        return DigestUtils.sha256Hex(text(content));
    }

    private static String text(JsonNode node) {
        try {
            return JSON.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an encoding cannot be written as JSON", e);
        }
    }

    private static ObjectNode content(TableEncoding encoding) {
        ObjectNode root = JSON.createObjectNode();
        TableColumns columns = encoding.columns();
        root.put("group", columns.group())
                .put("label", columns.label())
                .put("weight", columns.weight())
                .put("offset", columns.offset())
                .put("classification", columns.classes())
                .put("ordered", columns.ordered());
        ArrayNode inputs = root.putArray("inputs");
        columns.inputs()
                .forEach(input -> inputs.addObject()
                        .put("name", input.name())
                        .put("kind", SettingsCodec.lowerCase(input.kind())));
        encoding.classes().forEach(root.putArray("classes")::add);
        root.put("label_mean", encoding.labelMean())
                .put("label_std", encoding.labelStd())
                .put("clip", encoding.clip())
                .put("seed", encoding.seed());
        if (encoding.embedding()) {
            root.put(EMBEDDING, true);
        }
        ArrayNode encodings = root.putArray("encodings");
        encoding.encodings().forEach(each -> encodings.add(content(each)));
        encoding.stack().ifPresent(stack -> root.set(STACK, content(stack)));
        return root;
    }

    private static ObjectNode content(StackedPrediction stack) {
        ObjectNode node = JSON.createObjectNode();
        stack.names().forEach(node.putArray("names")::add);
        if (Double.isFinite(stack.limit())) {
            node.put(LIMIT, stack.limit());
        }
        putScales(node, stack.scales());
        ArrayNode fits = node.putArray("fits");
        for (List<BoostedTrees> fit : stack.fits()) {
            ArrayNode outputs = fits.addArray();
            fit.forEach(trees -> outputs.add(content(trees)));
        }
        return node;
    }

    private static ObjectNode content(BoostedTrees boosted) {
        ObjectNode node = JSON.createObjectNode();
        node.put("base", boosted.base());
        ArrayNode trees = node.putArray("trees");
        for (BoostedTrees.Tree tree : boosted.trees()) {
            ObjectNode each = trees.addObject();
            put(each, "features", tree.features());
            put(each, "thresholds", tree.thresholds());
            put(each, "left", tree.left());
            put(each, "right", tree.right());
            put(each, VALUES, tree.values());
        }
        return node;
    }

    private static void put(ObjectNode node, String name, int[] numbers) {
        ArrayNode array = node.putArray(name);
        for (int number : numbers) {
            array.add(number);
        }
    }

    private static void put(ObjectNode node, String name, float[] numbers) {
        ArrayNode array = node.putArray(name);
        for (float number : numbers) {
            array.add(number);
        }
    }

    private static void putScales(ObjectNode node, List<ColumnEncoding.Effects.Scale> scales) {
        ArrayNode array = node.putArray(SCALES);
        scales.forEach(scale -> array.addObject().put("mean", scale.mean()).put("std", scale.std()));
    }

    private static ObjectNode content(ColumnEncoding encoding) {
        ObjectNode node = JSON.createObjectNode();
        node.put("input", encoding.input());
        if (encoding instanceof ColumnEncoding.Standardised numeric) {
            return node.put("mean", numeric.mean()).put("std", numeric.std()).put(MISSING, numeric.missing());
        }
        if (encoding instanceof ColumnEncoding.OneHot oneHot) {
            oneHot.values().forEach(node.putArray(VALUES)::add);
            return node.put(MISSING, oneHot.missing());
        }
        ColumnEncoding.Effects effects = (ColumnEncoding.Effects) encoding;
        effects.outputs().forEach(node.putArray("outputs")::add);
        effects.values().forEach(node.putArray(VALUES)::add);
        ArrayNode fits = node.putArray("fits");
        for (ColumnEncoding.Effects.Fit fit : effects.fits()) {
            ObjectNode each = fits.addObject();
            ArrayNode counts = each.putArray("counts");
            for (long count : fit.counts()) {
                counts.add(count);
            }
            ArrayNode outputs = each.putArray("effects");
            for (double[] output : fit.effects()) {
                ArrayNode ofOutput = outputs.addArray();
                for (double effect : output) {
                    ofOutput.add(effect);
                }
            }
        }
        putScales(node, effects.scales());
        return node.put(MISSING, effects.missing());
    }

    /**
     * Parses the text of {@link #write}.
     *
     * @param place name of the file, for messages
     * @throws BadDataException if it is damaged or of another version
     */
    public static TableEncoding read(String text, String place) {
        try {
            JsonNode root = JSON.readTree(text);
            if (!FORMAT.equals(root.path("format").asText())
                    || root.path("version").asInt() != VERSION) {
                throw new BadDataException(
                        place + " is no table encoding of version " + VERSION + ", which this Kindling reads");
            }
            if (!(root.get("encoding") instanceof ObjectNode content)
                    || !hash(content).equals(root.path(HASH).asText())) {
                throw new BadDataException(place + " is damaged: its content does not match its checksum");
            }
            return encoding(content);
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new BadDataException(place + " is damaged: it is not the encoding of a table", e);
        }
    }

    private static TableEncoding encoding(ObjectNode root) {
        List<TableColumns.Input> inputs = new ArrayList<>();
        for (JsonNode input : list(root, "inputs")) {
            String kind = text(input, "kind");
            inputs.add(new TableColumns.Input(
                    text(input, "name"), SettingsCodec.choice(TableColumns.Kind.class, "kind", kind)));
        }
        TableColumns columns = new TableColumns(
                text(root, "group"),
                text(root, "label"),
                bool(root, "classification"),
                inputs,
                text(root, "weight"),
                text(root, "offset"),
                bool(root, "ordered"));
        List<ColumnEncoding> encodings = new ArrayList<>();
        for (JsonNode node : list(root, "encodings")) {
            encodings.add(column(node, inputs));
        }
        TableEncoding encoding = new TableEncoding(
                columns,
                encodings,
                texts(root, "classes"),
                number(root, "label_mean"),
                number(root, "label_std"),
                number(root, "clip"),
                exact(root, "seed"));
        TableEncoding stacked = root.has(STACK)
                ? encoding.with(stack(root.get(STACK), encoding.features().size()))
                : encoding;
        return root.has(EMBEDDING) && bool(root, EMBEDDING) ? stacked.withEmbedding() : stacked;
    }

    private static StackedPrediction stack(JsonNode node, int columnFeatures) {
        List<String> names = texts(node, "names");
        List<List<BoostedTrees>> fits = new ArrayList<>();
        for (JsonNode fit : list(node, "fits")) {
            List<BoostedTrees> outputs = new ArrayList<>();
            fit.forEach(output -> outputs.add(trees(output)));
            require(outputs.size() == names.size());
            fits.add(outputs);
        }
        StackedPrediction stack = new StackedPrediction(
                names, node.has(LIMIT) ? number(node, LIMIT) : Double.POSITIVE_INFINITY, fits, scales(node));
        require(!names.isEmpty()
                && fits.size() == GroupKeys.FOLDS + 1
                && stack.scales().size() == names.size()
                && stack.limit() > 0
                && stack.width() <= columnFeatures);
        return stack;
    }

    private static BoostedTrees trees(JsonNode node) {
        List<BoostedTrees.Tree> trees = new ArrayList<>();
        for (JsonNode tree : list(node, "trees")) {
            trees.add(new BoostedTrees.Tree(
                    integers(tree, "features"),
                    floats(tree, "thresholds"),
                    integers(tree, "left"),
                    integers(tree, "right"),
                    floats(tree, VALUES)));
        }
        return new BoostedTrees(number(node, "base"), trees);
    }

    private static int[] integers(JsonNode node, String name) {
        ArrayNode array = list(node, name);
        int[] numbers = new int[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            require(array.get(i).canConvertToInt() && array.get(i).isIntegralNumber());
            numbers[i] = array.get(i).asInt();
        }
        return numbers;
    }

    private static float[] floats(JsonNode node, String name) {
        ArrayNode array = list(node, name);
        float[] numbers = new float[array.size()];
        for (int i = 0; i < numbers.length; i++) {
            require(array.get(i).isNumber());
            numbers[i] = array.get(i).floatValue();
        }
        return numbers;
    }

    private static List<ColumnEncoding.Effects.Scale> scales(JsonNode node) {
        List<ColumnEncoding.Effects.Scale> scales = new ArrayList<>();
        for (JsonNode scale : list(node, SCALES)) {
            scales.add(new ColumnEncoding.Effects.Scale(number(scale, "mean"), number(scale, "std")));
        }
        return scales;
    }

    private static ColumnEncoding column(JsonNode node, List<TableColumns.Input> inputs) {
        int input = (int) exact(node, "input");
        require(input >= 0 && input < inputs.size());
        TableColumns.Input column = inputs.get(input);
        boolean missing = bool(node, MISSING);
        require(node.has(VALUES) == (column.kind() == TableColumns.Kind.CATEGORY));
        if (!node.has(VALUES)) {
            return new ColumnEncoding.Standardised(
                    input, column.name(), number(node, "mean"), number(node, "std"), missing);
        }
        List<String> values = texts(node, VALUES);
        require(new HashSet<>(values).size() == values.size());
        if (!node.has("fits")) {
            return new ColumnEncoding.OneHot(input, column.name(), values, missing);
        }
        List<String> outputs = texts(node, "outputs");
        List<ColumnEncoding.Effects.Fit> fits = new ArrayList<>();
        for (JsonNode fit : list(node, "fits")) {
            fits.add(fit(fit, outputs.size(), values.size()));
        }
        List<ColumnEncoding.Effects.Scale> scales = scales(node);
        require(fits.size() == GroupKeys.FOLDS + 1
                && (scales.size() == outputs.size() || scales.size() == outputs.size() + 1));
        return new ColumnEncoding.Effects(input, column.name(), outputs, values, fits, scales, missing);
    }

    private static ColumnEncoding.Effects.Fit fit(JsonNode node, int outputs, int values) {
        ArrayNode counts = list(node, "counts");
        ArrayNode effects = list(node, "effects");
        require(counts.size() == values && effects.size() == outputs);
        double[][] byOutput = new double[outputs][];
        for (int output = 0; output < outputs; output++) {
            JsonNode ofOutput = effects.get(output);
            require(ofOutput.size() == values);
            byOutput[output] = IntStream.range(0, values)
                    .mapToDouble(i -> ofOutput.get(i).asDouble())
                    .toArray();
        }
        return new ColumnEncoding.Effects.Fit(
                IntStream.range(0, values)
                        .mapToLong(i -> counts.get(i).asLong())
                        .toArray(),
                byOutput);
    }

    private static void require(boolean condition) {
        if (!condition) {
            throw new IllegalArgumentException("sizes or kinds do not match");
        }
    }

    private static JsonNode child(JsonNode node, String name) {
        JsonNode child = node.get(name);
        if (child == null) {
            throw new IllegalArgumentException("there is no " + name);
        }
        return child;
    }

    private static String text(JsonNode node, String name) {
        require(child(node, name).isTextual());
        return child(node, name).asText();
    }

    private static boolean bool(JsonNode node, String name) {
        require(child(node, name).isBoolean());
        return child(node, name).asBoolean();
    }

    private static double number(JsonNode node, String name) {
        require(child(node, name).isNumber());
        return child(node, name).asDouble();
    }

    private static long exact(JsonNode node, String name) {
        require(child(node, name).isIntegralNumber());
        return child(node, name).asLong();
    }

    private static ArrayNode list(JsonNode node, String name) {
        if (child(node, name) instanceof ArrayNode array) {
            return array;
        }
        throw new IllegalArgumentException(name + " is no list");
    }

    private static List<String> texts(JsonNode node, String name) {
        List<String> texts = new ArrayList<>();
        list(node, name).forEach(text -> texts.add(text.asText()));
        return texts;
    }
}
