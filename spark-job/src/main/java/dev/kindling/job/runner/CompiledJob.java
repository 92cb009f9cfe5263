package dev.kindling.job.runner;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * A job opened for work: its source of tasks and its programs compiled, once per JVM. Runs orders on the calling thread, or
 * on a {@link WorkerPool} of them; thread-safe. Lives on executors, and on the driver where there are none.
 */
public final class CompiledJob implements AutoCloseable {
    private final Job job;
    private final Map<String, BlockRunnerPool> runnerses = new TreeMap<>();

    /**
     * Compiles the job's programs; one that comes in several shapes when tasks of each shape come.
     *
     * @throws dev.kindling.job.error.BackendUnavailableException if the job's backend cannot run in this JVM
     * @throws IllegalArgumentException if there is no such backend, or it refuses a program
     */
    public CompiledJob(Job job, TaskSource source) {
        this.job = job;
        Backend backend = Backends.named(job.backend());
        job.programs()
                .forEach((name, program) -> runnerses.put(name, new BlockRunnerPool(job, program, backend, source)));
        List<BlockRunnerPool> all = List.copyOf(runnerses.values());
        all.forEach(runners -> runners.beside(all));
    }

    /** Gives back the memory of workspaces, of those in use when they are done; what is run afterwards still runs. */
    @Override
    public void close() {
        runnerses.values().forEach(BlockRunnerPool::close);
    }

    /**
     * Opens the job's source of tasks and compiles its programs.
     *
     * @param hadoop where the source's files are read from
     * @throws dev.kindling.job.error.BadDataException if a file of the source is missing, empty or broken
     * @throws dev.kindling.job.error.BackendUnavailableException if the job's backend cannot run in this JVM
     * @throws IllegalArgumentException if a setting of the source is wrong or there is no such source or backend
     */
    public static CompiledJob open(Job job, Configuration hadoop) {
        return new CompiledJob(job, TaskSources.open(job.source(), hadoop));
    }

    /** Runs an order on the calling thread, on the processor; for the rest as the method below. */
    public RangeResult run(RangeRequest request, BroadcastVector shared, String worker) {
        return run(request, shared, Device.PROCESSOR, worker);
    }

    /**
     * Runs an order on the calling thread.
     *
     * @param shared the vector of the version that the order names
     * @param device of the thread
     * @param worker who runs it, for the reply
     * @throws dev.kindling.job.error.BadDataException if an episode's data cannot be read
     * @throws IllegalStateException if order, vector and job do not belong together
     */
    public RangeResult run(RangeRequest request, BroadcastVector shared, Device device, String worker) {
        try {
            return assign(request, shared, worker, 1).finish(device, 0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in " + request.program(), e);
        }
    }

    /**
     * An order to be run by several threads.
     *
     * @param threads that are expected to take part
     * @throws IllegalStateException if order, vector and job do not belong together
     */
    RangeExecution assign(RangeRequest request, BroadcastVector shared, String worker, int threads) {
        BlockRunnerPool runners = runnerses.get(request.program());
        if (runners == null) {
            throw new IllegalStateException(
                    "the job has no program " + request.program() + "; it has " + runnerses.keySet());
        }
        requireRange(request);
        require(
                request.shared() == shared.version(),
                "the order is for shared vector " + request.shared() + ", not " + shared.version());
        runners.requireFits(request, shared);
        return new RangeExecution(request, shared, runners, job.blockSize(), worker, threads);
    }

    private void requireRange(RangeRequest request) {
        int first = request.firstTask() / job.blockSize();
        long end = (request.firstTask() + (long) request.specs().size() + job.blockSize() - 1) / job.blockSize();
        boolean whole = request.firstTask() % job.blockSize() == 0
                && (request.specs().size() % job.blockSize() == 0 || end == request.blocks());
        require(
                !request.specs().isEmpty() && whole && first >= 0 && end <= request.blocks(),
                "an order of " + request.specs().size() + " tasks from task " + request.firstTask()
                        + " on is not whole blocks of " + job.blockSize() + " in a round of " + request.blocks());
    }

    static void require(boolean condition, String sentence) {
        if (!condition) {
            throw new IllegalStateException(sentence);
        }
    }
}
