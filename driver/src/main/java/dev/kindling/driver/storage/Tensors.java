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
 * Named arrays as a file holds them, each in a precision of its own. Immutable by convention: nobody writes to the
 * storages.
 *
 * @param file where they were read from, for messages
 * @param arrays by name, in the order of the file's bytes
 * @param metadata free text by key, as in {@code __metadata__}
 */
public record Tensors(String file, Map<String, Tensor> arrays, Map<String, String> metadata) {
    /** One array, row-major. */
    public record Tensor(Shape shape, FlatVector values) {}

    public Tensors {
        arrays = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * Arrays that are to become a file, cut out of one vector.
     *
     * @param file what it will be called
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

    /** The bytes of the file; all arrays must be of one precision. */
    public byte[] encoded() {
        Layout layout = layout();
        Precision precision = arrays.values().stream()
                .map(tensor -> tensor.values().precision())
                .findFirst()
                .orElse(Precision.FLOAT);
        return Safetensors.encode(layout, flat(layout, precision), metadata);
    }

    /** The names and shapes in the order of the file. */
    public Layout layout() {
        Layout.Builder layout = Layout.builder();
        arrays.forEach((name, tensor) -> layout.add(name, tensor.shape()));
        return layout.build();
    }

    /**
     * All arrays in one vector, laid out as wanted whatever their order in the file.
     *
     * @param precision of the result; a file in double is rounded to it
     * @throws BadDataException if the file lacks an array, has one too many, or one of another shape
     */
    public FlatVector flat(Layout wanted, Precision precision) {
        FlatVector flat = FlatVector.zeros(precision, wanted.size());
        for (Layout.Entry entry : wanted.entries()) {
            Tensor tensor = tensor(entry, wanted);
            flat.copyFrom(
                    tensor.values().to(precision),
                    0,
                    entry.offset(),
                    entry.shape().size());
        }
        List<String> surplus =
                arrays.keySet().stream().filter(name -> !wanted.has(name)).toList();
        if (!surplus.isEmpty()) {
            throw new BadDataException(file + " holds " + surplus + " beyond what is wanted: " + wanted.names());
        }
        return flat;
    }

    private Tensor tensor(Layout.Entry entry, Layout wanted) {
        if (!arrays.containsKey(entry.name())) {
            throw new BadDataException(
                    file + " holds no array " + entry.name() + "; wanted are " + wanted + ", there are " + layout());
        }
        Tensor tensor = Objects.requireNonNull(arrays.get(entry.name()));
        if (!tensor.shape().equals(entry.shape())) {
            throw new BadDataException(file + " holds " + entry.name() + " of shape " + tensor.shape()
                    + "; it must be of shape " + entry.shape());
        }
        return tensor;
    }
}
