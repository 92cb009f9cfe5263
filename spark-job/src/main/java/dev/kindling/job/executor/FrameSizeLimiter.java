package dev.kindling.job.executor;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.function.LongConsumer;

/**
 * Stands before Spark's own frame decoder, which would collect a frame of 2 GiB from anybody, and ends a connection whose
 * next frame is said to be larger than what the other end may send: little before it is authenticated. A frame
 * begins with its length in 8 bytes, these included. For one connection, at either end.
 */
public final class FrameSizeLimiter extends ChannelInboundHandlerAdapter {
    private volatile long largest;
    private final LongConsumer refused;
    private long rest;
    private long length;
    private int lengthBytes;
    private boolean over;

    /**
     * A limit.
     *
     * @param largest frame in bytes
     * @param refused is told the length of the frame that was too large
     */
    public FrameSizeLimiter(long largest, LongConsumer refused) {
        this.largest = largest;
        this.refused = refused;
    }

    /** Lets the frames that follow be as large at least. */
    public synchronized void raise(long bytes) {
        largest = Math.max(largest, bytes);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (over) {
            ReferenceCountUtil.release(message);
        } else if (message instanceof ByteBuf bytes && !withinLimit(bytes)) {
            over = true;
            bytes.release();
            refused.accept(length);
            var unused = context.close();
        } else {
            context.fireChannelRead(message);
        }
    }

    private boolean withinLimit(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (at < end) {
            if (rest > 0) {
                int skipped = (int) Math.min(rest, end - at);
                rest -= skipped;
                at += skipped;
            } else {
                length = length << Byte.SIZE | bytes.getUnsignedByte(at++);
                if (++lengthBytes == Long.BYTES) {
                    if (length < Long.BYTES || length > largest) {
                        return false;
                    }
                    rest = length - Long.BYTES;
                    length = 0;
                    lengthBytes = 0;
                }
            }
        }
        return true;
    }
}
