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
 * Limits the size and the types of the frames of one connection, at either end. Precedes Spark's decoders, which would buffer
 * a frame of up to 2 GiB from an unauthenticated sender and allocate the length that a text in a frame of some types claims.
 * Closes the connection at a frame that announces more than the limit, or another type than is allowed. A frame begins with its
 * length in 8 bytes, which includes these, and its type in one.
 */
public final class FrameSizeLimiter extends ChannelInboundHandlerAdapter {
    /** The types that clients send to a server of Kindling; it handles no other. */
    public static final Set<Message.Type> TO_SERVER = Set.of(Message.Type.RpcRequest, Message.Type.OneWayMessage);

    /** The types that a server of Kindling sends to its clients. */
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
     * @param refused called with what was refused, such as {@code a frame of 2147483648 bytes}
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

    /** The fault of the frames that begin in these bytes; null if there is none. */
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
