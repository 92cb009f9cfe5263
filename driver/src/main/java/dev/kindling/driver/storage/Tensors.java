package dev.kindling.driver.storage;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Named arrays of one file, each with its own precision. Immutable by convention: the vectors are never written to.
 *
 * @param file the file that they were read from, for messages
 * @param arrays by name, in the order of the file's bytes
 * @param metadata text by key, the file's {@code __metadata__}
 */
public record Tensors(String file, Map<String, Tensor> arrays, Map<String, String> metadata) {
    /** One array, row-major. */
    public record Tensor(Shape shape, FlatVector values) {}

    public Tensors {
        arrays = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * The arrays of a flat vector, to be written to a file.
     *
     * @param file name of the file, for messages
     */
    public static Tensors of(String file, Layout layout, FlatVector values) {
        Map<String, Tensor> arrays = new LinkedHashMap<>();
        for (Layout.Entry entry : layout.entries()) {
            FlatVector part = FlatVector.zeros(values.precision(), entry.shape().size());
            part.copyFrom(values, entry.offset(), 0, entry.shape().size());
            arrays.put(entry.name(), new Tensor(entry.shape(), part));
        }
        return new Tensors(file, arrays, Map.of());
    }

    /** Encodes the arrays as safetensors; all must have one precision. */
    public byte[] encoded() {
        Layout layout = layout();
        Precision precision = arrays.values().stream()
                .map(tensor -> tensor.values().precision())
                .findFirst()
                .orElse(Precision.FLOAT);
        return Safetensors.encode(layout, flat(layout, precision), metadata);
    }

    /** Names and shapes, in the order of the file. */
    public Layout layout() {
        Layout.Builder layout = Layout.builder();
        arrays.forEach((name, tensor) -> layout.add(name, tensor.shape()));
        return layout.build();
    }

    /**
     * All arrays in one vector of the expected layout, whatever their order in the file.
     *
     * @param precision of the result; arrays in double are rounded to it
     * @throws BadDataException if an array is missing, unexpected, or of another shape
     */
    public FlatVector flat(Layout expected, Precision precision) {
        FlatVector flat = FlatVector.zeros(precision, expected.size());
        for (Layout.Entry entry : expected.entries()) {
            Tensor tensor = tensor(entry, expected);
            flat.copyFrom(
                    tensor.values().to(precision),
                    0,
                    entry.offset(),
                    entry.shape().size());
        }
        List<String> surplus =
                arrays.keySet().stream().filter(name -> !expected.has(name)).toList();
        if (!surplus.isEmpty()) {
            throw new BadDataException(
                    file + " holds " + surplus + " in addition to the expected arrays " + expected.names());
        }
        return flat;
    }

    private Tensor tensor(Layout.Entry entry, Layout expected) {
        if (!arrays.containsKey(entry.name())) {
            throw new BadDataException(file + " holds no array " + entry.name() + "; expected are " + expected
                    + ", the file has " + layout());
        }
        Tensor tensor = Objects.requireNonNull(arrays.get(entry.name()));
        if (!tensor.shape().equals(entry.shape())) {
            throw new BadDataException(file + " holds " + entry.name() + " of shape " + tensor.shape()
                    + "; it must be of shape " + entry.shape());
        }
        return tensor;
    }
}
