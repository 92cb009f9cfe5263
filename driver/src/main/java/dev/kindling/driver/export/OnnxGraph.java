package dev.kindling.driver.export;

import dev.kindling.driver.storage.ProtobufMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * An ONNX graph under construction: the graph of a model, or the body of one of its loops, which may use values of the graphs around
 * it. Encoded as the messages of {@code onnx.proto}, of which only the fields used here are written. Not thread-safe.
 */
final class OnnxGraph {
    /** The version of the operator set. */
    private static final int OPERATORS = 17;

    private static final int IR_VERSION = 8;

    /** An element type, with its number in {@code TensorProto.DataType}. */
    enum ElementType {
        FLOAT(1),
        INT64(7),
        BOOL(9),
        DOUBLE(11);

        private final int number;

        ElementType(int number) {
            this.number = number;
        }

        int number() {
            return number;
        }
    }

    /** The fields that are written, with their numbers, by message. */
    private static final class Fields {
        static final int MODEL_IR_VERSION = 1;
        static final int MODEL_PRODUCER = 2;
        static final int MODEL_GRAPH = 7;
        static final int MODEL_OPERATOR_SET = 8;
        static final int MODEL_METADATA = 14;
        static final int OPERATOR_SET_VERSION = 2;
        static final int METADATA_KEY = 1;
        static final int METADATA_VALUE = 2;
        static final int GRAPH_NODE = 1;
        static final int GRAPH_NAME = 2;
        static final int GRAPH_INITIALIZER = 5;
        static final int GRAPH_INPUT = 11;
        static final int GRAPH_OUTPUT = 12;
        static final int NODE_INPUT = 1;
        static final int NODE_OUTPUT = 2;
        static final int NODE_NAME = 3;
        static final int NODE_OP_TYPE = 4;
        static final int NODE_ATTRIBUTE = 5;
        static final int TENSOR_DIMS = 1;
        static final int TENSOR_TYPE = 2;
        static final int TENSOR_NAME = 8;
        static final int TENSOR_BYTES = 9;
        static final int ATTRIBUTE_NAME = 1;
        static final int ATTRIBUTE_INT = 3;
        static final int ATTRIBUTE_TEXT = 4;
        static final int ATTRIBUTE_TENSOR = 5;
        static final int ATTRIBUTE_GRAPH = 6;
        static final int ATTRIBUTE_INTS = 8;
        static final int ATTRIBUTE_TYPE = 20;
        static final int VALUE_NAME = 1;
        static final int VALUE_TYPE = 2;
        static final int TYPE_TENSOR = 1;
        static final int TENSOR_TYPE_ELEMENT = 1;
        static final int TENSOR_TYPE_SHAPE = 2;
        static final int SHAPE_DIM = 1;
        static final int DIM_VALUE = 1;
        static final int DIM_NAME = 2;

        private Fields() {}
    }

    /** A named attribute of a node. */
    record Attribute(ProtobufMessage message) {
        // Numbers of AttributeProto.AttributeType.
        private static final int INT = 2;
        private static final int STRING = 3;
        private static final int TENSOR = 4;
        private static final int GRAPH = 5;
        private static final int INTS = 7;

        static Attribute of(String name, long number) {
            return new Attribute(begun(name, INT).integer(Fields.ATTRIBUTE_INT, number));
        }

        static Attribute of(String name, String text) {
            return new Attribute(begun(name, STRING).text(Fields.ATTRIBUTE_TEXT, text));
        }

        static Attribute of(String name, List<Integer> numbers) {
            ProtobufMessage message = begun(name, INTS);
            numbers.forEach(number -> message.integer(Fields.ATTRIBUTE_INTS, number));
            return new Attribute(message);
        }

        /** A tensor of one element 0 of the type float. */
        static Attribute zero(String name) {
            return new Attribute(begun(name, TENSOR)
                    .message(Fields.ATTRIBUTE_TENSOR, tensor(ElementType.FLOAT, new byte[Float.BYTES], 1)));
        }

        static Attribute of(String name, OnnxGraph body) {
            return new Attribute(begun(name, GRAPH).message(Fields.ATTRIBUTE_GRAPH, body.message("body")));
        }

