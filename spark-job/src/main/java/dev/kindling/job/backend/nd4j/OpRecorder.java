package dev.kindling.job.backend.nd4j;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarSet;
import org.nd4j.linalg.api.ops.impl.transforms.any.Assign;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Records ops with their arrays for one batch size, to be run many times, because creating an op of ND4J and its context
 * costs several times the run time of a small kernel.
 */
final class OpRecorder {
    private final BufferViews views;
    private final OpExecutioner executioner = Nd4j.getExecutioner();
    private final List<RecordedOp> recordedOps = new ArrayList<>();

    OpRecorder(BufferViews views) {
        this.views = views;
    }

    BufferViews views() {
        return views;
    }

    /** The ops recorded so far. */
    RecordedOp[] ops() {
        return recordedOps.toArray(RecordedOp[]::new);
    }

    void add(RecordedOp recordedOp) {
        recordedOps.add(recordedOp);
    }

    /** Records an op of ND4J with its arrays. */
    void exec(Op op) {
        recordedOps.add(active -> executioner.exec(op));
    }

    /** Records a custom op of ND4J, by name. */
    void exec(String name, INDArray result, List<INDArray> args, long... attributes) {
        exec(name, result, args, attributes, new double[0]);
    }

    void exec(String name, INDArray result, List<INDArray> args, long[] attributes, double[] numbers) {
        INDArray[] inputs = args.toArray(INDArray[]::new);
        DynamicCustomOp op = DynamicCustomOp.builder(name)
                .addInputs(inputs)
                .addOutputs(result)
                .build();
        op.addIArgument(attributes);
        op.addTArgument(numbers);
        OpContext context = executioner.buildContext();
        context.setInputArrays(inputs);
        context.setOutputArrays(result);
        if (attributes.length > 0) {
            context.setIArguments(attributes);
        }
        if (numbers.length > 0) {
            context.setTArguments(numbers);
        }
        recordedOps.add(active -> executioner.exec(op, context));
    }

    /** Records a copy between any strides and element types. */
    void copy(INDArray from, INDArray to) {
        exec(new Assign(from, to));
    }

    void fill(INDArray array, double number) {
        exec(new ScalarSet(array, null, array, number));
    }

    /** Records a copy of a view; broadcast over tasks if only the target has a task axis. */
    void copy(TensorView from, TensorView to) {
        copy(broadcast(from, views.tasks(to)), views.flat(to));
    }

    /** A view as an array [tasks, size], with stride 0 over tasks if it has no task axis. */
    INDArray broadcast(TensorView view, int tasks) {
        if (view.axis() == TaskAxis.TASKS || tasks == 1) {
            return views.flat(view);
        }
        return views.view(view, new Strided(new long[] {tasks, view.size()}, new long[] {0, 1}, 0));
    }
}
