package dev.kindling.driver.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Routes all connections between a driver and its executors through relays. The driver listens on one loopback address
 * and advertises another, on which a relay listens for each of its ports.
 */
final class Network implements AutoCloseable {
    /** The address on which the driver listens. */
    static final String DRIVER = "127.0.0.1";

    private static final String ADVERTISED = "127.0.0.2";

    private final Path root;
    private final Relay workers = relay();
    private final Relay rpc = relay();
    private final Relay blocks = relay();

    /** @param root folder of the project */
    Network(Path root) {
        this.root = root;
    }

    private static Relay relay() {
        try (ServerSocket free = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
            return new Relay(ADVERTISED, DRIVER, free.getLocalPort());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The variables of the environment with which a start uses the relays and logs Kindling's messages. */
    Map<String, String> environment() {
        return Map.of(
                "KINDLING_JAVA_OPTS",
                String.join(
                        " ",
                        "-Dspark.driver.bindAddress=" + DRIVER,
                        "-Dspark.driver.host=" + ADVERTISED,
                        "-Dspark.driver.port=" + rpc.port(),
                        "-Dspark.driver.blockManager.port=" + blocks.port(),
                        "-Dspark.ui.enabled=false",
                        Start.logging(root)));
    }

    /** The arguments with which a start uses the relay of the workers. */
    String[] settings() {
        return new String[] {"--set", "run.checkpoint-every=500", "--set", "cluster.port=" + workers.port()};
    }

    /** The relay of the connections of persistent workers. */
    Relay workers() {
        return workers;
    }

    /** The relays of all ports of the driver. */
    List<Relay> all() {
        return List.of(workers, rpc, blocks);
    }

    @Override
    public void close() {
        all().forEach(Relay::close);
    }
}
