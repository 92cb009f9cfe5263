package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * MATMUL, and the products that convolutions become: a batch of one product for each task, in which a matrix that all
 * tasks share is read with stride 0; or, where the left one belongs to the tasks and the right one to all, one product of
 * all rows.
 *
 * @param rows what is done with a matrix that all tasks share
 */
record BatchedMatmul(Rows rows) implements Nd4jKernels.Kernel {
    /** Which of the two. */
    enum Rows {
        /** A product for each task, whose numbers do not depend on how many others run beside it. */
        OF_EACH_TASK,
        /** One product over the rows of all tasks: large enough for a graphics card. */
        TOGETHER
    }

    /** A matrix as it stands in memory, and whether it is read transposed. */
    record Matrix(TensorView view, int rows, int columns, boolean transposed) {
        int rowsRead() {
            return transposed ? columns : rows;
        }

        int columnsRead() {
            return transposed ? rows : columns;
        }

        private long flag() {
            return transposed ? 1 : 0;
        }
    }

    @Override
    public boolean mixesAxes() {
        return true;
    }

    @Override
    public void write(OpRecorder recorder, Instruction.Call call) {
        Attributes.Product product = (Attributes.Product) call.value().attributes();
        multiply(
                recorder,
                matrix(call, 0, product.leftTransposed()),
                matrix(call, 1, product.rightTransposed()),
                call.result());
    }

    private static Matrix matrix(Instruction.Call call, int index, boolean transposed) {
        Value arg = call.value().arg(index);
        Shape shape = arg.shape();
        return new Matrix(call.arg(index), shape.dim(0), shape.dim(1), transposed);
    }

    /** Writes a product down. */
    void multiply(OpRecorder recorder, Matrix left, Matrix right, TensorView result) {
        BufferViews bufferViews = recorder.frame();
        int tasks = bufferViews.tasks(result);
        boolean oneProduct = rows == Rows.TOGETHER
                && left.view().axis() == TaskAxis.TASKS
                && right.view().axis() == TaskAxis.ONE
                && !left.transposed();
        INDArray x;
        INDArray y;
        INDArray z;
        if (tasks == 1 || oneProduct) {
            x = flat(bufferViews, left.view(), left.rows() * bufferViews.tasks(left.view()), left.columns());
            y = flat(bufferViews, right.view(), right.rows(), right.columns());
            z = flat(bufferViews, result, left.rowsRead() * (oneProduct ? tasks : 1), right.columnsRead());
        } else {
            x = batch(bufferViews, left.view(), tasks, left.rows(), left.columns());
            y = batch(bufferViews, right.view(), tasks, right.rows(), right.columns());
            z = batch(bufferViews, result, tasks, left.rowsRead(), right.columnsRead());
        }
        recorder.exec("matmul", z, List.of(x, y), left.flag(), right.flag(), 0);
    }

    private static INDArray flat(BufferViews bufferViews, TensorView view, int rows, int columns) {
        return bufferViews.view(view, new Strided(new long[] {rows, columns}, new long[] {columns, 1}, 0));
    }

    private static INDArray batch(BufferViews bufferViews, TensorView view, int tasks, int rows, int columns) {
        long apart = view.axis() == TaskAxis.ONE ? 0 : view.size();
        return bufferViews.view(
                view, new Strided(new long[] {tasks, rows, columns}, new long[] {apart, columns, 1}, 0));
    }
}
