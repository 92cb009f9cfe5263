package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.PeerRequest;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.tensor.FlatVector;
import java.util.ArrayList;
import java.util.List;

/** The messages by which executors share a vector and a sum, in bytes. */
final class ShardSerializers {
    /** The lengths of a host and of a key, and a port. */
    private static final int LEAST_PEER = 3;
    /** A peer, a task and a count of nodes. */
    private static final int LEAST_PIECE = LEAST_PEER + 2;
    /** Level, index and tasks. */
    private static final int LEAST_HEAD = 3;

    private ShardSerializers() {}

    private static void writeAccess(Output output, PeerAccess access) {
        WireFormat.writePeer(output, access.peer());
        WireFormat.writeText(output, access.sealedKey());
    }

    private static PeerAccess readAccess(Input input) {
        return new PeerAccess(WireFormat.readPeer(input), WireFormat.readText(input));
    }

    static final class OfBroadcastShard extends Serializer<BroadcastShard> {
        @Override
        public void write(Kryo kryo, Output output, BroadcastShard slice) {
            output.writeLong(slice.version());
            WireFormat.writeCount(output, slice.size());
            WireFormat.writeCount(output, slice.index());
            WireFormat.writeStorage(output, slice.values());
            WireFormat.writeCount(output, slice.peers().size());
            slice.peers().forEach(peer -> writeAccess(output, peer));
        }

        @Override
        public BroadcastShard read(Kryo kryo, Input input, Class<BroadcastShard> type) {
            long version = input.readLong();
            int size = WireFormat.readIndex(input);
            int index = WireFormat.readIndex(input);
            FlatVector values = WireFormat.readStorage(input);
            List<PeerAccess> peers = new ArrayList<>();
            for (int left = WireFormat.readCount(input, LEAST_PEER); left > 0; left--) {
                peers.add(readAccess(input));
            }
            return new BroadcastShard(version, size, index, values, peers);
        }
    }

    static final class OfReduceShardRequest extends Serializer<ReduceShardRequest> {
        @Override
        public void write(Kryo kryo, Output output, ReduceShardRequest request) {
            output.writeLong(request.shared());
            WireFormat.writeCount(output, request.blocks());
            WireFormat.writeShard(output, request.shard());
            WireFormat.writeCount(output, request.sources().size());
            request.sources().forEach(source -> writePiece(output, source));
        }

        @Override
        public ReduceShardRequest read(Kryo kryo, Input input, Class<ReduceShardRequest> type) {
            long shared = input.readLong();
            int blocks = WireFormat.readIndex(input);
            VectorShard shard = WireFormat.readShard(input);
            List<ReduceShardRequest.Source> sources = new ArrayList<>();
            for (int left = WireFormat.readCount(input, LEAST_PIECE); left > 0; left--) {
                sources.add(readPiece(input));
            }
            return new ReduceShardRequest(shared, blocks, shard, sources);
        }

        private static void writePiece(Output output, ReduceShardRequest.Source source) {
            writeAccess(output, source.holder());
            WireFormat.writeCount(output, source.firstTask());
            WireFormat.writeCount(output, source.nodes().size());
            for (ReduceShardRequest.NodeHeader node : source.nodes()) {
                WireFormat.writeCount(output, node.level());
                WireFormat.writeCount(output, node.index());
                WireFormat.writeCount(output, node.tasks());
            }
        }

        private static ReduceShardRequest.Source readPiece(Input input) {
            PeerAccess holder = readAccess(input);
            int firstTask = WireFormat.readIndex(input);
            List<ReduceShardRequest.NodeHeader> nodes = new ArrayList<>();
            for (int left = WireFormat.readCount(input, LEAST_HEAD); left > 0; left--) {
                nodes.add(new ReduceShardRequest.NodeHeader(
                        WireFormat.readIndex(input), WireFormat.readIndex(input), WireFormat.readIndex(input)));
            }
            return new ReduceShardRequest.Source(holder, firstTask, nodes);
        }
    }

    static final class OfVectorShardRequest extends Serializer<PeerRequest.VectorShardRequest> {
        @Override
        public void write(Kryo kryo, Output output, PeerRequest.VectorShardRequest wanted) {
            output.writeLong(wanted.version());
        }

        @Override
        public PeerRequest.VectorShardRequest read(Kryo kryo, Input input, Class<PeerRequest.VectorShardRequest> type) {
            return new PeerRequest.VectorShardRequest(input.readLong());
        }
    }

    static final class OfSumShardRequest extends Serializer<PeerRequest.SumShardRequest> {
        @Override
        public void write(Kryo kryo, Output output, PeerRequest.SumShardRequest wanted) {
            output.writeLong(wanted.shared());
            WireFormat.writeCount(output, wanted.firstTask());
            WireFormat.writeShard(output, wanted.shard());
        }

        @Override
        public PeerRequest.SumShardRequest read(Kryo kryo, Input input, Class<PeerRequest.SumShardRequest> type) {
            return new PeerRequest.SumShardRequest(
                    input.readLong(), WireFormat.readIndex(input), WireFormat.readShard(input));
        }
    }

    static final class OfShardPayload extends Serializer<ShardPayload> {
        @Override
        public void write(Kryo kryo, Output output, ShardPayload shardPayload) {
            WireFormat.writeStorage(output, shardPayload.values());
        }

        @Override
        public ShardPayload read(Kryo kryo, Input input, Class<ShardPayload> type) {
            return new ShardPayload(WireFormat.readStorage(input));
        }
    }
}
