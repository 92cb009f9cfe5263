package dev.kindling.job.executor;

import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.ExecutorMessage;
import dev.kindling.job.protocol.HandshakeMessage;
import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.codec.MessageCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;

/** An executor's connection to the driver: messages, one way each, in the order in which they were sent. Thread-safe. */
final class DriverConnection implements AutoCloseable {
    private final Transport transport;
    private final TransportClientFactory factory;
    private final TransportClient driver;
    private final byte[] session;

    /**
     * Connects, and is authenticated by the driver as the driver is by it.
     *
     * @param enlistment says where the driver is and how to prove that this is one of its workers
     * @param attempt id of the Spark task that the enlistment came with
     * @param peer where other executors find this one
     * @param heard takes what the driver says, on a thread of the transport
     * @param lost is told once that the driver is gone
     * @throws IOException if the driver does not answer, or refuses this executor
     */
    DriverConnection(
            WorkerTask.Remote enlistment,
            long attempt,
            Optional<Peer> peer,
            Consumer<ExecutorMessage> heard,
            Runnable lost)
            throws IOException {
        SparkConf spark = SparkEnv.get().conf();
        RpcReceiver receiver = new RpcReceiver(heard, lost);
        transport = new Transport(spark, SparkEnv.get().securityManager(), receiver);
        factory = transport.context().createClientFactory(transport.clientBootstraps(spark.getAppId()));
        try {
            driver = factory.createClient(enlistment.host(), enlistment.port());
            Handshake handshake = Handshake.begin(
                    driver,
                    transport.key(enlistment.secret()),
                    new HandshakeMessage.WorkerHello(
                            enlistment.workerJobId(), attempt, SparkEnv.get().executorId(), Handshake.random(), peer));
            receiver.trust();
            handshake.prove(driver);
            session = handshake.sessionKey();
        } catch (IOException | RuntimeException e) {
            closeFactory();
            throw e;
        } catch (InterruptedException e) {
            closeFactory();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while connecting to the driver", e);
        }
    }

    /** The key of this connection, which the driver has too. */
    byte[] sessionKey() {
        return session;
    }

    void send(DriverMessage message) {
        driver.send(ByteBuffer.wrap(MessageCodec.encodeDriverMessage(message)));
    }

    /** Ends the connection; from any thread. */
    void disconnect() {
        driver.close();
    }

    @Override
    public void close() {
        driver.close();
        closeFactory();
    }

    private void closeFactory() {
        factory.close();
        transport.context().close();
    }

    /** What the transport tells. */
    private static final class RpcReceiver extends RpcHandler {
        private final Consumer<ExecutorMessage> onMessage;
        private final Runnable onDisconnect;
        private volatile boolean trusted;
        private final OneForOneStreamManager noStreams = new OneForOneStreamManager();

        RpcReceiver(Consumer<ExecutorMessage> heard, Runnable lost) {
            this.onMessage = heard;
            this.onDisconnect = lost;
        }

        /** Who answers has proved to be the driver. */
        void trust() {
            trusted = true;
        }

        @Override
        public void receive(TransportClient client, ByteBuffer message) {
            if (!trusted) {
                client.close();
                return;
            }
            byte[] bytes = new byte[message.remaining()];
            message.get(bytes);
            try {
                onMessage.accept(MessageCodec.decodeExecutorMessage(bytes));
            } catch (RuntimeException e) {
                // An executor that misses a message is of no more use; the driver deals its range again.
                client.close();
            }
        }

        @Override
        public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
            callback.onFailure(new UnsupportedOperationException("the driver asks no questions"));
        }

        @Override
        public StreamManager getStreamManager() {
            return noStreams;
        }

        @Override
        public void channelInactive(TransportClient client) {
            onDisconnect.run();
        }
    }
}
