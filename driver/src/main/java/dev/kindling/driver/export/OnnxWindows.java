package dev.kindling.driver.export;

import dev.kindling.driver.export.OnnxGraph.Attribute;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import java.util.List;

/**
 * Translates convolution and pooling into nodes of an ONNX graph. Programs have images [n, h, w, c] and kernels [kh, kw, in, out],
 * ONNX has [n, c, h, w] and [out, in, kh, kw]. ONNX's padding cannot be negative, so rows and columns that no window reaches are cut
 * off first, and those that no adjoint reaches are added as zeros afterwards.
 */
final class OnnxWindows {
    private static final Attribute TO_CHANNELS_FIRST = Attribute.of("perm", List.of(0, 3, 1, 2));
    private static final Attribute TO_CHANNELS_LAST = Attribute.of("perm", List.of(0, 2, 3, 1));
    private static final Attribute KERNEL = Attribute.of("perm", List.of(3, 2, 0, 1));
    private static final Attribute FIRST_AND_LAST = Attribute.of("perm", List.of(3, 0, 1, 2));

    private OnnxWindows() {}

    /** Rows or columns of a window op along one axis. */
    private record Axis(int extent, int kernel, int stride, int before, int out) {
        static Axis rows(Window window) {
            return new Axis(
                    window.height(), window.kernelHeight(), window.rowStride(), window.top(), window.outHeight());
        }

        static Axis columns(Window window) {
            return new Axis(
                    window.width(), window.kernelWidth(), window.columnStride(), window.left(), window.outWidth());
        }

        /** The end of the last window, counted from the first element of the input. */
        int reached() {
            return (out - 1) * stride + kernel - before;
        }

        /** The elements that some window reaches. */
        int used() {
            return Math.min(extent, reached());
        }

        int after() {
            return reached() - used();
        }
    }

    private static Attribute pads(Window window) {
        Axis rows = Axis.rows(window);
        Axis columns = Axis.columns(window);
        return Attribute.of("pads", List.of(rows.before(), columns.before(), rows.after(), columns.after()));
    }

    private static Attribute strides(Window window) {
        return Attribute.of("strides", List.of(window.rowStride(), window.columnStride()));
    }

    private static Attribute extents(Window window) {
        return Attribute.of("kernel_shape", List.of(window.kernelHeight(), window.kernelWidth()));
    }

    private static String channelsFirst(OnnxGraph graph, String images) {
        return graph.node("Transpose", List.of(images), TO_CHANNELS_FIRST);
    }

    private static String channelsLast(OnnxGraph graph, String images) {
        return graph.node("Transpose", List.of(images), TO_CHANNELS_LAST);
    }

    /** The rows and columns, axes 2 and 3, that some window reaches. */
    private static String cropped(OnnxGraph graph, Window window, String images) {
        Axis rows = Axis.rows(window);
        Axis columns = Axis.columns(window);
        return rows.used() == rows.extent() && columns.used() == columns.extent()
                ? images
                : graph.node(
                        "Slice",
                        List.of(
                                images,
                                graph.integers(0, 0),
                                graph.integers(rows.used(), columns.used()),
                                graph.integers(2, 3)));
    }

    /** Images of {@link #cropped}'s extents with zeros for the rest. */
    private static String restored(OnnxGraph graph, Window window, String images) {
        Axis rows = Axis.rows(window);
        Axis columns = Axis.columns(window);
        int below = rows.extent() - rows.used();
        int right = columns.extent() - columns.used();
        return below == 0 && right == 0
                ? images
                : graph.node("Pad", List.of(images, graph.integers(0, 0, 0, 0, 0, 0, below, right)));
    }

    static String convolution(OnnxGraph graph, Window window, List<String> args) {
        String images = cropped(graph, window, channelsFirst(graph, args.get(0)));
        String kernel = graph.node("Transpose", List.of(args.get(1)), KERNEL);
        return channelsLast(
                graph, graph.node("Conv", List.of(images, kernel), extents(window), pads(window), strides(window)));
    }

