package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.fold.Slice;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.List;

/** The messages by which executors share a vector and a sum, in bytes. */
final class SliceSerializers {
    /** The lengths of a host and of a key, and a port. */
    private static final int LEAST_PEER = 3;
    /** A peer, a task and a count of nodes. */
    private static final int LEAST_PIECE = LEAST_PEER + 2;
    /** Level, index and tasks. */
    private static final int LEAST_HEAD = 3;

    private SliceSerializers() {}

    private static void writeAccess(Output output, PeerAccess access) {
        Parts.writePeer(output, access.peer());
        Parts.writeText(output, access.sealedKey());
    }

    private static PeerAccess readAccess(Input input) {
        return new PeerAccess(Parts.readPeer(input), Parts.readText(input));
    }

    static final class OfVectorSlice extends Serializer<VectorSlice> {
        @Override
        public void write(Kryo kryo, Output output, VectorSlice slice) {
            output.writeLong(slice.version());
            Parts.writeCount(output, slice.size());
            Parts.writeCount(output, slice.index());
            Parts.writeStorage(output, slice.values());
            Parts.writeCount(output, slice.peers().size());
            slice.peers().forEach(peer -> writeAccess(output, peer));
        }

        @Override
        public VectorSlice read(Kryo kryo, Input input, Class<VectorSlice> type) {
            long version = input.readLong();
            int size = Parts.readIndex(input);
            int index = Parts.readIndex(input);
            Storage values = Parts.readStorage(input);
            List<PeerAccess> peers = new ArrayList<>();
            for (int left = Parts.readCount(input, LEAST_PEER); left > 0; left--) {
                peers.add(readAccess(input));
            }
            return new VectorSlice(version, size, index, values, peers);
        }
    }

    static final class OfFoldOrder extends Serializer<FoldOrder> {
        @Override
        public void write(Kryo kryo, Output output, FoldOrder order) {
            output.writeLong(order.shared());
            Parts.writeCount(output, order.blocks());
            Parts.writeSlice(output, order.slice());
            Parts.writeCount(output, order.pieces().size());
            order.pieces().forEach(piece -> writePiece(output, piece));
        }

        @Override
        public FoldOrder read(Kryo kryo, Input input, Class<FoldOrder> type) {
            long shared = input.readLong();
            int blocks = Parts.readIndex(input);
            Slice slice = Parts.readSlice(input);
            List<FoldOrder.Piece> pieces = new ArrayList<>();
            for (int left = Parts.readCount(input, LEAST_PIECE); left > 0; left--) {
                pieces.add(readPiece(input));
            }
            return new FoldOrder(shared, blocks, slice, pieces);
        }

        private static void writePiece(Output output, FoldOrder.Piece piece) {
            writeAccess(output, piece.holder());
            Parts.writeCount(output, piece.firstTask());
            Parts.writeCount(output, piece.nodes().size());
            for (FoldOrder.Head node : piece.nodes()) {
                Parts.writeCount(output, node.level());
                Parts.writeCount(output, node.index());
                Parts.writeCount(output, node.tasks());
            }
        }

        private static FoldOrder.Piece readPiece(Input input) {
            PeerAccess holder = readAccess(input);
            int firstTask = Parts.readIndex(input);
            List<FoldOrder.Head> nodes = new ArrayList<>();
            for (int left = Parts.readCount(input, LEAST_HEAD); left > 0; left--) {
                nodes.add(new FoldOrder.Head(Parts.readIndex(input), Parts.readIndex(input), Parts.readIndex(input)));
            }
            return new FoldOrder.Piece(holder, firstTask, nodes);
        }
    }

    static final class ToPeerOfVector extends Serializer<ToPeer.OfVector> {
        @Override
        public void write(Kryo kryo, Output output, ToPeer.OfVector wanted) {
            output.writeLong(wanted.version());
        }

        @Override
        public ToPeer.OfVector read(Kryo kryo, Input input, Class<ToPeer.OfVector> type) {
            return new ToPeer.OfVector(input.readLong());
        }
    }

    static final class ToPeerOfSums extends Serializer<ToPeer.OfSums> {
        @Override
        public void write(Kryo kryo, Output output, ToPeer.OfSums wanted) {
            output.writeLong(wanted.shared());
            Parts.writeCount(output, wanted.firstTask());
            Parts.writeSlice(output, wanted.slice());
        }

        @Override
        public ToPeer.OfSums read(Kryo kryo, Input input, Class<ToPeer.OfSums> type) {
            return new ToPeer.OfSums(input.readLong(), Parts.readIndex(input), Parts.readSlice(input));
        }
    }

    static final class OfNumbers extends Serializer<Numbers> {
        @Override
        public void write(Kryo kryo, Output output, Numbers numbers) {
            Parts.writeStorage(output, numbers.values());
        }

        @Override
        public Numbers read(Kryo kryo, Input input, Class<Numbers> type) {
            return new Numbers(Parts.readStorage(input));
        }
    }
}
