package dev.kindling.job.executor;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.netty.SparkTransportConf;
import org.apache.spark.network.protocol.OneWayMessage;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.TransportConf;

/**
 * Configures Spark's transport for Kindling's connections, at both ends: with the timeouts, authentication and encryption of
 * the application's Spark settings. Settings of the transport module are {@code spark.kindling.io.*}.
 */
public final class Transport {
    private static final String MODULE = "kindling";
    private static final int THREADS = 2;

    private final TransportConf settings;
    private final TransportContext context;
    private final SecurityManager security;

    /**
     * Configures one end.
     *
     * @param handler receives the messages
     */
    public Transport(SparkConf spark, SecurityManager security, RpcHandler handler) {
        this.settings = settings(spark);
        this.context = new TransportContext(settings, handler, false);
        this.security = security;
    }

    /** Spark's settings of the module. Spark 4 has one more parameter, for the options of SSL, which is optional too. */
    private static TransportConf settings(SparkConf spark) {
        Method method = Arrays.stream(SparkTransportConf.class.getMethods())
                .filter(found -> found.getName().equals("fromSparkConf"))
                .findFirst()
                .orElseThrow();
        Object[] arguments = new Object[method.getParameterCount()];
        Arrays.fill(arguments, scala.Option.empty());
        arguments[0] = spark;
        arguments[1] = MODULE;
        arguments[2] = THREADS;
        try {
            return (TransportConf) method.invoke(null, arguments);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("Spark's transport cannot be configured: " + e.getMessage(), e);
        }
    }

    /**
     * Sends a message that has no response: {@code TransportClient.send}, whose type of result differs between versions of
     * Spark. A failure closes the connection, which both ends notice.
     */
    @SuppressWarnings("FutureReturnValueIgnored")
    public static void send(TransportClient client, byte[] message) {
        client.getChannel().writeAndFlush(new OneWayMessage(new NioManagedBuffer(ByteBuffer.wrap(message))));
    }

    /** Creates clients and servers. */
    public TransportContext context() {
        return context;
    }

    /**
     * The key of a worker job's handshake: its secret, or if Spark authenticates connections, a key derived from the secret and
     * Spark's own secret, which is not part of the job.
     *
     * @param secret of the worker job, in hexadecimal digits
     */
    public byte[] key(String secret) {
        byte[] jobSecret = HexFormat.of().parseHex(secret);
        return security.isAuthenticationEnabled()
                ? Handshake.mac(security.getSecretKey().getBytes(StandardCharsets.UTF_8), jobSecret)
                : jobSecret;
    }

    /** The steps of a client before its first message. */
    List<TransportClientBootstrap> clientBootstraps(String application) {
        return security.isAuthenticationEnabled()
                ? List.of(new AuthClientBootstrap(settings, application, security))
                : List.of();
    }

    /** The steps of a server before it accepts the first message, after the given ones. */
    public List<TransportServerBootstrap> serverBootstraps(List<TransportServerBootstrap> first) {
        List<TransportServerBootstrap> bootstraps = new ArrayList<>(first);
        if (security.isAuthenticationEnabled()) {
            bootstraps.add(new AuthServerBootstrap(settings, security));
        }
        return bootstraps;
    }
}
