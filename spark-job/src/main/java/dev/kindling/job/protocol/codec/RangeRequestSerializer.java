package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSpec;
import java.util.ArrayList;
import java.util.List;

/** The encoding of {@link RangeRequest}. */
final class RangeRequestSerializer extends Serializer<RangeRequest> {
    /** Bytes at least: split, round, index, seed and count of sample indices. */
    private static final int LEAST_SPEC = 4 + Long.BYTES;

    @Override
    public void write(Kryo kryo, Output output, RangeRequest request) {
        WireFormat.writeText(output, request.program());
        output.writeLong(request.shared());
        WireFormat.writeCount(output, request.blocks());
        WireFormat.writeCount(output, request.firstTask());
        WireFormat.writeConstant(output, request.outputs());
        WireFormat.writeConstant(output, request.sums());
        WireFormat.writeCount(output, request.specs().size());
        request.specs().forEach(spec -> writeSpec(output, spec));
    }

    @Override
    public RangeRequest read(Kryo kryo, Input input, Class<RangeRequest> type) {
        String program = WireFormat.readText(input);
        long shared = input.readLong();
        int blocks = WireFormat.readIndex(input);
        int firstTask = WireFormat.readIndex(input);
        OutputMode outputs = WireFormat.readConstant(input, OutputMode.values());
        RangeRequest.SumLocation sums = WireFormat.readConstant(input, RangeRequest.SumLocation.values());
        int count = WireFormat.readCount(input, LEAST_SPEC);
        List<TaskSpec> specs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            specs.add(readSpec(input));
        }
        return new RangeRequest(program, shared, blocks, firstTask, specs, outputs, sums);
    }

    private static void writeSpec(Output output, TaskSpec spec) {
        WireFormat.writeConstant(output, spec.split());
        output.writeVarLong(spec.round(), true);
        output.writeVarInt(spec.index(), true);
        output.writeLong(spec.seed());
        WireFormat.writeCount(output, spec.sampleIndices().length);
        for (int sample : spec.sampleIndices()) {
            output.writeVarInt(sample, true);
        }
    }

    private static TaskSpec readSpec(Input input) {
        Split split = WireFormat.readConstant(input, Split.values());
        long round = input.readVarLong(true);
        int index = input.readVarInt(true);
        long seed = input.readLong();
        int[] samples = new int[WireFormat.readCount(input, 1)];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = input.readVarInt(true);
        }
        return new TaskSpec(split, round, index, seed, samples);
    }
}
