package dev.kindling.job.wire;

import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.SourceDescription;
import java.util.SortedMap;

/**
 * Everything an executor needs to know once per run: driver to executors.
 *
 * @param backend name of the backend
 * @param blockSize consecutive tasks of one block, fixed by the plan
 * @param programs programs by name
 */
public record Job(
        SourceDescription source,
        String backend,
        CompileOptions options,
        int blockSize,
        SortedMap<String, Program> programs) {}
