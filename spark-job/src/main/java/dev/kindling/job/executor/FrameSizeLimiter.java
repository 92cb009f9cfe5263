package dev.kindling.job.executor;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.function.LongConsumer;

/**
 * Limits the frame size of one connection, at either end. Precedes Spark's frame decoder, which would buffer a frame of up to
 * 2 GiB from an unauthenticated sender, and closes the connection when a frame header announces more than the limit. A frame
 * begins with its length in 8 bytes, which includes these.
 */
public final class FrameSizeLimiter extends ChannelInboundHandlerAdapter {
    private volatile long largest;
    private final LongConsumer refused;
    private long frameRest;
    private long length;
    private int lengthBytes;
    private boolean refusing;

    /**
     * A limit.
     *
     * @param largest bytes of the largest frame
     * @param refused called with the length of a frame that is too large
     */
    public FrameSizeLimiter(long largest, LongConsumer refused) {
        this.largest = largest;
        this.refused = refused;
    }

    /** Raises the limit for the following frames to at least the given bytes. */
    public synchronized void raise(long bytes) {
        largest = Math.max(largest, bytes);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (refusing) {
            ReferenceCountUtil.release(message);
        } else if (message instanceof ByteBuf bytes && !withinLimit(bytes)) {
            refusing = true;
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
            if (frameRest > 0) {
                int skipped = (int) Math.min(frameRest, end - at);
                frameRest -= skipped;
                at += skipped;
            } else {
                length = length << Byte.SIZE | bytes.getUnsignedByte(at++);
                if (++lengthBytes == Long.BYTES) {
                    if (length < Long.BYTES || length > largest) {
                        return false;
                    }
                    frameRest = length - Long.BYTES;
                    length = 0;
                    lengthBytes = 0;
                }
            }
        }
        return true;
    }
}
