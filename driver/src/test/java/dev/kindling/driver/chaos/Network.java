package dev.kindling.driver.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The network between a driver and its executors: the driver listens at one address of this machine and tells executors
 * another, where relays listen for each of its ports.
 */
final class Network implements AutoCloseable {
    /** Where the driver listens. */
    static final String DRIVER = "127.0.0.1";

    private static final String TOLD = "127.0.0.2";

    private final Path root;
    private final Relay workers = relay();
    private final Relay rpc = relay();
    private final Relay blocks = relay();

    /** @param root of the project */
    Network(Path root) {
        this.root = root;
    }

    private static Relay relay() {
        try (ServerSocket free = new ServerSocket(0, 0, InetAddress.getLoopbackAddress())) {
            return new Relay(TOLD, DRIVER, free.getLocalPort());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a start needs to use it; its log has Kindling's lines. */
    Map<String, String> environment() {
        return Map.of(
                "KINDLING_JAVA_OPTS",
                String.join(
                        " ",
                        "-Dspark.driver.bindAddress=" + DRIVER,
                        "-Dspark.driver.host=" + TOLD,
                        "-Dspark.driver.port=" + rpc.port(),
                        "-Dspark.driver.blockManager.port=" + blocks.port(),
                        "-Dspark.ui.enabled=false",
                        Start.logging(root)));
    }

    /** What a start is told beside. */
    String[] settings() {
        return new String[] {"--set", "run.checkpoint-every=500", "--set", "cluster.port=" + workers.port()};
    }

    /** The relay of the connections over which resident workers work. */
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
