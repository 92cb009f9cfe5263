package dev.kindling.driver.metrics;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.storage.AtomicDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * A file of a run that grows while the run goes on: visible to readers when {@link #append} returns. On file systems that
 * publish a file only when it is closed, such as object stores, the content is buffered in memory and {@link #syncAction}
 * rewrites the file. Not thread-safe.
 */
final class AppendedFile implements AutoCloseable {
    private final RunDirectory run;
    private final String name;
    private final ByteArrayOutputStream buffered = new ByteArrayOutputStream();
    private final Optional<FSDataOutputStream> appending;
    private boolean closed;

    private AppendedFile(RunDirectory run, String name, Optional<FSDataOutputStream> stream) {
        this.run = run;
        this.name = name;
        this.appending = stream.filter(AppendedFile::isVisibleAfterFlush);
        if (appending.isEmpty()) {
            stream.ifPresent(this::close);
        }
    }

    /** Creates a new file. */
    static AppendedFile create(RunDirectory run, String name) {
        return new AppendedFile(run, name, Optional.of(run.createStream(name)));
    }

    /** Replaces the file by the beginning of a new one, because another process may still hold the old one open. */
    static AppendedFile replace(RunDirectory run, String name, byte[] beginning) {
        AppendedFile file = new AppendedFile(run, name, run.replaceAndAppend(name, beginning));
        if (file.appending.isEmpty()) {
            file.buffered.writeBytes(beginning);
        }
        return file;
    }

    private static boolean isVisibleAfterFlush(FSDataOutputStream stream) {
        return stream.hasCapability(StreamCapabilities.HSYNC);
    }

    void append(byte[] bytes) {
        appending.ifPresentOrElse(stream -> append(stream, bytes), () -> buffered.writeBytes(bytes));
    }

    private void append(FSDataOutputStream stream, byte[] bytes) {
        try {
            stream.write(bytes);
            stream.hflush();
        } catch (FSError e) {
            throw cannotWrite(AtomicDirectory.cause(e));
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    private UncheckedIOException cannotWrite(IOException e) {
        return new UncheckedIOException("cannot write " + run.folder().place(name) + ": " + e.getMessage(), e);
    }

    /**
     * An action that makes everything appended so far durable. It may run on another thread while more is appended, but no two
     * of them concurrently.
     */
    Runnable syncAction() {
        if (appending.isPresent()) {
            FSDataOutputStream stream = appending.get();
            return () -> sync(stream);
        }
        byte[] content = buffered.toByteArray();
        return () -> run.folder().replace(name, content);
    }

    private void sync(FSDataOutputStream stream) {
        try {
            stream.hsync();
        } catch (FSError e) {
            throw cannotWrite(AtomicDirectory.cause(e));
        } catch (IOException e) {
            throw cannotWrite(e);
        }
        run.folder().sync();
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            appending.ifPresent(this::close);
        }
    }

    private void close(FSDataOutputStream stream) {
        try {
            stream.close();
        } catch (FSError e) {
            throw cannotWrite(AtomicDirectory.cause(e));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + run.folder().place(name) + ": " + e.getMessage(), e);
        }
    }
}
