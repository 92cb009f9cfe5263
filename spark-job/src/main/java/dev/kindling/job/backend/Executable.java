package dev.kindling.job.backend;

import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Precision;

/** A compiled program. Immutable and shared by all threads; each thread runs it through a workspace of its own. */
public interface Executable {
    Program program();

    Precision precision();

    Workspace workspace();
}