    static String convolutionInput(OnnxGraph graph, Window window, List<String> args) {
        String cotangent = channelsFirst(graph, args.get(0));
        String kernel = graph.node("Transpose", List.of(args.get(1)), KERNEL);
        String images =
                graph.node("ConvTranspose", List.of(cotangent, kernel), extents(window), pads(window), strides(window));
        return channelsLast(graph, restored(graph, window, images));
    }

    /** The convolution of the images with the cotangent, whose elements are as far apart as the strides. */
    static String convolutionKernel(OnnxGraph graph, Window window, List<String> args) {
        String images = cropped(graph, window, graph.node("Transpose", List.of(args.get(0)), FIRST_AND_LAST));
        String cotangent = graph.node("Transpose", List.of(args.get(1)), FIRST_AND_LAST);
        String kernel = graph.node(
                "Conv",
                List.of(images, cotangent),
                Attribute.of("kernel_shape", List.of(window.outHeight(), window.outWidth())),
                pads(window),
                Attribute.of("dilations", List.of(window.rowStride(), window.columnStride())));
        return graph.node("Transpose", List.of(kernel), Attribute.of("perm", List.of(2, 3, 0, 1)));
    }

    private static List<String> maxPool(OnnxGraph graph, Window window, String images) {
        return graph.nodes("MaxPool", List.of(images), 2, extents(window), pads(window), strides(window));
    }

    static String poolGather(OnnxGraph graph, Value value, List<String> args) {
        Window window = (Window) value.attributes();
        List<String> pooled = maxPool(graph, window, cropped(graph, window, channelsFirst(graph, args.get(0))));
        if (value.arg(0) == value.arg(1)) {
            return channelsLast(graph, pooled.get(0));
        }
        String from = graph.node(
                "Reshape", List.of(cropped(graph, window, channelsFirst(graph, args.get(1))), graph.integers(-1)));
        return channelsLast(graph, graph.node("Gather", List.of(from, pooled.get(1)), Attribute.of("axis", 0)));
    }

    static String poolScatter(OnnxGraph graph, Value value, List<String> args) {
        Window window = (Window) value.attributes();
        String images = cropped(graph, window, channelsFirst(graph, args.get(0)));
        String indices =
                graph.node("Reshape", List.of(maxPool(graph, window, images).get(1), graph.integers(-1)));
        String added = graph.node("Reshape", List.of(channelsFirst(graph, args.get(1)), graph.integers(-1)));
        String shape = graph.node("Shape", List.of(images));
        String size = graph.node("ReduceProd", List.of(shape), Attribute.of("keepdims", 1));
        String zeros = graph.node("ConstantOfShape", List.of(size), Attribute.zero("value"));
        String sums = graph.node("ScatterElements", List.of(zeros, indices, added), Attribute.of("reduction", "add"));
        return channelsLast(graph, restored(graph, window, graph.node("Reshape", List.of(sums, shape))));
    }

    /** Sums of windows, a convolution of each channel by itself with a kernel of ones. */
    static String windowSum(OnnxGraph graph, Value value, List<String> args) {
        Window window = (Window) value.attributes();
        String images = cropped(graph, window, channelsFirst(graph, args.get(0)));
        return channelsLast(graph, sumOfEachChannel(graph, "Conv", value, images));
    }

    static String windowSpread(OnnxGraph graph, Value value, List<String> args) {
        Window window = (Window) value.attributes();
        String images = sumOfEachChannel(graph, "ConvTranspose", value, channelsFirst(graph, args.get(0)));
        return channelsLast(graph, restored(graph, window, images));
    }

    /** A convolution or its adjoint with a kernel of ones, of each channel by itself. */
    private static String sumOfEachChannel(OnnxGraph graph, String operator, Value value, String images) {
        Window window = (Window) value.attributes();
        int channels = value.shape().dim(3);
        String shape = graph.integers(channels, 1, window.kernelHeight(), window.kernelWidth());
        return graph.node(
                operator,
                List.of(images, graph.node("Expand", List.of(graph.scalar(1), shape))),
                Attribute.of("group", channels),
                extents(window),
                pads(window),
                strides(window));
    }
}
