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
 * Plans products: of matrices, and of images and convolution kernels.
 *
 * @param <S> the type of a step
 */
final class MatmulPlanner<S> {
    /** The ops that are products; a sum absorbs them. */
    static final Set<Op> KINDS = EnumSet.of(Op.MATMUL, Op.CONV, Op.CONV_INPUT, Op.CONV_KERNEL);

    /** From this ratio of a's columns to its rows on, computing a·bᵀ by dot products is faster than transposing b. */
    private static final int DOTS_PER_TRANSPOSITION = 12;

    /** The key of a convolution's window table. */
    private record TableKey(
            Op op, Window window, WindowIndexTable.PaddedImages paddedImages, int channels, int strideClass) {}

    /** Products into a summed output over fewer points of a task than this are staged; over more, reading and writing the sum costs little. */
    private static final int LEAST_UNSTAGED_POINTS = 64;

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
     * Emits c = start + the product; null means zeros.
     *
     * @param startRow distance of the start's rows in elements: the length of c's, or 0 if there is one row for all
     */
    void multiply(Value product, @Nullable BufferSlice start, int startRow, BufferSlice c) {
        switch (product.op()) {
            case CONV -> convolution(product, WindowIndexTable::conv, start, startRow, c);
            case CONV_KERNEL -> convolution(product, WindowIndexTable::kernel, start, startRow, c);
            case CONV_INPUT -> convolutionInput(product, start, startRow, c);
            default -> matmul(product, start, startRow, c);
        }
    }

    /**
     * Whether a task's summand of an output consists of products aᵀ·b over few points, so that reading and writing the sum would
     * take most of the time.
     */
    boolean stageable(FusedOp.Sum sum) {
        return sum.rest().isEmpty()
                && sum.scatters().isEmpty()
                && sum.products().stream().allMatch(MatmulPlanner::sumsOverPoints)
                && sum.products().stream().mapToInt(MatmulPlanner::points).sum() < LEAST_UNSTAGED_POINTS;
    }

    private static boolean sumsOverPoints(Value product) {
        return product.op() == Op.MATMUL
                && ((Attributes.Product) product.attributes()).equals(new Attributes.Product(true, false))
                && product.shape().dim(0) >= FloatLanes.LANES
                && product.shape().dim(1) >= FloatLanes.LANES;
    }

    private static int points(Value product) {
        return product.arg(0).shape().dim(0);
    }

    /**
     * Emits c = c + the products of the tasks of a stage. Each element's chain of multiply-adds is that of one product after the
     * other.
     */
    void stage(List<Value> products, BufferSlice c) {
        int m = products.get(0).shape().dim(0);
        int n = products.get(0).shape().dim(1);
        int k = products.stream().mapToInt(MatmulPlanner::points).sum();
        BufferSlice a = staged(products, 0, k * m);
        BufferSlice b = staged(products, 1, k * n);
        planner.perStage().add(emitter.stagedMatmul(m, n, k, a, b, c));
    }

    /** Memory for an operand of the products of each task of a stage, and the copies into it. */
    private BufferSlice staged(List<Value> products, int operand, int row) {
        BufferSlice staged = planner.staged(row);
        int at = 0;
        for (Value product : products) {
            Value value = product.arg(operand);
            int size = value.shape().size();
            planner.list(programPlanner.level())
                    .add(emitter.stage(staged.plus(at), row, programPlanner.slice(value), size));
            at += size;
        }
        return staged;
    }

    private int level(Value value) {
        return programPlanner.fusion().level(value);
    }

    private void step(Value value, S step) {
        planner.list(level(value)).add(step);
    }

    /** Computes the window table of a convolution over padded images. */
    private interface TableFactory {
        WindowIndexTable create(Window window, WindowIndexTable.PaddedImages paddedImages, int channels);
    }

    private void convolution(
            Value product, TableFactory factory, @Nullable BufferSlice start, int startRow, BufferSlice d) {
        Window w = (Window) product.attributes();
        int out = product.shape().dim(3);
        Value x = product.arg(0);
        WindowIndexTable.PaddedImages paddedImages =
                WindowIndexTable.padding(w, x.shape().dim(0), x.shape().dim(3));
        BufferSlice images = padded(x, w.height(), w.width(), paddedImages);
        windowMatmul(
                product,
                planner.windowTable(
                        new TableKey(product.op(), w, paddedImages, out, 0),
                        () -> factory.create(w, paddedImages, out)),
                out,
                images,
                programPlanner.slice(product.arg(1)),
                start,
                startRow,
                d);
    }