        private static ProtobufMessage begun(String name, int type) {
            return new ProtobufMessage().text(Fields.ATTRIBUTE_NAME, name).integer(Fields.ATTRIBUTE_TYPE, type);
        }
    }

    /**
     * A dimension of an input or output.
     *
     * @param name of a number that differs between calls; empty for a fixed one
     */
    record Dimension(long extent, String name) {
        private ProtobufMessage message() {
            return name.isEmpty()
                    ? new ProtobufMessage().integer(Fields.DIM_VALUE, extent)
                    : new ProtobufMessage().text(Fields.DIM_NAME, name);
        }
    }

    private final OnnxGraph root;
    private final List<ProtobufMessage> inputs = new ArrayList<>();
    private final List<ProtobufMessage> nodes = new ArrayList<>();
    private final List<ProtobufMessage> outputs = new ArrayList<>();

    /** Those of the model are all in its outermost graph, whose names bodies see. */
    private final List<ProtobufMessage> initializers = new ArrayList<>();

    private final Map<String, String> constants = new HashMap<>();
    private int next;

    /** The outermost graph of a model. */
    OnnxGraph() {
        this.root = this;
    }

    private OnnxGraph(OnnxGraph root) {
        this.root = root;
    }

    /** The body of a loop, a graph within this model. */
    OnnxGraph body() {
        return new OnnxGraph(root);
    }

    /** A name that the model does not have yet. */
    String fresh() {
        return "v" + root.next++;
    }

    /** Adds an input of any shape, of a loop's body. */
    String input(ElementType type) {
        String name = fresh();
        inputs.add(value(name, type, null));
        return name;
    }

    /** Adds a scalar input, of a loop's body. */
    String scalarInput(ElementType type) {
        String name = fresh();
        inputs.add(value(name, type, List.of()));
        return name;
    }

    /** Adds an input of the model. */
    void input(String name, List<Dimension> shape) {
        inputs.add(value(name, ElementType.FLOAT, shape));
    }

    /** Makes a value an output of a loop's body: a copy of it, because an output may not be an input or an outer value. */
    void output(String from, ElementType type) {
        outputs.add(value(node("Identity", List.of(from)), type, null));
    }

    /** Makes a value an output of the model under a name. */
    void output(String name, String from, List<Dimension> shape) {
        nodes.add(message("Identity", List.of(from), List.of(name)));
        outputs.add(value(name, ElementType.FLOAT, shape));
    }

    /** Adds a node of one output, whose name is returned. */
    String node(String operator, List<String> arguments, Attribute... attributes) {
        return nodes(operator, arguments, 1, attributes).get(0);
    }

