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

/** An executor's connection to the driver, over which both send one-way messages in order. Thread-safe. */
final class DriverConnection implements AutoCloseable {
    private final Transport transport;
    private final TransportClientFactory factory;
    private final TransportClient driver;
    private final byte[] session;

    /**
     * Connects with mutual authentication.
     *
     * @param task address of the driver, and the secret of the worker job
     * @param attempt id of the Spark task that runs the worker job
     * @param peer address of this executor for the others
     * @param onMessage receives the driver's messages, on a thread of the transport
     * @param onDisconnect called once when the connection has ended
     * @throws IOException if the driver does not respond, or refuses this executor
     */
    DriverConnection(
            WorkerTask.Remote task,
            long attempt,
            Optional<Peer> peer,
            Consumer<ExecutorMessage> onMessage,
            Runnable onDisconnect)
            throws IOException {
        SparkConf spark = SparkEnv.get().conf();
        RpcReceiver receiver = new RpcReceiver(onMessage, onDisconnect);
        transport = new Transport(spark, SparkEnv.get().securityManager(), receiver);
        factory = transport.context().createClientFactory(transport.clientBootstraps(spark.getAppId()));
        try {
            driver = factory.createClient(task.host(), task.port());
            Handshake handshake = Handshake.begin(
                    driver,
                    transport.key(task.secret()),
                    new HandshakeMessage.WorkerHello(
                            task.workerJobId(), attempt, SparkEnv.get().executorId(), Handshake.random(), peer));
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

    /** The key that this end of the connection shares with the driver. */
    byte[] sessionKey() {
        return session;
    }

    void send(DriverMessage message) {
        Transport.send(driver, MessageCodec.encodeDriverMessage(message));
    }

    /** Ends the connection; may be called by any thread. */
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

    /** Receives the messages of the transport. */
    private static final class RpcReceiver extends RpcHandler {
        private final Consumer<ExecutorMessage> onMessage;
        private final Runnable onDisconnect;
        private volatile boolean trusted;
        private final OneForOneStreamManager noStreams = new OneForOneStreamManager();

        RpcReceiver(Consumer<ExecutorMessage> onMessage, Runnable onDisconnect) {
            this.onMessage = onMessage;
            this.onDisconnect = onDisconnect;
        }

        /** Accepts messages from now on: the other end has proved to be the driver. */
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
                // An executor that has missed a message is useless; the driver reassigns its ranges.
                client.close();
            }
        }

        @Override
        public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
            callback.onFailure(new UnsupportedOperationException("the driver sends one-way messages only"));
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
