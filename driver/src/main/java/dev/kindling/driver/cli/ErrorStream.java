package dev.kindling.driver.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;

/**
 * Opens the process's stderr. The launcher redirects the JVM's stderr through a filter process, which may print late;
 * it passes the original stderr as a file descriptor, whose number is the system property {@code kindling.stderr}.
 */
final class ErrorStream {
    private ErrorStream() {}

    /** The original stderr, or {@link System#err} if the property is not set or its descriptor cannot be opened. */
    static PrintStream standard() {
        String descriptor = System.getProperty("kindling.stderr");
        return descriptor == null ? System.err : of(descriptor);
    }

    /**
     * Opens a descriptor by its number. Java has no public API for this, so it uses reflection; the launcher opens
     * {@code java.io} for Spark anyway. Opening {@code /dev/fd} by name would lose the file position that stderr shares
     * with stdout when both are redirected to the same file.
     */
    private static PrintStream of(String descriptor) {
        try {
            FileDescriptor file = new FileDescriptor();
            Field number = FileDescriptor.class.getDeclaredField("fd");
            number.setAccessible(true);
            number.setInt(file, Integer.parseInt(descriptor));
            return new PrintStream(new FileOutputStream(file), true, StandardCharsets.UTF_8);
        } catch (ReflectiveOperationException | RuntimeException e) {
            return System.err;
        }
    }
}
