package dev.kindling.driver.chaos;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;

/**
 * Relays TCP connections from a port of one address to the same port of another. It can stop to relay, one connection or all
 * of them, without ending any: then neither end hears of the other, as behind a router that drops packets. Thread-safe.
 */
final class Relay implements AutoCloseable {
    private static final int BUFFER = 1 << 16;
    private static final int MOST_RECORDED = 1 << 16;

    private final String to;
    private final ServerSocket server;
    private final List<Connection> connections = new CopyOnWriteArrayList<>();
    private boolean cut;
    private boolean closed;

    /** A relay between two addresses of this machine. */
    Relay(String from, String to, int port) {
        this.to = to;
        try {
            this.server = new ServerSocket(port, 0, InetAddress.getByName(from));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot relay from " + from + ":" + port + ": " + e.getMessage(), e);
        }
        start(this::accept);
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "relay");
        thread.setDaemon(true);
        thread.start();
    }

    /** A connection that is relayed. */
    final class Connection {
        private final Socket client;
        private final Socket driver;
        private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
        private boolean interrupted;

        private Connection(Socket client, Socket driver) {
            this.client = client;
            this.driver = driver;
        }

        /** Stops to relay it. */
        void interrupt() {
            change(true);
        }

        /** Relays what has come meanwhile and what comes from now on. */
        void restore() {
            change(false);
        }

        private void change(boolean now) {
            synchronized (Relay.this) {
                interrupted = now;
                Relay.this.notifyAll();
            }
        }

        /** What the client has sent first. */
        byte[] sent() {
            synchronized (sent) {
                return sent.toByteArray();
            }
        }

        boolean isOpen() {
            return !client.isClosed();
        }

        private void relay(Socket from, Socket to) {
            byte[] buffer = new byte[BUFFER];
            try (from;
                    to) {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                    record(from, buffer, count);
                    awaitRelaying(() -> interrupted);
                    out.write(buffer, 0, count);
                }
                awaitRelaying(() -> interrupted);
            } catch (IOException e) {
                // One of the ends is gone; so is the other now.
            }
        }

        private void record(Socket from, byte[] buffer, int count) {
            synchronized (sent) {
                if (from == client && sent.size() < MOST_RECORDED) {
                    sent.write(buffer, 0, count);
                }
            }
        }
    }

    /** Waits while neither end may hear of the other. */
    private synchronized void awaitRelaying(BooleanSupplier interrupted) throws IOException {
        try {
            while ((cut || interrupted.getAsBoolean()) && !closed) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                awaitRelaying(() -> false);
                connect(client);
            }
        } catch (IOException e) {
            // It has been closed.
        }
    }

    private void connect(Socket client) throws IOException {
        try {
            Socket driver = new Socket(to, server.getLocalPort());
            Connection connection = new Connection(client, driver);
            connections.add(connection);
            start(() -> connection.relay(client, driver));
            start(() -> connection.relay(driver, client));
        } catch (IOException e) {
            client.close();
        }
    }

    int port() {
        return server.getLocalPort();
    }

    /** Those that are open, oldest first. */
    List<Connection> open() {
        return connections.stream().filter(Connection::isOpen).toList();
    }

    /** Stops to relay all connections, and takes new ones without relaying them. */
    synchronized void cut() {
        cut = true;
    }

    /** Relays all connections again. */
    synchronized void restore() {
        cut = false;
        notifyAll();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        try {
            server.close();
            for (Connection connection : connections) {
                connection.client.close();
                connection.driver.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
