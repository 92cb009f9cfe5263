package dev.kindling.job.executor;

import java.util.function.BooleanSupplier;
import org.apache.spark.TaskContext;

/** Reports whether Spark has killed the task of a thread. */
final class TaskInterruption {
    private TaskInterruption() {}

    /** True until Spark kills the calling thread's task. */
    static BooleanSupplier ofTask() {
        TaskContext task = TaskContext.get();
        return () -> !task.isInterrupted();
    }
}
