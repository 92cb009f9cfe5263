package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The planning of products: of matrices, and of images and kernels.
 *
 * @param <S> a step
 */
final class Products<S> {
    /** The ops that are products; a sum takes them in. */
    static final Set<Op> KINDS = EnumSet.of(Op.MATMUL, Op.CONV, Op.CONV_INPUT, Op.CONV_KERNEL);

    /** From so many columns of a on per row, taking a·bᵀ element by element beats transposing b. */
    private static final int DOTS_PER_TRANSPOSITION = 12;

    /** What the tables of a convolution depend on. */
    private record Slide(Op op, Window window, Taps.Frame frame, int channels, int phase) {}

    private final Planner<S> planner;
    private final Emitter<S> emitter;
    private final Scope<S> scope;
    private final Copies<S> copies;

    Products(Planner<S> planner, Scope<S> scope, Copies<S> copies) {
        this.planner = planner;
        this.emitter = planner.emitter();
        this.scope = scope;
        this.copies = copies;
    }

    /**
     * Emits c = start + the product; null starts from zeros.
     *
     * @param startRow distance of the start's rows: the length of c's, or 0 where one row starts them all
     */
    void multiply(Value product, @Nullable Place start, int startRow, Place c) {
        switch (product.op()) {
            case CONV -> overImages(product, Taps::conv, start, startRow, c);
            case CONV_KERNEL -> overImages(product, Taps::kernel, start, startRow, c);
            case CONV_INPUT -> input(product, start, startRow, c);
            default -> matrices(product, start, startRow, c);
        }
    }

    private int level(Value value) {
        return scope.lowering().level(value);
    }

    private void step(Value value, S step) {
        planner.list(level(value)).add(step);
    }

    /** The tables of a convolution that gathers from framed images. */
    private interface Table {
        Taps of(Window window, Taps.Frame frame, int channels);
    }

    private void overImages(Value product, Table table, @Nullable Place start, int startRow, Place d) {
        Window w = (Window) product.attributes();
        int out = product.shape().dim(3);
        Value x = product.arg(0);
        Taps.Frame frame = Taps.frame(w, x.shape().dim(0), x.shape().dim(3));
        Place images = framed(x, w.height(), w.width(), frame);
        gathered(
                product,
                planner.taps(new Slide(product.op(), w, frame, out, 0), () -> table.of(w, frame, out)),
                out,
                images,
                scope.place(product.arg(1)),
                start,
                startRow,
                d);
    }

    private void input(Value product, @Nullable Place start, int startRow, Place d) {
        Window w = (Window) product.attributes();
        int in = product.shape().dim(3);
        int out = product.arg(0).shape().dim(3);
        Taps.Frame frame = Taps.frameBehind(w, product.shape().dim(0), out);
        Place behind = framed(product.arg(0), w.outHeight(), w.outWidth(), frame);
        Place kernel = transposed(product.arg(1), w.area(), in, out);
        for (int phase = 0; phase < w.rowStride() * w.columnStride(); phase++) {
            int rows = phase / w.columnStride();
            int columns = phase % w.columnStride();
            Taps taps = planner.taps(
                    new Slide(Op.CONV_INPUT, w, frame, in, phase), () -> Taps.phase(w, frame, in, rows, columns));
            if (taps.rows().length > 0) {
                gathered(product, taps, in, behind, kernel, start, startRow, d);
            }
        }
    }

    private void gathered(
            Value product, Taps taps, int n, Place a, Place b, @Nullable Place start, int startRow, Place d) {
        Place s = start == null ? planner.zeros(n) : start;
        int[] starts = start == null || startRow == 0 ? planner.noStarts(taps.targets().length) : taps.targets();
        step(product, emitter.gathered(taps, n, a, b, s, starts, d));
    }

    /** Images with the zeros around them that windows need; as they stand, if they need none. */
    private Place framed(Value images, int height, int width, Taps.Frame frame) {
        Place place = scope.place(images);
        return frame.bare(height, width)
                ? place
                : copies.of(images, frame, frame.size(), d -> List.of(emitter.frame(d, frame, height, width, place)));
    }

    /**
     * Emits c = start + the product of matrices. The kernel wants b row-major: where b is read transposed, either
     * both layouts are the same, or the roles of a and b can be exchanged, or the elements are few enough to be taken one by
     * one, or b is written down transposed first. A narrow c that is its own start goes aside, because the kernel leaves
     * rubbish behind each of its rows.
     */
    private void matrices(Value product, @Nullable Place start, int startRow, Place c) {
        Attributes.Product attributes = (Attributes.Product) product.attributes();
        int m = product.shape().dim(0);
        int n = product.shape().dim(1);
        int k = product.arg(0).shape().dim(attributes.leftTransposed() ? 0 : 1);
        Place a = scope.place(product.arg(0));
        Place b = scope.place(product.arg(1));
        boolean transposed = attributes.rightTransposed() && n > 1 && k > 1;
        // Turned round, one column is one row, which must not be its own start where it is narrow.
        boolean turned = n == 1 && attributes.leftTransposed() && (start == null || startRow == 1);
        if (turned && !(c.equals(start) && FloatProducts.narrow(m))) {
            step(product, emitter.product(1, m, k, b, 0, 1, a, start == null ? planner.zeros(m) : start, 0, c));
        } else if (m == 1 && transposed) {
            Place s = start == null ? planner.zeros(1) : start;
            step(product, emitter.product(n, 1, k, b, k, 1, a, s, start == null ? 0 : 1, c));
        } else if (transposed && !attributes.leftTransposed() && fewDots(product, m, k)) {
            aside(product, start, startRow, c, d -> step(product, emitter.dots(m, n, k, a, b, d)));
        } else if (c.equals(start) && FloatProducts.narrow(n)) {
            aside(product, start, startRow, c, d -> matrices(product, null, 0, d));
        } else {
            Place right = transposed ? transposed(product.arg(1), 1, n, k) : b;
            int row = attributes.leftTransposed() ? 1 : k;
            int column = attributes.leftTransposed() ? m : 1;
            Place s = start == null ? planner.zeros(n) : start;
            step(product, emitter.product(m, n, k, a, row, column, right, s, start == null ? 0 : startRow, c));
        }
    }

    /** Whether a·bᵀ is cheaper element by element: a shared b is transposed once and for all. */
    private boolean fewDots(Value product, int m, int k) {
        return level(product.arg(1)) > 0 && k >= DOTS_PER_TRANSPOSITION * m;
    }

    /** Emits what computes a product into memory of its own, where there is a start to be added afterwards. */
    private void aside(Value product, @Nullable Place start, int startRow, Place c, Consumer<Place> into) {
        if (start == null) {
            into.accept(c);
            return;
        }
        int at = level(product);
        int m = product.shape().dim(0);
        int n = product.shape().dim(1);
        Place d = new Place(Plan.LEVELS + at, planner.arena(at).allocate(m * n));
        into.accept(d);
        Operand left = new Operand(start, startRow, false);
        step(product, emitter.binary(Op.ADD, c, m, n, left, new Operand(d, n, false)));
        if (at == scope.level()) {
            planner.arena(at).free(d.offset(), m * n);
        }
    }

    /** Matrices [rows, columns], one behind the other, written down transposed, once for all who read them so. */
    private Place transposed(Value matrices, int count, int rows, int columns) {
        Place from = scope.place(matrices);
        return copies.of(matrices, "transposed", matrices.shape().size(), d -> {
            List<S> steps = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int at = i * rows * columns;
                steps.add(emitter.transpose(d.plus(at), from.plus(at), rows, columns));
            }
            return steps;
        });
    }
}
