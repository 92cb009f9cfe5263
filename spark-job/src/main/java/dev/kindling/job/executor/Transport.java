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
 * Spark's own transport for connections of Kindling's: with the time-outs, the authentication and the encryption that
 * the application has set for Spark's. Keys of the module are {@code spark.kindling.io.*}. For both ends.
 */
public final class Transport {
    private static final String MODULE = "kindling";
    private static final int THREADS = 2;

    private final TransportConf settings;
    private final TransportContext context;
    private final SecurityManager security;

    /**
     * One end.
     *
     * @param handler of the messages that arrive
     */
    public Transport(SparkConf spark, SecurityManager security, RpcHandler handler) {
        this.settings = SparkTransportConf.fromSparkConf(spark, MODULE, THREADS, scala.Option.empty());
        this.context = new TransportContext(settings, handler, false);
        this.security = security;
    }

    /** Makes and accepts connections. */
    public TransportContext context() {
        return context;
    }

    /**
     * The key of handshakes for a worker job. Where Spark authenticates, what travels with the job is no key without Spark's
     * own secret, which does not travel with it.
     *
     * @param secret of the worker job, in hexadecimal digits
     */
    public byte[] key(String secret) {
        byte[] own = HexFormat.of().parseHex(secret);
        return security.isAuthenticationEnabled()
                ? Handshake.mac(security.getSecretKey().getBytes(StandardCharsets.UTF_8), own)
                : own;
    }

    /** What a client does before its first message. */
    List<TransportClientBootstrap> clientBootstraps(String application) {
        return security.isAuthenticationEnabled()
                ? List.of(new AuthClientBootstrap(settings, application, security))
                : List.of();
    }

    /** What a server asks for before it takes the first message; those given come first. */
    public List<TransportServerBootstrap> serverBootstraps(List<TransportServerBootstrap> own) {
        List<TransportServerBootstrap> bootstraps = new ArrayList<>(own);
        if (security.isAuthenticationEnabled()) {
            bootstraps.add(new AuthServerBootstrap(settings, security));
        }
        return bootstraps;
    }
}
