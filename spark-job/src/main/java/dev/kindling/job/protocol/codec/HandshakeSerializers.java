package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.HandshakeMessage;
import java.util.Optional;

/** The messages of {@link HandshakeMessage} in bytes. */
final class HandshakeSerializers {
    private HandshakeSerializers() {}

    static final class OfWorkerHello extends Serializer<HandshakeMessage.WorkerHello> {
        @Override
        public void write(Kryo kryo, Output output, HandshakeMessage.WorkerHello hello) {
            output.writeLong(hello.workerJobId());
            output.writeLong(hello.attempt());
            WireFormat.writeText(output, hello.executor());
            WireFormat.writeText(output, hello.nonce());
            WireFormat.writeFlag(output, hello.peer().isPresent());
            hello.peer().ifPresent(peer -> WireFormat.writePeer(output, peer));
        }

        @Override
        public HandshakeMessage.WorkerHello read(Kryo kryo, Input input, Class<HandshakeMessage.WorkerHello> type) {
            return new HandshakeMessage.WorkerHello(
                    input.readLong(),
                    input.readLong(),
                    WireFormat.readText(input),
                    WireFormat.readText(input),
                    WireFormat.readFlag(input) ? Optional.of(WireFormat.readPeer(input)) : Optional.empty());
        }
    }

    static final class OfPeerHello extends Serializer<HandshakeMessage.PeerHello> {
        @Override
        public void write(Kryo kryo, Output output, HandshakeMessage.PeerHello hello) {
            WireFormat.writeText(output, hello.executor());
            WireFormat.writeText(output, hello.nonce());
        }

        @Override
        public HandshakeMessage.PeerHello read(Kryo kryo, Input input, Class<HandshakeMessage.PeerHello> type) {
            return new HandshakeMessage.PeerHello(WireFormat.readText(input), WireFormat.readText(input));
        }
    }

    static final class OfChallenge extends Serializer<HandshakeMessage.Challenge> {
        @Override
        public void write(Kryo kryo, Output output, HandshakeMessage.Challenge challenge) {
            WireFormat.writeText(output, challenge.nonce());
            WireFormat.writeText(output, challenge.proof());
        }

        @Override
        public HandshakeMessage.Challenge read(Kryo kryo, Input input, Class<HandshakeMessage.Challenge> type) {
            return new HandshakeMessage.Challenge(WireFormat.readText(input), WireFormat.readText(input));
        }
    }

    static final class OfProof extends Serializer<HandshakeMessage.Proof> {
        @Override
        public void write(Kryo kryo, Output output, HandshakeMessage.Proof proof) {
            WireFormat.writeText(output, proof.proof());
        }

        @Override
        public HandshakeMessage.Proof read(Kryo kryo, Input input, Class<HandshakeMessage.Proof> type) {
            return new HandshakeMessage.Proof(WireFormat.readText(input));
        }
    }
}
