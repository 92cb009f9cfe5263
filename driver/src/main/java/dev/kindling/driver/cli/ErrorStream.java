package dev.kindling.driver.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;

/**
 * Where errors go. The launcher filters what the JVM itself writes to stderr, and a filter may be late: it hands over the
 * true stderr as a descriptor whose number is the system property {@code kindling.stderr}.
 */
final class ErrorStream {
    private ErrorStream() {}

    /** The true stderr, or {@link System#err} where no launcher named it. */
    static PrintStream standard() {
        String descriptor = System.getProperty("kindling.stderr");
        return descriptor == null ? System.err : of(descriptor);
    }

    /**
     * Java has no public way to write to a descriptor by its number; opening it by its name would lose the position that
     * it shares with stdout where both are one file. The launcher opens {@code java.io} for Spark anyway.
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
