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
final class MatmulPlanner<S> {
    /** The ops that are products; a sum takes them in. */
    static final Set<Op> KINDS = EnumSet.of(Op.MATMUL, Op.CONV, Op.CONV_INPUT, Op.CONV_KERNEL);

    /** From so many columns of a on per row, taking a·bᵀ element by element beats transposing b. */
    private static final int DOTS_PER_TRANSPOSITION = 12;

    /** What the tables of a convolution depend on. */
    private record Slide(
            Op op, Window window, WindowIndexTable.PaddedImages paddedImages, int channels, int strideClass) {}

    private final Planner<S> planner;
    private final Emitter<S> emitter;
    private final ProgramPlanner<S> programPlanner;
    private final LayoutCopies<S> copies;

    MatmulPlanner(Planner<S> planner, ProgramPlanner<S> programPlanner, LayoutCopies<S> copies) {
        this.planner = planner;
        this.emitter = planner.emitter();
        this.programPlanner = programPlanner;
        this.copies = copies;
    }

    /**
     * Emits c = start + the product; null starts from zeros.
     *
     * @param startRow distance of the start's rows: the length of c's, or 0 where one row starts them all
     */
    void multiply(Value product, @Nullable BufferSlice start, int startRow, BufferSlice c) {
        switch (product.op()) {
            case CONV -> overImages(product, WindowIndexTable::conv, start, startRow, c);
            case CONV_KERNEL -> overImages(product, WindowIndexTable::kernel, start, startRow, c);
            case CONV_INPUT -> input(product, start, startRow, c);
            default -> matrices(product, start, startRow, c);
        }
    }

    private int level(Value value) {
        return programPlanner.lowering().level(value);
    }

    private void step(Value value, S step) {
        planner.list(level(value)).add(step);
    }

    /** The tables of a convolution that gathers from framed images. */
    private interface Table {
        WindowIndexTable of(Window window, WindowIndexTable.PaddedImages paddedImages, int channels);
    }

    private void overImages(Value product, Table table, @Nullable BufferSlice start, int startRow, BufferSlice d) {
        Window w = (Window) product.attributes();
        int out = product.shape().dim(3);
        Value x = product.arg(0);
        WindowIndexTable.PaddedImages paddedImages =
                WindowIndexTable.frame(w, x.shape().dim(0), x.shape().dim(3));
        BufferSlice images = framed(x, w.height(), w.width(), paddedImages);
        gathered(
                product,
                planner.taps(new Slide(product.op(), w, paddedImages, out, 0), () -> table.of(w, paddedImages, out)),
                out,
                images,
                programPlanner.place(product.arg(1)),
                start,
                startRow,
                d);
    }

    private void input(Value product, @Nullable BufferSlice start, int startRow, BufferSlice d) {
        Window w = (Window) product.attributes();
        int in = product.shape().dim(3);
        int out = product.arg(0).shape().dim(3);
        WindowIndexTable.PaddedImages paddedImages =
                WindowIndexTable.frameBehind(w, product.shape().dim(0), out);
        BufferSlice behind = framed(product.arg(0), w.outHeight(), w.outWidth(), paddedImages);
        BufferSlice kernel = transposed(product.arg(1), w.area(), in, out);
        for (int phase = 0; phase < w.rowStride() * w.columnStride(); phase++) {
            int rows = phase / w.columnStride();
            int columns = phase % w.columnStride();
            WindowIndexTable table = planner.taps(
                    new Slide(Op.CONV_INPUT, w, paddedImages, in, phase),
                    () -> WindowIndexTable.strideClass(w, paddedImages, in, rows, columns));
            if (table.rows().length > 0) {
                gathered(product, table, in, behind, kernel, start, startRow, d);
            }
        }
    }

    private void gathered(
            Value product,
            WindowIndexTable table,
            int n,
            BufferSlice a,
            BufferSlice b,
            @Nullable BufferSlice start,
            int startRow,
            BufferSlice d) {
        BufferSlice s = start == null ? planner.zeros(n) : start;
        int[] starts = start == null || startRow == 0 ? planner.noStarts(table.targets().length) : table.targets();
        step(product, emitter.windowMatmul(table, n, a, b, s, starts, d));
    }

