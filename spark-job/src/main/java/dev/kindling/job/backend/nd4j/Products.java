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
record Products(Rows rows) implements Kernels.Kernel {
    /** Which of the two. */
    enum Rows {
        /** A product for each task, whose numbers do not depend on how many others run beside it. */
        OF_EACH_TASK,
        /** One product over the rows of all tasks: large enough for a graphics card. */
        TOGETHER
    }

    /** A matrix as it stands in memory, and whether it is read transposed. */
    record Matrix(Place place, int rows, int columns, boolean transposed) {
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
    public void write(Script script, Instruction.Call call) {
        Attributes.Product product = (Attributes.Product) call.value().attributes();
        multiply(
                script,
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
    void multiply(Script script, Matrix left, Matrix right, Place result) {
        Frame frame = script.frame();
        int tasks = frame.tasks(result);
        boolean oneProduct = rows == Rows.TOGETHER
                && left.place().axis() == Axis.TASKS
                && right.place().axis() == Axis.ONE
                && !left.transposed();
        INDArray x;
        INDArray y;
        INDArray z;
        if (tasks == 1 || oneProduct) {
            x = flat(frame, left.place(), left.rows() * frame.tasks(left.place()), left.columns());
            y = flat(frame, right.place(), right.rows(), right.columns());
            z = flat(frame, result, left.rowsRead() * (oneProduct ? tasks : 1), right.columnsRead());
        } else {
            x = batch(frame, left.place(), tasks, left.rows(), left.columns());
            y = batch(frame, right.place(), tasks, right.rows(), right.columns());
            z = batch(frame, result, tasks, left.rowsRead(), right.columnsRead());
        }
        script.exec("matmul", z, List.of(x, y), left.flag(), right.flag(), 0);
    }

    private static INDArray flat(Frame frame, Place place, int rows, int columns) {
        return frame.view(place, new Strided(new long[] {rows, columns}, new long[] {columns, 1}, 0));
    }

    private static INDArray batch(Frame frame, Place place, int tasks, int rows, int columns) {
        long apart = place.axis() == Axis.ONE ? 0 : place.size();
        return frame.view(place, new Strided(new long[] {tasks, rows, columns}, new long[] {apart, columns, 1}, 0));
    }
}
