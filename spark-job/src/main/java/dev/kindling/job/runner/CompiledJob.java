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
 * A job with its task source opened and its programs compiled, once per JVM. Runs ranges on the calling thread, or on the
 * threads of a {@link WorkerPool}. Lives on executors, and in local mode on the driver. Thread-safe.
 */
public final class CompiledJob implements AutoCloseable {
    private final Job job;
    private final Map<String, BlockRunnerPool> pools = new TreeMap<>();

    /**
     * Compiles the job's programs; one with several variants when the first task of each shape arrives.
     *
     * @throws dev.kindling.job.error.BackendUnavailableException if the job's backend cannot run in this JVM
     * @throws IllegalArgumentException if there is no such backend, or it refuses a program
     */
    public CompiledJob(Job job, TaskSource source) {
        this.job = job;
        Backend backend = Backends.named(job.backend());
        job.programs().forEach((name, program) -> pools.put(name, new BlockRunnerPool(job, program, backend, source)));
        List<BlockRunnerPool> all = List.copyOf(pools.values());
        all.forEach(runners -> runners.shareMemoryWith(all));
    }

    /** Releases the memory of workspaces, of those in use when they are released; ranges can still be run afterwards. */
    @Override
    public void close() {
        pools.values().forEach(BlockRunnerPool::close);
    }

    /**
     * Opens the job's task source and compiles its programs.
     *
     * @param hadoop configuration of the file systems that the source reads
     * @throws dev.kindling.job.error.BadDataException if a file of the source is missing, empty or broken
     * @throws dev.kindling.job.error.BackendUnavailableException if the job's backend cannot run in this JVM
     * @throws IllegalArgumentException if a setting of the source is invalid, or the source or the backend is unknown
     */
    public static CompiledJob open(Job job, Configuration hadoop) {
        return new CompiledJob(job, TaskSources.open(job.source(), hadoop));
    }

    /** As {@link #run(RangeRequest, BroadcastVector, Device, String)}, on the processor. */
    public RangeResult run(RangeRequest request, BroadcastVector shared, String worker) {
        return run(request, shared, Device.PROCESSOR, worker);
    }

    /**
     * Runs a range on the calling thread.
     *
     * @param shared the vector of the version that the request names
     * @param device of the thread
     * @param worker name of the calling worker, for the result
     * @throws dev.kindling.job.error.BadDataException if an episode's data cannot be read
     * @throws IllegalStateException if request, vector and job do not match
     */
    public RangeResult run(RangeRequest request, BroadcastVector shared, Device device, String worker) {
        try {
            return start(request, shared, worker, 1).finish(device, 0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in " + request.program(), e);
        }
    }

    /**
     * Begins a range that several threads will run.
     *
     * @param threads number of threads expected to take part
     * @throws IllegalStateException if request, vector and job do not match
     */
    RangeExecution start(RangeRequest request, BroadcastVector shared, String worker, int threads) {
        BlockRunnerPool runners = pools.get(request.program());
        if (runners == null) {
            throw new IllegalStateException(
                    "the job has no program " + request.program() + "; it has " + pools.keySet());
        }
        requireRange(request);
        require(
                request.shared() == shared.version(),
                "the request is for vector " + request.shared() + ", not " + shared.version());
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
                "a range of " + request.specs().size() + " tasks from task " + request.firstTask()
                        + " on is not whole blocks of " + job.blockSize() + " in a round of " + request.blocks());
    }

    static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalStateException(message);
        }
    }
}
