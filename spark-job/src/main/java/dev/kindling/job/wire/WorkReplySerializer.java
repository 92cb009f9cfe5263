package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.List;

final class WorkReplySerializer extends Serializer<WorkReply> {
    /** Level, index, tasks, precision and two counts. */
    private static final int LEAST_NODE = 6;
    /** Round, index and the reason's length. */
    private static final int LEAST_FAILED = 3;

    @Override
    public void write(Kryo kryo, Output output, WorkReply reply) {
        Parts.writeCount(output, reply.firstTask());
        Parts.writeCount(output, reply.nodes().size());
        reply.nodes().forEach(node -> writeNode(output, node));
        Parts.writeCount(output, reply.failed().size());
        reply.failed().forEach(failed -> writeFailed(output, failed));
        Parts.writeDoubles(output, reply.rows());
        Parts.writeText(output, reply.worker());
        output.writeLong(reply.nanos().materialise());
        output.writeLong(reply.nanos().compute());
        output.writeLong(reply.nanos().fold());
        output.writeLong(reply.nanos().elapsed());
        writeTimes(output, reply.nanos().tasks());
    }

    @Override
    public WorkReply read(Kryo kryo, Input input, Class<WorkReply> type) {
        int firstTask = Parts.readIndex(input);
        List<FoldNode> nodes = new ArrayList<>();
        for (int left = Parts.readCount(input, LEAST_NODE); left > 0; left--) {
            nodes.add(readNode(input));
        }
        List<FailedTask> failed = new ArrayList<>();
        for (int left = Parts.readCount(input, LEAST_FAILED); left > 0; left--) {
            failed.add(readFailed(input));
        }
        double[] rows = Parts.readDoubles(input);
        String worker = Parts.readText(input);
        WorkReply.Nanos nanos = new WorkReply.Nanos(
                input.readLong(), input.readLong(), input.readLong(), input.readLong(), readTimes(input));
        return new WorkReply(firstTask, nodes, failed, rows, worker, nanos);
    }

    private static void writeTimes(Output output, long[] nanos) {
        Parts.writeCount(output, nanos.length);
        for (long each : nanos) {
            output.writeVarLong(each, true);
        }
    }

    private static long[] readTimes(Input input) {
        long[] nanos = new long[Parts.readCount(input, 1)];
        for (int i = 0; i < nanos.length; i++) {
            nanos[i] = input.readVarLong(true);
        }
        return nanos;
    }

    private static void writeNode(Output output, FoldNode node) {
        Parts.writeCount(output, node.level());
        Parts.writeCount(output, node.index());
        Parts.writeCount(output, node.tasks());
        Parts.writeStorage(output, node.sums());
        Parts.writeDoubles(output, node.totals());
    }

    private static FoldNode readNode(Input input) {
        int level = Parts.readIndex(input);
        int index = Parts.readIndex(input);
        int tasks = Parts.readIndex(input);
        Storage sums = Parts.readStorage(input);
        return new FoldNode(level, index, sums, Parts.readDoubles(input), tasks);
    }

    private static void writeFailed(Output output, FailedTask failed) {
        output.writeVarLong(failed.round(), true);
        output.writeVarInt(failed.index(), true);
        Parts.writeText(output, failed.reason());
    }

    private static FailedTask readFailed(Input input) {
        long round = input.readVarLong(true);
        int index = input.readVarInt(true);
        return new FailedTask(round, index, Parts.readText(input));
    }
}
