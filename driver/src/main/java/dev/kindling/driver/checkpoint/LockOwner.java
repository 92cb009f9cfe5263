package dev.kindling.driver.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;

/**
 * The process that holds a run's lock: the content of {@code .lock}.
 *
 * @param host name of its machine
 * @param pid process id on that machine
 * @param start start time of the process; empty where the operating system does not report it
 * @param nonce unique to each acquisition of a lock
 * @param renewed time of the last renewal, by the owner's clock
 */
record LockOwner(String host, long pid, Optional<Instant> start, String nonce, Instant renewed) {
    /** Two readings of a process's start time may differ by adjustments of the clock in between. */
    private static final Duration SAME_START = Duration.ofSeconds(10);

    /** The host of a machine that cannot resolve its own name. */
    private static final String UNKNOWN_HOST = "unknown";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** This process, acquiring a lock. */
    static LockOwner here(Instant now) {
        ProcessHandle process = ProcessHandle.current();
        return new LockOwner(
                thisHost(),
                process.pid(),
                process.info().startInstant(),
                UUID.randomUUID().toString(),
                now);
    }

    private static String thisHost() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return UNKNOWN_HOST;
        }
    }

    LockOwner renewed(Instant now) {
        return new LockOwner(host, pid, start, nonce, now);
    }

    /** The state of the owner's process as far as this machine can observe it. */
    enum Process {
        ALIVE,
        DEAD,
        /** On another machine, or the process of that id started at another time, or the clock was adjusted. */
        UNKNOWN
    }

    /** The state of the process, looked up on this machine. */
    Process process() {
        if (!isOf(thisHost())) {
            return Process.UNKNOWN;
        }
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .map(process -> mayHaveStartedAt(process.info().startInstant()) ? Process.ALIVE : Process.UNKNOWN)
                .orElse(Process.DEAD);
    }

    /** Whether it runs on the machine of that name; false for names that any machine may have, such as localhost. */
    boolean isOf(String machine) {
        return host.equals(machine) && !host.equals(UNKNOWN_HOST) && !host.startsWith("localhost");
    }

    private boolean mayHaveStartedAt(Optional<Instant> other) {
        return start.isEmpty()
                || other.isEmpty()
                || Duration.between(start.get(), other.get()).abs().compareTo(SAME_START) <= 0;
    }

    byte[] bytes() {
        var node = JSON.createObjectNode().put("host", host).put("pid", pid);
        start.ifPresentOrElse(instant -> node.put("start", instant.toString()), () -> node.putNull("start"));
        node.put("nonce", nonce).put("renewed", renewed.toString());
        try {
            return (JSON.writeValueAsString(node) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The owner in a lock file's bytes; empty if they are incomplete, as during a write. */
    static Optional<LockOwner> of(byte[] bytes) {
        try {
            JsonNode node = JSON.readTree(new String(bytes, StandardCharsets.UTF_8));
            if (!node.path("nonce").isTextual()) {
                return Optional.empty();
            }
            return Optional.of(new LockOwner(
                    node.path("host").asText(),
                    node.path("pid").asLong(),
                    Optional.ofNullable(node.path("start").textValue()).map(Instant::parse),
                    node.path("nonce").asText(),
                    Instant.parse(node.path("renewed").asText())));
        } catch (JsonProcessingException | DateTimeException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return "process " + pid + " on " + host + ", last heard of at " + renewed.truncatedTo(ChronoUnit.SECONDS);
    }
}
