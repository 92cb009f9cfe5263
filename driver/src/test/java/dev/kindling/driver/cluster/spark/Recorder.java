package dev.kindling.driver.cluster.spark;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** A proxy that forwards connections to another port and records their bytes. */
final class Recorder implements AutoCloseable {
    private final ServerSocket server;
    private final int port;
    private final List<byte[]> sent;
    private final List<Thread> threads = new ArrayList<>();

    /**
     * Begins to forward.
     *
     * @param port to which
     * @param sent is given at the end, for each connection, what its client sent and then what its server sent
     */
    Recorder(int port, List<byte[]> sent) throws IOException {
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        this.port = port;
        this.sent = sent;
        start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                Socket driver = new Socket(InetAddress.getLoopbackAddress(), port);
                ByteArrayOutputStream out = new ByteArrayOutputStream();
                ByteArrayOutputStream back = new ByteArrayOutputStream();
                List<Thread> both =
                        List.of(start(() -> forward(client, driver, out)), start(() -> forward(driver, client, back)));
                start(() -> keep(both, out, back));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private synchronized Thread start(Runnable work) {
        Thread thread = new Thread(work, "recorder");
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
        return thread;
    }

    private static void forward(Socket from, Socket to, ByteArrayOutputStream copy) {
        byte[] buffer = new byte[1 << 12];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                copy.write(buffer, 0, count);
                out.write(buffer, 0, count);
            }
        } catch (IOException e) {
            // One of the two has ended it.
        }
    }

    private void keep(List<Thread> both, ByteArrayOutputStream out, ByteArrayOutputStream back) {
        try {
            for (Thread thread : both) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (sent) {
            sent.add(out.toByteArray());
            sent.add(back.toByteArray());
        }
    }

    private synchronized List<Thread> threads() {
        return List.copyOf(threads);
    }

    /** Ends when all connections have ended. */
    @Override
    public void close() {
        try {
            server.close();
            for (Thread thread : threads()) {
                thread.join();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
