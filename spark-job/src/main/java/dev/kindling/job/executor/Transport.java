package dev.kindling.job.executor;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.netty.SparkTransportConf;
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
        this.settings = SparkTransportConf.fromSparkConf(spark, MODULE, THREADS, scala.Option.empty());
        this.context = new TransportContext(settings, handler, false);
        this.security = security;
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
