package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.tensor.FlatVector;
import java.util.ArrayList;
import java.util.List;

/** The encoding of {@link RangeResult}. */
final class RangeResultSerializer extends Serializer<RangeResult> {
    /** Bytes at least: level, index, tasks, precision and two counts. */
    private static final int LEAST_NODE = 6;
    /** Bytes at least: round, index and the reason's length. */
    private static final int LEAST_FAILED = 3;

    @Override
    public void write(Kryo kryo, Output output, RangeResult result) {
        WireFormat.writeCount(output, result.firstTask());
        WireFormat.writeCount(output, result.sums().size());
        result.sums().forEach(sum -> writeNode(output, sum));
        WireFormat.writeCount(output, result.failed().size());
        result.failed().forEach(failed -> writeFailed(output, failed));
        WireFormat.writeDoubles(output, result.perTaskOutputs());
        WireFormat.writeText(output, result.worker());
        output.writeLong(result.nanos().materialise());
        output.writeLong(result.nanos().compute());
        output.writeLong(result.nanos().reduce());
        output.writeLong(result.nanos().elapsed());
        writeTimes(output, result.nanos().tasks());
    }

    @Override
    public RangeResult read(Kryo kryo, Input input, Class<RangeResult> type) {
        int firstTask = WireFormat.readIndex(input);
        List<PartialSum> sums = new ArrayList<>();
        for (int left = WireFormat.readCount(input, LEAST_NODE); left > 0; left--) {
            sums.add(readNode(input));
        }
        List<FailedTask> failed = new ArrayList<>();
        for (int left = WireFormat.readCount(input, LEAST_FAILED); left > 0; left--) {
            failed.add(readFailed(input));
        }
        double[] perTaskOutputs = WireFormat.readDoubles(input);
        String worker = WireFormat.readText(input);
        RangeResult.Nanos nanos = new RangeResult.Nanos(
                input.readLong(), input.readLong(), input.readLong(), input.readLong(), readTimes(input));
        return new RangeResult(firstTask, sums, failed, perTaskOutputs, worker, nanos);
    }

    private static void writeTimes(Output output, long[] nanos) {
        WireFormat.writeCount(output, nanos.length);
        for (long each : nanos) {
            output.writeVarLong(each, true);
        }
    }

    private static long[] readTimes(Input input) {
        long[] nanos = new long[WireFormat.readCount(input, 1)];
        for (int i = 0; i < nanos.length; i++) {
            nanos[i] = input.readVarLong(true);
        }
        return nanos;
    }

    private static void writeNode(Output output, PartialSum sum) {
        WireFormat.writeCount(output, sum.level());
        WireFormat.writeCount(output, sum.index());
        WireFormat.writeCount(output, sum.tasks());
        WireFormat.writeVector(output, sum.sums());
        WireFormat.writeDoubles(output, sum.totals());
    }

    private static PartialSum readNode(Input input) {
        int level = WireFormat.readIndex(input);
        int index = WireFormat.readIndex(input);
        int tasks = WireFormat.readIndex(input);
        FlatVector sums = WireFormat.readVector(input);
        return new PartialSum(level, index, sums, WireFormat.readDoubles(input), tasks);
    }

    private static void writeFailed(Output output, FailedTask failed) {
        output.writeVarLong(failed.round(), true);
        output.writeVarInt(failed.index(), true);
        WireFormat.writeText(output, failed.reason());
    }

    private static FailedTask readFailed(Input input) {
        long round = input.readVarLong(true);
        int index = input.readVarInt(true);
        return new FailedTask(round, index, WireFormat.readText(input));
    }
}
