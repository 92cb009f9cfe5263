package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The kernel of MATMUL and of the products in convolutions: a batch of one product for each task, with task stride 0 for an
 * operand without task axis; or, if only the right operand lacks the task axis, one product of the rows of all tasks.
 *
 * @param broadcastRight how products are computed whose right operand lacks the task axis
 */
record BatchedMatmul(BroadcastRight broadcastRight) implements Nd4jKernels.Kernel {
    /** How products are computed whose right operand lacks the task axis. */
    enum BroadcastRight {
        /** One product for each task, so that results do not depend on the batch size. */
        BATCHED,
        /** One product over the rows of all tasks, large enough for a GPU. */
        MERGED
    }

    /** A matrix in memory, and whether it is read transposed. */
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
    public boolean acceptsMixedAxes() {
        return true;
    }

    @Override
    public void record(OpRecorder recorder, Instruction.Call call) {
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

    /** Records a product. */
    void multiply(OpRecorder recorder, Matrix left, Matrix right, TensorView result) {
        BufferViews views = recorder.views();
        int tasks = views.tasks(result);
        boolean merged = broadcastRight == BroadcastRight.MERGED
                && left.view().axis() == TaskAxis.TASKS
                && right.view().axis() == TaskAxis.ONE
                && !left.transposed();
        INDArray x;
        INDArray y;
        INDArray z;
        if (tasks == 1 || merged) {
            x = flat(views, left.view(), left.rows() * views.tasks(left.view()), left.columns());
            y = flat(views, right.view(), right.rows(), right.columns());
            z = flat(views, result, left.rowsRead() * (merged ? tasks : 1), right.columnsRead());
        } else {
            x = batch(views, left.view(), tasks, left.rows(), left.columns());
            y = batch(views, right.view(), tasks, right.rows(), right.columns());
            z = batch(views, result, tasks, left.rowsRead(), right.columnsRead());
        }
        recorder.exec("matmul", z, List.of(x, y), left.flag(), right.flag(), 0);
    }

    private static INDArray flat(BufferViews views, TensorView view, int rows, int columns) {
        return views.view(view, new Strided(new long[] {rows, columns}, new long[] {columns, 1}, 0));
    }

    private static INDArray batch(BufferViews views, TensorView view, int tasks, int rows, int columns) {
        long taskStride = view.axis() == TaskAxis.ONE ? 0 : view.size();
        return views.view(view, new Strided(new long[] {tasks, rows, columns}, new long[] {taskStride, columns, 1}, 0));
    }
}
