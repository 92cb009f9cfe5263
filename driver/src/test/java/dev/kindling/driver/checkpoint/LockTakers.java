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
 * Processes that all try to take over the locks of dead drivers at the same moments, and who got them.
 *
 * @param processes how many JVMs
 * @param threads how many takers in each
 * @param locks how many locks, one after the other
 */
public record LockTakers(int processes, int threads, int locks) {
    private static final String DONE = "done";
    private static final long PERIOD_MILLIS = 10;
    private static final long LEAD_MILLIS = 200;
    private static final long NOBODYS_PID = 0x7ffffff0L;

    /** How many takers got each of the locks, which are made in a folder that is empty. */
    public List<Integer> race(Path folder) throws IOException, InterruptedException {
        for (int i = 0; i < locks; i++) {
            Path run = Files.createDirectories(folder.resolve("run-" + i));
            Files.write(
                    run.resolve(RunLock.NAME),
                    new LockOwner(
                                    LockOwner.here(Instant.now()).host(),
                                    NOBODYS_PID,
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
        List<BufferedReader> said = new ArrayList<>();
        for (Process child : children) {
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
            said.add(reader);
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
        for (BufferedReader reader : said) {
            for (String line = reader.readLine(); !DONE.equals(line); line = reader.readLine()) {
                winners[Integer.parseInt(line)]++;
            }
        }
        // Nobody ends before all have tried: what a process that has ended holds may be taken.
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

        /** Says that it is ready, reads when to begin, and says the number of each lock that it got. */
        public static void main(String[] args) throws IOException, InterruptedException {
            Taker taker = new Taker(AtomicDirectory.at(args[0], new Configuration()), Integer.parseInt(args[2]));
            int threads = Integer.parseInt(args[1]);
            // Classes are loaded by a turn of its own.
            String own = "warm-" + ProcessHandle.current().pid();
            RunLock.take(taker.folder.child(own), InstantSource.system()).close();
            System.out.println("ready");
            BufferedReader told = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            long begin = Long.parseLong(told.readLine());
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
            System.exit(told.readLine() == null ? 0 : 1);
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
                    // Somebody else has it.
                } catch (UncheckedIOException e) {
                    System.err.println(e.getMessage());
                }
            }
        }
    }
}
