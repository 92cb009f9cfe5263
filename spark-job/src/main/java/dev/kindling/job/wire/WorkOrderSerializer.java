package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskSpec;
import java.util.ArrayList;
import java.util.List;

final class WorkOrderSerializer extends Serializer<WorkOrder> {
    /** Purpose, round, index, seed and count of items. */
    private static final int LEAST_SPEC = 4 + Long.BYTES;

    @Override
    public void write(Kryo kryo, Output output, WorkOrder order) {
        Parts.writeText(output, order.program());
        output.writeLong(order.shared());
        Parts.writeCount(output, order.blocks());
        Parts.writeCount(output, order.firstTask());
        Parts.writeFlag(output, order.rows());
        Parts.writeFlag(output, order.keeps());
        Parts.writeCount(output, order.specs().size());
        order.specs().forEach(spec -> writeSpec(output, spec));
    }

    @Override
    public WorkOrder read(Kryo kryo, Input input, Class<WorkOrder> type) {
        String program = Parts.readText(input);
        long shared = input.readLong();
        int blocks = Parts.readIndex(input);
        int firstTask = Parts.readIndex(input);
        boolean rows = Parts.readFlag(input);
        boolean keeps = Parts.readFlag(input);
        int count = Parts.readCount(input, LEAST_SPEC);
        List<TaskSpec> specs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            specs.add(readSpec(input));
        }
        return new WorkOrder(program, shared, blocks, firstTask, specs, rows, keeps);
    }

    private static void writeSpec(Output output, TaskSpec spec) {
        Parts.writeConstant(output, spec.purpose());
        output.writeVarLong(spec.round(), true);
        output.writeVarInt(spec.index(), true);
        output.writeLong(spec.seed());
        Parts.writeCount(output, spec.items().length);
        for (int item : spec.items()) {
            output.writeVarInt(item, true);
        }
    }

    private static TaskSpec readSpec(Input input) {
        Purpose purpose = Parts.readConstant(input, Purpose.values());
        long round = input.readVarLong(true);
        int index = input.readVarInt(true);
        long seed = input.readLong();
        int[] items = new int[Parts.readCount(input, 1)];
        for (int i = 0; i < items.length; i++) {
            items[i] = input.readVarInt(true);
        }
        return new TaskSpec(purpose, round, index, seed, items);
    }
}
