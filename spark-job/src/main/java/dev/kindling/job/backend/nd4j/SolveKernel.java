package dev.kindling.job.backend.nd4j;

import dev.kindling.job.backend.CholeskySolver;
import dev.kindling.job.tensor.Shape;
import org.nd4j.linalg.api.buffer.DataBuffer;

/**
 * The kernel of SOLVE, computed on the host in double, task by task: ND4J's Cholesky factorisation takes one matrix at a
 * time and throws where that is not positive definite.
 */
final class SolveKernel implements Nd4jKernels.Kernel {
    @Override
    public boolean acceptsMixedAxes() {
        return true;
    }

    @Override
    public void record(OpRecorder recorder, Instruction.Call call) {
        BufferViews views = recorder.views();
        Shape shape = call.value().shape();
        int columns = shape.dim(1);
        double[] matrix = new double[call.arg(0).size()];
        double[] right = new double[shape.size()];
        CholeskySolver solver = new CholeskySolver(shape.dim(0));
        DataBuffer matrices = views.buffer(call.arg(0));
        DataBuffer rights = views.buffer(call.arg(1));
        DataBuffer results = views.buffer(call.result());
        boolean oneMatrix = call.arg(0).axis() == TaskAxis.ONE;
        boolean oneRight = call.arg(1).axis() == TaskAxis.ONE;
        int tasks = views.tasks(call.result());
        recorder.add(active -> {
            for (int task = 0; task < tasks; task++) {
                if (task == 0 || !oneMatrix) {
                    HostTransfers.read(matrices, (long) task * matrix.length, matrix.length, matrix, 0);
                    solver.factorise(matrix);
                }
                HostTransfers.read(rights, oneRight ? 0 : (long) task * right.length, right.length, right, 0);
                solver.solve(right, columns);
                for (int i = 0; i < right.length; i++) {
                    results.put((long) task * right.length + i, right[i]);
                }
            }
        });
    }
}
