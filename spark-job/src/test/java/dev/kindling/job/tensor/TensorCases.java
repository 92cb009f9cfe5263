package dev.kindling.job.tensor;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Reads test resources of named arrays, which scripts beside them wrote. A line is a name, the extents joined by x, and the
 * numbers, row-major; a name that the case has already begins the next case.
 */
public final class TensorCases {
    private TensorCases() {}

    /** One array. */
    public record Tensor(Shape shape, double[] elements) {}

    /** The cases of a resource beside a test class. */
    public static List<Map<String, Tensor>> read(Class<?> test, String resource) {
        List<Map<String, Tensor>> cases = new ArrayList<>();
        Map<String, Tensor> current = Map.of();
        for (String line : text(test, resource).lines().toList()) {
            String[] fields = line.split(" ");
            if (cases.isEmpty() || current.containsKey(fields[0])) {
                current = new LinkedHashMap<>();
                cases.add(current);
            }
            Shape shape = Shape.of(Arrays.stream(fields[1].split("x"))
                    .mapToInt(Integer::parseInt)
                    .toArray());
            double[] elements = Arrays.stream(fields)
                    .skip(2)
                    .mapToDouble(Double::parseDouble)
                    .toArray();
            current.put(fields[0], new Tensor(shape, elements));
        }
        return cases;
    }

    private static String text(Class<?> test, String resource) {
        try (InputStream text = test.getResourceAsStream(resource)) {
            return new String(Objects.requireNonNull(text, resource).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
