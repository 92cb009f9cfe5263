package dev.kindling.job.protocol;

import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.task.SourceDescription;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The task source, programs and options of a run, sent once to each executor: driver to executors.
 *
 * @param backend name of the backend
 * @param blockSize number of consecutive tasks of one block, fixed by the plan
 * @param programs programs by name, each with a variant for every shape of its tasks
 */
public record Job(
        SourceDescription source,
        String backend,
        CompileOptions options,
        int blockSize,
        SortedMap<String, ProgramVariants> programs)
        implements ExecutorMessage {
    public Job {
        if (blockSize < 1) {
            throw new IllegalArgumentException("blockSize is " + blockSize + "; it must be at least 1");
        }
        programs = Collections.unmodifiableSortedMap(new TreeMap<>(programs));
    }

    /**
     * The program of the given name.
     *
     * @throws IllegalArgumentException if there is none, with the names that exist
     */
    public ProgramVariants program(String name) {
        ProgramVariants program = programs.get(name);
        if (program == null) {
            throw new IllegalArgumentException("the job has no program " + name + "; it has " + programs.keySet());
        }
        return program;
    }
}
