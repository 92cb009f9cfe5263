package dev.kindling.driver.chaos;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Attacks the driver's port for workers without knowledge of any secret. The driver must close each connection, and may
 * send nothing but a challenge on it; Fault otherwise.
 */
final class Attacker {
    private static final int ADDRESSES = 20;
    /** Longer than the time limit of the driver for authentication. */
    private static final int LONGEST_MILLIS = 40_000;

    private static final int MOST_RECEIVED = 600;
    private static final int LONGEST_FRAME = 64 * 1024;
    private static final long[] LENGTHS = {
        Long.MIN_VALUE, -1, 0, 7, LONGEST_FRAME + 1, Integer.MAX_VALUE, 1L << 31, 1L << 40, Long.MAX_VALUE
    };

    private final int port;
    private final long seed;
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicReference<Fault> fault = new AtomicReference<>();

    Attacker(int port, long seed) {
        this.port = port;
        this.seed = seed;
    }

    /** One attack, which is repeated with further random numbers. */
    @FunctionalInterface
    private interface Attack {
        void run(SplittableRandom random) throws IOException;
    }

    /** The number of connections made so far. */
    int connections() {
        return connections.get();
    }

    /** Connects from one of several addresses, since the driver limits the connections of each. */
    private Socket connect(SplittableRandom random) throws IOException {
        InetAddress from = InetAddress.getByAddress(new byte[] {127, 0, 1, (byte) (1 + random.nextInt(ADDRESSES))});
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port, from, 0);
        socket.setSoTimeout(LONGEST_MILLIS);
        connections.incrementAndGet();
        return socket;
    }

    private void send(SplittableRandom random, byte[] bytes) throws IOException {
        try (Socket socket = connect(random)) {
            try {
                socket.getOutputStream().write(bytes);
            } catch (IOException e) {
                // The driver has closed the connection before it had read everything.
            }
            requireEnded(socket);
        }
    }

    private static void requireEnded(Socket socket) {
        try {
            InputStream in = socket.getInputStream();
            String received = new String(in.readNBytes(MOST_RECEIVED), StandardCharsets.US_ASCII);
            Fault.unless(
                    received.length() < MOST_RECEIVED, "an attacker received " + received.replaceAll("[^ -~]+", " "));
        } catch (SocketTimeoutException e) {
            throw new Fault("an attacker's connection was not ended within " + LONGEST_MILLIS + " ms", e);
        } catch (IOException e) {
            // The driver has reset the connection, which closes it too.
        }
    }

    /** Sends frames whose headers declare invalid lengths. */
    void declareLengths() {
        SplittableRandom random = new SplittableRandom(seed);
        each(() -> {
            for (long length : LENGTHS) {
                send(random, ByteBuffer.allocate(24).putLong(length).array());
            }
        });
    }

    /** Replays the recorded bytes of an executor: all of them, the handshake alone, and all without the handshake. */
    void replay(byte[] sent) {
        SplittableRandom random = new SplittableRandom(seed + 1);
        each(() -> {
            send(random, sent);
            send(random, Arrays.copyOf(sent, handshakeLength(sent)));
            send(random, Arrays.copyOfRange(sent, handshakeLength(sent), sent.length));
        });
    }

    /** Replays the recorded bytes of an executor with one bit of the first handshake frame flipped. */
    void replayDamaged(byte[] sent) {
        SplittableRandom random = new SplittableRandom(seed + 2);
        each(() -> {
            for (int i = 0; i < 20; i++) {
                byte[] damaged = sent.clone();
                damaged[Long.BYTES + random.nextInt(handshakeLength(sent) - Long.BYTES)] ^=
                        (byte) (1 << random.nextInt(Byte.SIZE));
                send(random, damaged);
            }
        });
    }

    /** The length of the first frame, the start of the handshake. */
    private static int handshakeLength(byte[] sent) {
        return (int) ByteBuffer.wrap(sent).getLong();
    }

    /** An action on connections, which may throw IOException. */
    @FunctionalInterface
    private interface Sending {
        void send() throws IOException;
    }

    private static void each(Sending sending) {
        try {
            sending.send();
        } catch (IOException e) {
            throw new Fault("an attacker cannot connect: " + e.getMessage(), e);
        }
    }

    /**
     * Holds idle connections, sends handshakes slowly, and sends random bytes, all at the same time.
     *
     * @param millis duration in milliseconds
     * @param meanwhile runs on this thread during the attacks
     */
    void flood(long millis, Runnable meanwhile) {
        long end = System.nanoTime() + millis * 1_000_000;
        List<Socket> idle = new ArrayList<>();
        List<Thread> threads = List.of(
                repeat(end, 3, random -> {
                    idle.add(connect(random));
                    Await.pause(10);
                }),
                repeat(end, 4, this::sendHandshakeSlowly),
                repeat(end, 5, this::sendHandshakeSlowly),
                repeat(end, 6, this::sendGarbage));
        meanwhile.run();
        for (Thread thread : threads) {
            join(thread);
        }
        for (Socket socket : idle) {
            each(() -> {
                try (socket) {
                    requireEnded(socket);
                }
            });
        }
        if (fault.get() != null) {
            throw fault.get();
        }
    }

    private Thread repeat(long end, int number, Attack attack) {
        SplittableRandom random = new SplittableRandom(seed + number);
        Thread thread = new Thread(() -> {
            try {
                while (System.nanoTime() < end) {
                    attack.run(random);
                }
            } catch (IOException e) {
                fault.set(new Fault("an attacker cannot connect: " + e.getMessage(), e));
            } catch (Fault e) {
                fault.set(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Fault("interrupted", e);
        }
    }

    /** Sends a frame of valid length one byte at a time, which would take about an hour. */
    private void sendHandshakeSlowly(SplittableRandom random) throws IOException {
        try (Socket socket = connect(random)) {
            long end = System.nanoTime() + LONGEST_MILLIS * 1_000_000L;
            try {
                socket.getOutputStream()
                        .write(ByteBuffer.allocate(Long.BYTES)
                                .putLong(LONGEST_FRAME)
                                .array());
                while (System.nanoTime() < end) {
                    socket.getOutputStream().write(random.nextInt());
                    Await.pause(50);
                }
            } catch (IOException e) {
                return;
            }
            throw new Fault("a slow handshake was not ended within " + LONGEST_MILLIS + " ms");
        }
    }

    /** Sends random bytes, half of the time with a valid frame length. */
    private void sendGarbage(SplittableRandom random) throws IOException {
        byte[] garbage = new byte[Long.BYTES + 1 + random.nextInt(2000)];
        random.nextBytes(garbage);
        if (random.nextBoolean()) {
            ByteBuffer.wrap(garbage).putLong(garbage.length).put((byte) random.nextInt(12));
        }
        send(random, garbage);
    }
}
