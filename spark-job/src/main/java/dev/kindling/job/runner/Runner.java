package dev.kindling.job.runner;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Device;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * A job opened for work: its source of tasks and its programs compiled, once per JVM. Runs orders on the calling thread, or
 * on a {@link Crew} of them; thread-safe. Lives on executors, and on the driver where there are none.
 */
public final class Runner implements AutoCloseable {
    private final Job job;
    private final Map<String, Bench> benches = new TreeMap<>();

    /**
     * Compiles the job's programs; one that comes in several shapes when tasks of each shape come.
     *
     * @throws dev.kindling.job.backend.BackendUnavailableException if the job's backend cannot run in this JVM
     * @throws IllegalArgumentException if there is no such backend, or it refuses a program
     */
    public Runner(Job job, TaskSource source) {
        this.job = job;
        Backend backend = Backends.named(job.backend());
        job.programs().forEach((name, program) -> benches.put(name, new Bench(job, program, backend, source)));
        List<Bench> all = List.copyOf(benches.values());
        all.forEach(bench -> bench.beside(all));
    }

    /** Gives back the memory of workspaces, of those in use when they are done; what is run afterwards still runs. */
    @Override
    public void close() {
        benches.values().forEach(Bench::close);
    }

    /**
     * Opens the job's source of tasks and compiles its programs.
     *
     * @param hadoop where the source's files are read from
     * @throws dev.kindling.job.task.BadDataException if a file of the source is missing, empty or broken
     * @throws dev.kindling.job.backend.BackendUnavailableException if the job's backend cannot run in this JVM
     * @throws IllegalArgumentException if a setting of the source is wrong or there is no such source or backend
     */
    public static Runner open(Job job, Configuration hadoop) {
        return new Runner(job, TaskSources.open(job.source(), hadoop));
    }

    /** Runs an order on the calling thread, on the processor; for the rest as the method below. */
    public WorkReply run(WorkOrder order, SharedVector shared, String worker) {
        return run(order, shared, Device.PROCESSOR, worker);
    }

    /**
     * Runs an order on the calling thread.
     *
     * @param shared the vector of the version that the order names
     * @param device of the thread
     * @param worker who runs it, for the reply
     * @throws dev.kindling.job.task.BadDataException if an episode's data cannot be read
     * @throws IllegalStateException if order, vector and job do not belong together
     */
    public WorkReply run(WorkOrder order, SharedVector shared, Device device, String worker) {
        try {
            return assign(order, shared, worker, 1).finish(device, 0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in " + order.program(), e);
        }
    }

    /**
     * An order to be run by several threads.
     *
     * @param threads that are expected to take part
     * @throws IllegalStateException if order, vector and job do not belong together
     */
    Assignment assign(WorkOrder order, SharedVector shared, String worker, int threads) {
        Bench bench = benches.get(order.program());
        if (bench == null) {
            throw new IllegalStateException(
                    "the job has no program " + order.program() + "; it has " + benches.keySet());
        }
        requireRange(order);
        require(
                order.shared() == shared.version(),
                "the order is for shared vector " + order.shared() + ", not " + shared.version());
        bench.requireFits(order, shared);
        return new Assignment(order, shared, bench, job.blockSize(), worker, threads);
    }

    private void requireRange(WorkOrder order) {
        int first = order.firstTask() / job.blockSize();
        long end = (order.firstTask() + (long) order.specs().size() + job.blockSize() - 1) / job.blockSize();
        boolean whole = order.firstTask() % job.blockSize() == 0
                && (order.specs().size() % job.blockSize() == 0 || end == order.blocks());
        require(
                !order.specs().isEmpty() && whole && first >= 0 && end <= order.blocks(),
                "an order of " + order.specs().size() + " tasks from task " + order.firstTask()
                        + " on is not whole blocks of " + job.blockSize() + " in a round of " + order.blocks());
    }

    static void require(boolean condition, String sentence) {
        if (!condition) {
            throw new IllegalStateException(sentence);
        }
    }
}