    private void convolutionInput(Value product, @Nullable BufferSlice start, int startRow, BufferSlice d) {
        Window w = (Window) product.attributes();
        int in = product.shape().dim(3);
        int out = product.arg(0).shape().dim(3);
        WindowIndexTable.PaddedImages paddedImages =
                WindowIndexTable.cotangentPadding(w, product.shape().dim(0), out);
        BufferSlice cotangent = padded(product.arg(0), w.outHeight(), w.outWidth(), paddedImages);
        BufferSlice kernel = transposed(product.arg(1), w.area(), in, out);
        for (int strideClass = 0; strideClass < w.rowStride() * w.columnStride(); strideClass++) {
            int rows = strideClass / w.columnStride();
            int columns = strideClass % w.columnStride();
            WindowIndexTable table = planner.windowTable(
                    new TableKey(Op.CONV_INPUT, w, paddedImages, in, strideClass),
                    () -> WindowIndexTable.strideClass(w, paddedImages, in, rows, columns));
            if (table.rows().length > 0) {
                windowMatmul(product, table, in, cotangent, kernel, start, startRow, d);
            }
        }
    }

    private void windowMatmul(
            Value product,
            WindowIndexTable table,
            int n,
            BufferSlice a,
            BufferSlice b,
            @Nullable BufferSlice start,
            int startRow,
            BufferSlice d) {
        BufferSlice s = start == null ? planner.zeros(n) : start;
        int[] starts = start == null || startRow == 0 ? planner.zeroStarts(table.targets().length) : table.targets();
        step(product, emitter.windowMatmul(table, n, a, b, s, starts, d));
    }

    /** The slice of images with the zero padding that windows need; of the images themselves, if they need none. */
    private BufferSlice padded(Value images, int height, int width, WindowIndexTable.PaddedImages paddedImages) {
        BufferSlice slice = programPlanner.slice(images);
        return paddedImages.unpadded(height, width)
                ? slice
                : copies.of(
                        images,
                        paddedImages,
                        paddedImages.size(),
                        d -> List.of(emitter.pad(d, paddedImages, height, width, slice)));
    }

    /**
     * Emits c = start + the product of matrices. The kernel needs b row-major: if b is read transposed, either both layouts
     * are the same, or a and b are swapped, or there are few elements, which are computed as dot products, or b is
     * transposed first. A narrow c that is its own start is computed in a temporary, because the kernel writes garbage after
     * each of its rows.
     */
    private void matmul(Value product, @Nullable BufferSlice start, int startRow, BufferSlice c) {
        Attributes.Product attributes = (Attributes.Product) product.attributes();
        int m = product.shape().dim(0);
        int n = product.shape().dim(1);
        int k = product.arg(0).shape().dim(attributes.leftTransposed() ? 0 : 1);
        BufferSlice a = programPlanner.slice(product.arg(0));
        BufferSlice b = programPlanner.slice(product.arg(1));
        boolean transposed = attributes.rightTransposed() && n > 1 && k > 1;
        // Swapped, one column becomes one row, which must not be its own start if it is narrow.
        boolean swapped = n == 1 && attributes.leftTransposed() && (start == null || startRow == 1);
        if (swapped && !(c.equals(start) && FloatLanes.narrow(m))) {
            step(product, emitter.matmul(1, m, k, b, 0, 1, a, start == null ? planner.zeros(m) : start, 0, c));
        } else if (m == 1 && transposed) {
            BufferSlice s = start == null ? planner.zeros(1) : start;
            step(product, emitter.matmul(n, 1, k, b, k, 1, a, s, start == null ? 0 : 1, c));
        } else if (transposed && !attributes.leftTransposed() && fewDots(product, m, k)) {
            inTemporary(product, start, startRow, c, d -> step(product, emitter.matmulTransposed(m, n, k, a, b, d)));
        } else if (c.equals(start) && FloatLanes.narrow(n)) {
            inTemporary(product, start, startRow, c, d -> matmul(product, null, 0, d));
        } else {
            BufferSlice right = transposed ? transposed(product.arg(1), 1, n, k) : b;
            int row = attributes.leftTransposed() ? 1 : k;
            int column = attributes.leftTransposed() ? m : 1;
            BufferSlice s = start == null ? planner.zeros(n) : start;
            step(product, emitter.matmul(m, n, k, a, row, column, right, s, start == null ? 0 : startRow, c));
        }
    }

    /** Whether dot products are cheaper; a task-independent b is transposed only once per round. */
    private boolean fewDots(Value product, int m, int k) {
        return level(product.arg(1)) > 0 && k >= DOTS_PER_TRANSPOSITION * m;
    }

    /** Emits a product into a temporary and adds the start to it; directly into c, if there is no start. */
    private void inTemporary(
            Value product, @Nullable BufferSlice start, int startRow, BufferSlice c, Consumer<BufferSlice> into) {
        if (start == null) {
            into.accept(c);
            return;
        }
        int m = product.shape().dim(0);
        int n = product.shape().dim(1);
        programPlanner.withTemporary(level(product), m * n, d -> {
            into.accept(d);
            StridedOperand left = new StridedOperand(start, startRow, false);
            step(product, emitter.binary(Op.ADD, c, m, n, left, new StridedOperand(d, n, false)));
        });
    }

    /** The transposed copies of {@code count} consecutive matrices [rows, columns], shared by all readers. */
    private BufferSlice transposed(Value matrices, int count, int rows, int columns) {
        BufferSlice from = programPlanner.slice(matrices);
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
