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
 * Who holds a run, as {@code .lock} says it.
 *
 * @param host its machine
 * @param pid its process there
 * @param start when that process began; empty where the system does not say
 * @param nonce of this taking of the lock: no two are the same
 * @param renewed when it last said that it is alive, by its own clock
 */
record LockOwner(String host, long pid, Optional<Instant> start, String nonce, Instant renewed) {
    /** Two readings of one process's beginning may differ by what the clock was set in between. */
    private static final Duration SAME_START = Duration.ofSeconds(10);

    /** The host where a machine does not know its name. */
    private static final String NAMELESS = "unknown";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** This process, taking a lock. */
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
            return NAMELESS;
        }
    }

    LockOwner renewed(Instant now) {
        return new LockOwner(host, pid, start, nonce, now);
    }

    /** What this machine knows about the owner's process. */
    enum Process {
        ALIVE,
        DEAD,
        /** Of another machine, or its number belongs to a process that began at another time, or the clock was set. */
        UNKNOWN
    }

    /** Looks for its process on this machine. */
    Process process() {
        if (!isOf(thisHost())) {
            return Process.UNKNOWN;
        }
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .map(process -> couldBe(process.info().startInstant()) ? Process.ALIVE : Process.UNKNOWN)
                .orElse(Process.DEAD);
    }

    /** Whether it is a process of the machine of that name; a name that every machine may have is nobody's. */
    boolean isOf(String machine) {
        return host.equals(machine) && !host.equals(NAMELESS) && !host.startsWith("localhost");
    }

    private boolean couldBe(Optional<Instant> other) {
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

    /** The owner that a lock's bytes name; empty where they are incomplete, as while it is being written. */
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
