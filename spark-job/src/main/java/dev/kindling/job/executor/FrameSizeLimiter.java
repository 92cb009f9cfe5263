package dev.kindling.job.executor;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.spark.network.protocol.Message;
import org.jspecify.annotations.Nullable;

/**
 * Stands before Spark's own decoders and ends a connection whose next frame is said to be larger than what the other end may
 * send, little before it is authenticated, or is of another type than what it may send. Spark's would collect a frame of
 * 2 GiB from anybody; and of some types they believe the length of a text within the frame before they have looked how long the
 * frame is, so that a frame of 20 bytes makes them allocate as much. A frame begins with its length in 8 bytes, these included, and
 * its type in one. For one connection, at either end.
 */
public final class FrameSizeLimiter extends ChannelInboundHandlerAdapter {
    /** What those who connect to a server of Kindling's send: no other type is decoded to anything that it answers. */
    public static final Set<Message.Type> TO_SERVER = Set.of(Message.Type.RpcRequest, Message.Type.OneWayMessage);

    /** What a server of Kindling's sends those who have connected. */
    public static final Set<Message.Type> TO_CLIENT =
            Set.of(Message.Type.RpcResponse, Message.Type.RpcFailure, Message.Type.OneWayMessage);

    private volatile long largest;
    private final Set<Message.Type> types;
    private final Consumer<String> refused;
    private long rest;
    private long length;
    private int lengthBytes;
    private boolean typeIsNext;
    private boolean over;

    /**
     * A limit.
     *
     * @param largest frame in bytes
     * @param types that frames may have
     * @param refused is told what was refused, such as {@code a frame of 2147483648 bytes}
     */
    public FrameSizeLimiter(long largest, Set<Message.Type> types, Consumer<String> refused) {
        this.largest = largest;
        this.types = types;
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
            return;
        }
        @Nullable String fault = message instanceof ByteBuf bytes ? fault(bytes) : null;
        if (fault == null) {
            context.fireChannelRead(message);
            return;
        }
        over = true;
        ReferenceCountUtil.release(message);
        refused.accept(fault);
        var unused = context.close();
    }

    /** What is wrong with the frames that begin in these bytes; null where nothing is. */
    private @Nullable String fault(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (at < end) {
            if (typeIsNext) {
                int type = bytes.getUnsignedByte(at);
                if (types.stream().noneMatch(each -> each.id() == type)) {
                    return "a frame of type " + type;
                }
                typeIsNext = false;
            } else if (rest > 0) {
                int skipped = (int) Math.min(rest, end - at);
                rest -= skipped;
                at += skipped;
            } else {
                length = length << Byte.SIZE | bytes.getUnsignedByte(at++);
                if (++lengthBytes == Long.BYTES && !begin()) {
                    return "a frame of " + length + " bytes";
                }
            }
        }
        return null;
    }

    /** Begins the frame whose length is known now; false if it is none that there may be. */
    private boolean begin() {
        if (length <= Long.BYTES || length > largest) {
            return false;
        }
        rest = length - Long.BYTES;
        typeIsNext = true;
        length = 0;
        lengthBytes = 0;
        return true;
    }
}
