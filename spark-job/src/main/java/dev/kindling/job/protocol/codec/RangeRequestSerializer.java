package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSpec;
import java.util.ArrayList;
import java.util.List;

final class RangeRequestSerializer extends Serializer<RangeRequest> {
    /** Purpose, round, index, seed and count of items. */
    private static final int LEAST_SPEC = 4 + Long.BYTES;

    @Override
    public void write(Kryo kryo, Output output, RangeRequest request) {
        WireFormat.writeText(output, request.program());
        output.writeLong(request.shared());
        WireFormat.writeCount(output, request.blocks());
        WireFormat.writeCount(output, request.firstTask());
        WireFormat.writeFlag(output, request.perTaskOutputs());
        WireFormat.writeFlag(output, request.retainSums());
        WireFormat.writeCount(output, request.specs().size());
        request.specs().forEach(spec -> writeSpec(output, spec));
    }

    @Override
    public RangeRequest read(Kryo kryo, Input input, Class<RangeRequest> type) {
        String program = WireFormat.readText(input);
        long shared = input.readLong();
        int blocks = WireFormat.readIndex(input);
        int firstTask = WireFormat.readIndex(input);
        boolean rows = WireFormat.readFlag(input);
        boolean keeps = WireFormat.readFlag(input);
        int count = WireFormat.readCount(input, LEAST_SPEC);
        List<TaskSpec> specs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            specs.add(readSpec(input));
        }
        return new RangeRequest(program, shared, blocks, firstTask, specs, rows, keeps);
    }

    private static void writeSpec(Output output, TaskSpec spec) {
        WireFormat.writeConstant(output, spec.split());
        output.writeVarLong(spec.round(), true);
        output.writeVarInt(spec.index(), true);
        output.writeLong(spec.seed());
        WireFormat.writeCount(output, spec.sampleIndices().length);
        for (int item : spec.sampleIndices()) {
            output.writeVarInt(item, true);
        }
    }

    private static TaskSpec readSpec(Input input) {
        Split split = WireFormat.readConstant(input, Split.values());
        long round = input.readVarLong(true);
        int index = input.readVarInt(true);
        long seed = input.readLong();
        int[] items = new int[WireFormat.readCount(input, 1)];
        for (int i = 0; i < items.length; i++) {
            items[i] = input.readVarInt(true);
        }
        return new TaskSpec(split, round, index, seed, items);
    }
}