    /** Adds a node of several outputs, whose names are returned. */
    List<String> nodes(String operator, List<String> arguments, int count, Attribute... attributes) {
        List<String> results = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            results.add(fresh());
        }
        nodes.add(message(operator, arguments, results, attributes));
        return results;
    }

    private static ProtobufMessage message(
            String operator, List<String> arguments, List<String> results, Attribute... attributes) {
        ProtobufMessage node = new ProtobufMessage();
        arguments.forEach(name -> node.text(Fields.NODE_INPUT, name));
        results.forEach(name -> node.text(Fields.NODE_OUTPUT, name));
        // onnxruntime derives the names of nodes that it adds from those of nodes that it replaces.
        node.text(Fields.NODE_NAME, results.get(0));
        node.text(Fields.NODE_OP_TYPE, operator);
        for (Attribute attribute : attributes) {
            node.message(Fields.NODE_ATTRIBUTE, attribute.message());
        }
        return node;
    }

    /** The name of a constant vector of integers. */
    String integers(long... numbers) {
        ByteBuffer bytes = little(Long.BYTES * numbers.length);
        for (long number : numbers) {
            bytes.putLong(number);
        }
        return constant("integers " + Arrays.toString(numbers), ElementType.INT64, bytes, numbers.length);
    }

    /** The name of a constant scalar integer. */
    String integer(long number) {
        return constant(
                "integer " + number, ElementType.INT64, little(Long.BYTES).putLong(number));
    }

    /** The name of a constant scalar. */
    String scalar(double number) {
        return constant(
                "scalar " + (float) number,
                ElementType.FLOAT,
                little(Float.BYTES).putFloat((float) number));
    }

    /** The name of a constant scalar in double precision. */
    String precise(double number) {
        return constant(
                "precise " + number, ElementType.DOUBLE, little(Double.BYTES).putDouble(number));
    }

    /** The name of a constant vector. */
    String vector(double... numbers) {
        ByteBuffer bytes = little(Float.BYTES * numbers.length);
        for (double number : numbers) {
            bytes.putFloat((float) number);
        }
        return constant("vector " + Arrays.toString(numbers), ElementType.FLOAT, bytes, numbers.length);
    }

    /** The name of a constant that is true. */
    String yes() {
        return constant("yes", ElementType.BOOL, little(1).put((byte) 1));
    }

    private String constant(String content, ElementType type, ByteBuffer bytes, int... shape) {
        return root.constants.computeIfAbsent(content, key -> {
            String name = fresh();
            root.initializers.add(tensor(type, content(bytes), shape).text(Fields.TENSOR_NAME, name));
            return name;
        });
    }

    /** Adds an array of the model under a name, rounded to single precision. */
    void initializer(String name, double[] values, int... shape) {
        ByteBuffer bytes = little(Float.BYTES * values.length);
        for (double value : values) {
            bytes.putFloat((float) value);
        }
        root.initializers.add(tensor(ElementType.FLOAT, content(bytes), shape).text(Fields.TENSOR_NAME, name));
    }

    private static ProtobufMessage tensor(ElementType type, byte[] bytes, int... shape) {
        ProtobufMessage tensor = new ProtobufMessage();
        for (int extent : shape) {
            tensor.integer(Fields.TENSOR_DIMS, extent);
        }
        return tensor.integer(Fields.TENSOR_TYPE, type.number()).bytes(Fields.TENSOR_BYTES, bytes);
    }

    /** The bytes of a buffer that is full. */
    private static byte[] content(ByteBuffer full) {
        byte[] bytes = new byte[full.capacity()];
        full.rewind().get(bytes);
        return bytes;
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ProtobufMessage value(String name, ElementType type, @Nullable List<Dimension> shape) {
        ProtobufMessage tensor = new ProtobufMessage().integer(Fields.TENSOR_TYPE_ELEMENT, type.number());
        if (shape != null) {
            ProtobufMessage dimensions = new ProtobufMessage();
            shape.forEach(dimension -> dimensions.message(Fields.SHAPE_DIM, dimension.message()));
            tensor.message(Fields.TENSOR_TYPE_SHAPE, dimensions);
        }
        return new ProtobufMessage()
                .text(Fields.VALUE_NAME, name)
                .message(Fields.VALUE_TYPE, new ProtobufMessage().message(Fields.TYPE_TENSOR, tensor));
    }

    private ProtobufMessage message(String name) {
        ProtobufMessage graph = new ProtobufMessage();
        nodes.forEach(node -> graph.message(Fields.GRAPH_NODE, node));
        graph.text(Fields.GRAPH_NAME, name);
        if (root == this) {
            initializers.forEach(tensor -> graph.message(Fields.GRAPH_INITIALIZER, tensor));
        }
        inputs.forEach(input -> graph.message(Fields.GRAPH_INPUT, input));
        outputs.forEach(output -> graph.message(Fields.GRAPH_OUTPUT, output));
        return graph;
    }

    /** The model of this graph, encoded. */
    byte[] encoded(String name, SortedMap<String, String> metadata) {
        ProtobufMessage model = new ProtobufMessage()
                .integer(Fields.MODEL_IR_VERSION, IR_VERSION)
                .text(Fields.MODEL_PRODUCER, "Kindling")
                .message(Fields.MODEL_GRAPH, message(name))
                .message(
                        Fields.MODEL_OPERATOR_SET,
                        new ProtobufMessage().integer(Fields.OPERATOR_SET_VERSION, OPERATORS));
        metadata.forEach((key, value) -> model.message(
                Fields.MODEL_METADATA,
                new ProtobufMessage().text(Fields.METADATA_KEY, key).text(Fields.METADATA_VALUE, value)));
        return model.toByteArray();
    }
}
