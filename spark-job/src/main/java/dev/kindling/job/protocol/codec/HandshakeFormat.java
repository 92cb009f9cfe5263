package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.HandshakeMessage;
import java.util.Optional;

/** The encodings of {@link HandshakeMessage}s, which consist of texts but for the hello of a worker. */
final class HandshakeFormat {
    private HandshakeFormat() {}

    static void writeWorkerHello(Kryo kryo, Output output, HandshakeMessage.WorkerHello hello) {
        output.writeLong(hello.workerJobId());
        output.writeLong(hello.attempt());
        WireFormat.writeTexts(output, hello.executor(), hello.nonce());
        WireFormat.writeFlag(output, hello.peer().isPresent());
        hello.peer().ifPresent(peer -> WireFormat.writePeer(output, peer));
    }

    static HandshakeMessage.WorkerHello readWorkerHello(Kryo kryo, Input input) {
        return new HandshakeMessage.WorkerHello(
                input.readLong(),
                input.readLong(),
                WireFormat.readText(input),
                WireFormat.readText(input),
                WireFormat.readFlag(input) ? Optional.of(WireFormat.readPeer(input)) : Optional.empty());
    }

    static void writePeerHello(Kryo kryo, Output output, HandshakeMessage.PeerHello hello) {
        WireFormat.writeTexts(output, hello.executor(), hello.nonce());
    }

    static HandshakeMessage.PeerHello readPeerHello(Kryo kryo, Input input) {
        return new HandshakeMessage.PeerHello(WireFormat.readText(input), WireFormat.readText(input));
    }

    static void writeChallenge(Kryo kryo, Output output, HandshakeMessage.Challenge challenge) {
        WireFormat.writeTexts(output, challenge.nonce(), challenge.proof());
    }

    static HandshakeMessage.Challenge readChallenge(Kryo kryo, Input input) {
        return new HandshakeMessage.Challenge(WireFormat.readText(input), WireFormat.readText(input));
    }

    static void writeProof(Kryo kryo, Output output, HandshakeMessage.Proof proof) {
        WireFormat.writeTexts(output, proof.proof());
    }

    static HandshakeMessage.Proof readProof(Kryo kryo, Input input) {
        return new HandshakeMessage.Proof(WireFormat.readText(input));
    }
}
