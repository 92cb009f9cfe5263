package dev.kindling.job.backend.nd4j;

import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Arrays over a memory for one count of tasks: whatever stands in a slot, read with any strides. */
final class Frame {
    private final Memory memory;
    private final int tasks;

    Frame(Memory memory, int tasks) {
        this.memory = memory;
        this.tasks = tasks;
    }

    /** How many tasks' numbers stand at a place. */
    int tasks(Place place) {
        return tasks(place.axis());
    }

    int tasks(Axis axis) {
        return axis == Axis.ONE ? 1 : tasks;
    }

    DataBuffer buffer(Place place) {
        return memory.buffer(place.slot());
    }

    /** The numbers at a place, dense, with an axis of tasks in front. */
    INDArray array(Place place, long... extents) {
        return view(place, Strided.dense(tasks(place), place.size(), extents));
    }

    /** The numbers at a place as [tasks, count]. */
    INDArray flat(Place place) {
        return array(place, place.size());
    }

    /** The numbers of one task. */
    INDArray row(Place place, int task) {
        long offset = place.axis() == Axis.ONE ? 0 : (long) task * place.size();
        return view(place, new Strided(new long[] {1, place.size()}, new long[] {place.size(), 1}, offset));
    }

    /** What stands in the slot of a place, read in another way. */
    INDArray view(Place place, Strided strided) {
        DataBuffer buffer = buffer(place);
        return Nd4j.create(buffer, strided.extents(), strided.strides(), strided.offset(), 'c', buffer.dataType());
    }
}
