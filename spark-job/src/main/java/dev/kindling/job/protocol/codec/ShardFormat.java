package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.PeerRequest;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.tensor.FlatVector;
import java.util.ArrayList;
import java.util.List;

/** The encodings of broadcast vectors and of the messages with which executors exchange shards of vectors. */
final class ShardFormat {
    /** The lengths of a host and of a key, and a port. */
    private static final int LEAST_PEER = 3;
    /** A peer, a task and a count of nodes. */
    private static final int LEAST_SOURCE = LEAST_PEER + 2;
    /** Level, index and tasks. */
    private static final int LEAST_HEADER = 3;

    private ShardFormat() {}

    static void writeBroadcastVector(Kryo kryo, Output output, BroadcastVector vector) {
        output.writeLong(vector.version());
        WireFormat.writeVector(output, vector.values());
    }

    static BroadcastVector readBroadcastVector(Kryo kryo, Input input) {
        return new BroadcastVector(input.readLong(), WireFormat.readVector(input));
    }

    static void writeBroadcastShard(Kryo kryo, Output output, BroadcastShard shard) {
        output.writeLong(shard.version());
        WireFormat.writeCount(output, shard.size());
        WireFormat.writeCount(output, shard.index());
        WireFormat.writeVector(output, shard.values());
        WireFormat.writeCount(output, shard.peers().size());
        shard.peers().forEach(peer -> writeAccess(output, peer));
    }

    static BroadcastShard readBroadcastShard(Kryo kryo, Input input) {
        long version = input.readLong();
        int size = WireFormat.readIndex(input);
        int index = WireFormat.readIndex(input);
        FlatVector values = WireFormat.readVector(input);
        List<PeerAccess> peers = new ArrayList<>();
        for (int left = WireFormat.readCount(input, LEAST_PEER); left > 0; left--) {
            peers.add(readAccess(input));
        }
        return new BroadcastShard(version, size, index, values, peers);
    }

    static void writeReduceShardRequest(Kryo kryo, Output output, ReduceShardRequest request) {
        output.writeLong(request.shared());
        WireFormat.writeCount(output, request.blocks());
        writeShard(output, request.shard());
        WireFormat.writeCount(output, request.sources().size());
        request.sources().forEach(source -> writeSource(output, source));
    }

    static ReduceShardRequest readReduceShardRequest(Kryo kryo, Input input) {
        long shared = input.readLong();
        int blocks = WireFormat.readIndex(input);
        VectorShard shard = readShard(input);
        List<ReduceShardRequest.Source> sources = new ArrayList<>();
        for (int left = WireFormat.readCount(input, LEAST_SOURCE); left > 0; left--) {
            sources.add(readSource(input));
        }
        return new ReduceShardRequest(shared, blocks, shard, sources);
    }

    private static void writeSource(Output output, ReduceShardRequest.Source source) {
        writeAccess(output, source.holder());
        WireFormat.writeCount(output, source.firstTask());
        WireFormat.writeCount(output, source.nodes().size());
        for (ReduceShardRequest.NodeHeader node : source.nodes()) {
            WireFormat.writeCount(output, node.level());
            WireFormat.writeCount(output, node.index());
            WireFormat.writeCount(output, node.tasks());
        }
    }

    private static ReduceShardRequest.Source readSource(Input input) {
        PeerAccess holder = readAccess(input);
        int firstTask = WireFormat.readIndex(input);
        List<ReduceShardRequest.NodeHeader> nodes = new ArrayList<>();
        for (int left = WireFormat.readCount(input, LEAST_HEADER); left > 0; left--) {
            nodes.add(new ReduceShardRequest.NodeHeader(
                    WireFormat.readIndex(input), WireFormat.readIndex(input), WireFormat.readIndex(input)));
        }
        return new ReduceShardRequest.Source(holder, firstTask, nodes);
    }

    static void writeVectorShardRequest(Kryo kryo, Output output, PeerRequest.VectorShardRequest request) {
        output.writeLong(request.version());
    }

    static PeerRequest.VectorShardRequest readVectorShardRequest(Kryo kryo, Input input) {
        return new PeerRequest.VectorShardRequest(input.readLong());
    }

    static void writeSumShardRequest(Kryo kryo, Output output, PeerRequest.SumShardRequest request) {
        output.writeLong(request.shared());
        WireFormat.writeCount(output, request.firstTask());
        writeShard(output, request.shard());
    }

    static PeerRequest.SumShardRequest readSumShardRequest(Kryo kryo, Input input) {
        return new PeerRequest.SumShardRequest(input.readLong(), WireFormat.readIndex(input), readShard(input));
    }

    static void writeShardPayload(Kryo kryo, Output output, ShardPayload payload) {
        WireFormat.writeVector(output, payload.values());
    }

    static ShardPayload readShardPayload(Kryo kryo, Input input) {
        return new ShardPayload(WireFormat.readVector(input));
    }

    private static void writeAccess(Output output, PeerAccess access) {
        WireFormat.writePeer(output, access.peer());
        WireFormat.writeText(output, access.sealedKey());
    }

    private static PeerAccess readAccess(Input input) {
        return new PeerAccess(WireFormat.readPeer(input), WireFormat.readText(input));
    }

    private static void writeShard(Output output, VectorShard shard) {
        WireFormat.writeCount(output, shard.index());
        WireFormat.writeCount(output, shard.count());
    }

    private static VectorShard readShard(Input input) {
        return new VectorShard(WireFormat.readIndex(input), WireFormat.readIndex(input));
    }
}