    /** Images with the zeros around them that windows need; as they stand, if they need none. */
    private BufferSlice framed(Value images, int height, int width, WindowIndexTable.PaddedImages paddedImages) {
        BufferSlice slice = programPlanner.place(images);
        return paddedImages.bare(height, width)
                ? slice
                : copies.of(
                        images,
                        paddedImages,
                        paddedImages.size(),
                        d -> List.of(emitter.frame(d, paddedImages, height, width, slice)));
    }

    /**
     * Emits c = start + the product of matrices. The kernel wants b row-major: where b is read transposed, either
     * both layouts are the same, or the roles of a and b can be exchanged, or the elements are few enough to be taken one by
     * one, or b is written down transposed first. A narrow c that is its own start goes aside, because the kernel leaves
     * rubbish behind each of its rows.
     */
    private void matrices(Value product, @Nullable BufferSlice start, int startRow, BufferSlice c) {
        Attributes.Product attributes = (Attributes.Product) product.attributes();
        int m = product.shape().dim(0);
        int n = product.shape().dim(1);
        int k = product.arg(0).shape().dim(attributes.leftTransposed() ? 0 : 1);
        BufferSlice a = programPlanner.place(product.arg(0));
        BufferSlice b = programPlanner.place(product.arg(1));
        boolean transposed = attributes.rightTransposed() && n > 1 && k > 1;
        // Turned round, one column is one row, which must not be its own start where it is narrow.
        boolean turned = n == 1 && attributes.leftTransposed() && (start == null || startRow == 1);
        if (turned && !(c.equals(start) && FloatMatmul.narrow(m))) {
            step(product, emitter.matmul(1, m, k, b, 0, 1, a, start == null ? planner.zeros(m) : start, 0, c));
        } else if (m == 1 && transposed) {
            BufferSlice s = start == null ? planner.zeros(1) : start;
            step(product, emitter.matmul(n, 1, k, b, k, 1, a, s, start == null ? 0 : 1, c));
        } else if (transposed && !attributes.leftTransposed() && fewDots(product, m, k)) {
            aside(product, start, startRow, c, d -> step(product, emitter.matmulTransposed(m, n, k, a, b, d)));
        } else if (c.equals(start) && FloatMatmul.narrow(n)) {
            aside(product, start, startRow, c, d -> matrices(product, null, 0, d));
        } else {
            BufferSlice right = transposed ? transposed(product.arg(1), 1, n, k) : b;
            int row = attributes.leftTransposed() ? 1 : k;
            int column = attributes.leftTransposed() ? m : 1;
            BufferSlice s = start == null ? planner.zeros(n) : start;
            step(product, emitter.matmul(m, n, k, a, row, column, right, s, start == null ? 0 : startRow, c));
        }
    }

    /** Whether a·bᵀ is cheaper element by element: a shared b is transposed once and for all. */
    private boolean fewDots(Value product, int m, int k) {
        return level(product.arg(1)) > 0 && k >= DOTS_PER_TRANSPOSITION * m;
    }

    /** Emits what computes a product into memory of its own, where there is a start to be added afterwards. */
    private void aside(
            Value product, @Nullable BufferSlice start, int startRow, BufferSlice c, Consumer<BufferSlice> into) {
        if (start == null) {
            into.accept(c);
            return;
        }
        int at = level(product);
        int m = product.shape().dim(0);
        int n = product.shape().dim(1);
        BufferSlice d =
                new BufferSlice(ExecutionPlan.LEVELS + at, planner.arena(at).allocate(m * n));
        into.accept(d);
        StridedOperand left = new StridedOperand(start, startRow, false);
        step(product, emitter.binary(Op.ADD, c, m, n, left, new StridedOperand(d, n, false)));
        if (at == programPlanner.level()) {
            planner.arena(at).free(d.offset(), m * n);
        }
    }

    /** Matrices [rows, columns], one behind the other, written down transposed, once for all who read them so. */
    private BufferSlice transposed(Value matrices, int count, int rows, int columns) {
        BufferSlice from = programPlanner.place(matrices);
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
