package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.util.Optional;

/** The messages of {@link HandshakeMessage} in bytes. */
final class HandshakeSerializers {
    private HandshakeSerializers() {}

    static final class OfWorkerHello extends Serializer<HandshakeMessage.WorkerHello> {
        @Override
        public void write(Kryo kryo, Output output, HandshakeMessage.WorkerHello hello) {
            output.writeLong(hello.ticket());
            output.writeLong(hello.attempt());
            Parts.writeText(output, hello.executor());
            Parts.writeText(output, hello.nonce());
            Parts.writeFlag(output, hello.peer().isPresent());
            hello.peer().ifPresent(peer -> Parts.writePeer(output, peer));
        }

        @Override
        public HandshakeMessage.WorkerHello read(Kryo kryo, Input input, Class<HandshakeMessage.WorkerHello> type) {
            return new HandshakeMessage.WorkerHello(
                    input.readLong(),
                    input.readLong(),
                    Parts.readText(input),
                    Parts.readText(input),
                    Parts.readFlag(input) ? Optional.of(Parts.readPeer(input)) : Optional.empty());
        }
    }

    static final class OfPeerHello extends Serializer<HandshakeMessage.PeerHello> {
        @Override
        public void write(Kryo kryo, Output output, HandshakeMessage.PeerHello hello) {
            Parts.writeText(output, hello.executor());
            Parts.writeText(output, hello.nonce());
        }

        @Override
        public HandshakeMessage.PeerHello read(Kryo kryo, Input input, Class<HandshakeMessage.PeerHello> type) {
            return new HandshakeMessage.PeerHello(Parts.readText(input), Parts.readText(input));
        }
    }

    static final class OfChallenge extends Serializer<HandshakeMessage.Challenge> {
        @Override
        public void write(Kryo kryo, Output output, HandshakeMessage.Challenge challenge) {
            Parts.writeText(output, challenge.nonce());
            Parts.writeText(output, challenge.proof());
        }

        @Override
        public HandshakeMessage.Challenge read(Kryo kryo, Input input, Class<HandshakeMessage.Challenge> type) {
            return new HandshakeMessage.Challenge(Parts.readText(input), Parts.readText(input));
        }
    }

    static final class OfProof extends Serializer<HandshakeMessage.Proof> {
        @Override
        public void write(Kryo kryo, Output output, HandshakeMessage.Proof proof) {
            Parts.writeText(output, proof.proof());
        }

        @Override
        public HandshakeMessage.Proof read(Kryo kryo, Input input, Class<HandshakeMessage.Proof> type) {
            return new HandshakeMessage.Proof(Parts.readText(input));
        }
    }
}
