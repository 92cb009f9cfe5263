package dev.kindling.driver.checkpoint;

import dev.kindling.driver.storage.AtomicDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.apache.hadoop.conf.Configuration;

/**
 * Processes that concurrently try to take over the locks of dead drivers, and the number of successes for each lock.
 *
 * @param processes number of JVMs
 * @param threads number of threads in each
 * @param locks number of locks, one after the other
 */
public record LockTakers(int processes, int threads, int locks) {
    private static final String DONE = "done";
    private static final long PERIOD_MILLIS = 10;
    private static final long LEAD_MILLIS = 200;
    private static final long DEAD_PID = 0x7ffffff0L;

    /** The number of threads that acquired each lock; the locks are created in an empty folder. */
    public List<Integer> race(Path folder) throws IOException, InterruptedException {
        for (int i = 0; i < locks; i++) {
            Path run = Files.createDirectories(folder.resolve("run-" + i));
            Files.write(
                    run.resolve(RunLock.NAME),
                    new LockOwner(
                                    LockOwner.here(Instant.now()).host(),
                                    DEAD_PID,
                                    Optional.empty(),
                                    UUID.randomUUID().toString(),
                                    Instant.now())
                            .bytes());
        }
        List<Process> children = new ArrayList<>();
        for (int i = 0; i < processes; i++) {
            children.add(child(folder));
        }
        try {
            return winners(children);
        } finally {
            children.forEach(Process::destroyForcibly);
        }
    }

    private List<Integer> winners(List<Process> children) throws IOException, InterruptedException {
        List<BufferedReader> outputs = new ArrayList<>();
        for (Process child : children) {
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
            outputs.add(reader);
            if (!"ready".equals(reader.readLine())) {
                throw new IllegalStateException("a taker did not start");
            }
        }
        String begin = System.currentTimeMillis() + LEAD_MILLIS + "\n";
        for (Process child : children) {
            child.getOutputStream().write(begin.getBytes(StandardCharsets.UTF_8));
            child.getOutputStream().flush();
        }
        int[] winners = new int[locks];
        for (BufferedReader reader : outputs) {
            for (String line = reader.readLine(); !DONE.equals(line); line = reader.readLine()) {
                winners[Integer.parseInt(line)]++;
            }
        }
        // No process ends before all have tried: the lock of a process that ended may be taken over.
        for (Process child : children) {
            child.getOutputStream().close();
        }
        for (Process child : children) {
            if (child.waitFor() != 0) {
                throw new IllegalStateException("a taker ended with " + child.exitValue());
            }
        }
        return Arrays.stream(winners).boxed().toList();
    }

    private Process child(Path folder) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("--add-"))
                .forEach(command::add);
        command.addAll(List.of(
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Taker.class.getName(),
                folder.toString(),
                Integer.toString(threads),
                Integer.toString(locks)));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** One of the processes. */
    static final class Taker {
        private final AtomicDirectory folder;
        private final int locks;

        private Taker(AtomicDirectory folder, int locks) {
            this.folder = folder;
            this.locks = locks;
        }

        /** Prints "ready", reads the start time, and prints the index of each lock that it acquired. */
        public static void main(String[] args) throws IOException, InterruptedException {
            Taker taker = new Taker(AtomicDirectory.at(args[0], new Configuration()), Integer.parseInt(args[2]));
            int threads = Integer.parseInt(args[1]);
            // A warm-up acquisition loads the classes.
            String warmUp = "warm-" + ProcessHandle.current().pid();
            RunLock.take(taker.folder.child(warmUp), InstantSource.system()).close();
            System.out.println("ready");
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            long begin = Long.parseLong(input.readLine());
            CountDownLatch done = new CountDownLatch(threads);
            for (int i = 0; i < threads; i++) {
                new Thread(() -> {
                            taker.takeAll(begin);
                            done.countDown();
                        })
                        .start();
            }
            done.await();
            System.out.println(DONE);
            System.exit(input.readLine() == null ? 0 : 1);
        }

        private void takeAll(long begin) {
            for (int i = 0; i < locks; i++) {
                AtomicDirectory run = folder.child("run-" + i);
                while (System.currentTimeMillis() < begin + i * PERIOD_MILLIS) {
                    Thread.onSpinWait();
                }
                try {
                    RunLock.take(run, InstantSource.system());
                    System.out.println(i);
                } catch (IllegalArgumentException e) {
                    // Another driver holds it.
                } catch (UncheckedIOException e) {
                    System.err.println(e.getMessage());
                }
            }
        }
    }
}
