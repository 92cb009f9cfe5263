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
 * Steps being written down for one frame. Every kernel of ND4J is prepared here once, with its arrays, and only run
 * afterwards: making an op and its context costs several times what a small one takes to run.
 */
final class OpRecorder {
    private final BufferViews bufferViews;
    private final OpExecutioner executioner = Nd4j.getExecutioner();
    private final List<RecordedOp> recordedOps = new ArrayList<>();

    OpRecorder(BufferViews bufferViews) {
        this.bufferViews = bufferViews;
    }

    BufferViews frame() {
        return bufferViews;
    }

    /** What was written down. */
    RecordedOp[] steps() {
        return recordedOps.toArray(RecordedOp[]::new);
    }

    void add(RecordedOp recordedOp) {
        recordedOps.add(recordedOp);
    }

    /** An op of ND4J with its arrays. */
    void exec(Op op) {
        recordedOps.add(active -> executioner.exec(op));
    }

    /** An op that ND4J knows by name. */
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

    /** Copies, whatever the strides; between kinds of elements too. */
    void copy(INDArray from, INDArray to) {
        exec(new Assign(from, to));
    }

    void fill(INDArray array, double number) {
        exec(new ScalarSet(array, null, array, number));
    }

    /** Copies what stands at a place; to each task where only the target has an axis of tasks. */
    void copy(TensorView from, TensorView to) {
        copy(spread(from, bufferViews.tasks(to)), bufferViews.flat(to));
    }

    /** The numbers at a place as [tasks, count], those that all tasks share repeated. */
    INDArray spread(TensorView view, int tasks) {
        if (view.axis() == TaskAxis.TASKS || tasks == 1) {
            return bufferViews.flat(view);
        }
        return bufferViews.view(view, new Strided(new long[] {tasks, view.size()}, new long[] {0, 1}, 0));
    }
}
