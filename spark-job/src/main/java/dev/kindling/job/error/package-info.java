/**
 * Exceptions with a meaning for the caller that start on an executor or while a task source or backend is opened: bad data
 * (exit code 3) and a backend that this JVM cannot run (exit code 2). Live on both sides. Import nothing of the project.
 */
@NullMarked
package dev.kindling.job.error;

import org.jspecify.annotations.NullMarked;
