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
 * Relays TCP connections from a port of one address to the same port of another. It can interrupt one connection or all
 * of them without closing any: then neither end receives data, as with a router that drops packets. Thread-safe.
 */
final class Relay implements AutoCloseable {
    private static final int BUFFER = 1 << 16;
    private static final int MOST_RECORDED = 1 << 16;

    private final String to;
    private final ServerSocket server;
    private final List<Connection> connections = new CopyOnWriteArrayList<>();
    private boolean cut;
    private boolean closed;

    /** Starts a relay between two addresses of this machine. */
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

    /** Relays one connection, and records the first bytes that the client sends. */
    final class Connection {
        private final Socket client;
        private final Socket driver;
        private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
        private boolean interrupted;

        private Connection(Socket client, Socket driver) {
            this.client = client;
            this.driver = driver;
        }

        /** Interrupts the connection without closing it. */
        void interrupt() {
            change(true);
        }

        /** Ends the interruption; data that has arrived meanwhile is relayed too. */
        void restore() {
            change(false);
        }

        private void change(boolean now) {
            synchronized (Relay.this) {
                interrupted = now;
                Relay.this.notifyAll();
            }
        }

        /** The recorded first bytes that the client has sent. */
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
                // One end has closed the connection; leaving the try statement closes the other.
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

    /** Waits while the relay or the connection is interrupted. */
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
            // The relay has been closed.
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

    /** The open connections, oldest first. */
    List<Connection> open() {
        return connections.stream().filter(Connection::isOpen).toList();
    }

    /** Interrupts all connections; new ones are accepted but not relayed. */
    synchronized void cut() {
        cut = true;
    }

    /** Ends the interruption of all connections. */
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
