package dev.kindling.job.task.fewshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * A buffered, read-only channel over a file of a Hadoop file system. A zip's directory is read a few bytes at a time, each of
 * which would otherwise be a request to a remote store. Forward reading stays sequential.
 */
final class HadoopChannel implements SeekableByteChannel {
    private static final int BUFFER = 256 << 10;
    private static final int SMALL_BUFFER = 8 << 10;

    private final FSDataInputStream in;
    private final long size;
    private byte[] buffer = new byte[BUFFER];
    private long bufferStart;
    private int buffered;
    private long position;
    private boolean open = true;

    HadoopChannel(FSDataInputStream in, long size) {
        this.in = in;
        this.size = size;
    }

    /** Reads ahead less from now on, for random access. */
    void readAheadLittle() {
        readAhead(SMALL_BUFFER);
    }

    /** Reads ahead more from now on, for a pass over the file. */
    void readAheadFar() {
        readAhead(BUFFER);
    }

    private void readAhead(int bytes) {
        if (buffer.length != bytes) {
            buffer = new byte[bytes];
            buffered = 0;
        }
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!open) {
            throw new ClosedChannelException();
        }
        if (position >= size) {
            return -1;
        }
        if (position < bufferStart || position >= bufferStart + buffered) {
            fill();
        }
        int from = (int) (position - bufferStart);
        int count = Math.min(target.remaining(), buffered - from);
        target.put(buffer, from, count);
        position += count;
        return count;
    }

    private void fill() throws IOException {
        // The end of the file is read at once: a zip's directory is found by searching backwards from it.
        long start = Math.max(0, Math.min(position, size - buffer.length));
        int length = (int) Math.min(buffer.length, size - start);
        buffered = 0;
        if (in.getPos() != start) {
            in.seek(start);
        }
        in.readFully(buffer, 0, length);
        bufferStart = start;
        buffered = length;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public SeekableByteChannel position(long newPosition) {
        if (newPosition < 0) {
            throw new IllegalArgumentException("position is " + newPosition + "; it must be at least 0");
        }
        position = newPosition;
        return this;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() throws IOException {
        open = false;
        in.close();
    }

    @Override
    public int write(ByteBuffer source) {
        throw new NonWritableChannelException();
    }

    @Override
    public SeekableByteChannel truncate(long newSize) {
        throw new NonWritableChannelException();
    }
}
