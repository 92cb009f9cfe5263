package dev.kindling.driver.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Runs the scenarios of storage faults: a full disk, a read-only disk, a removed run folder, and a power cut. */
final class DiskScenarios {
    private static final long ROUNDS = 600;
    private static final String[] KEEP_ALL = {"--set", "run.checkpoint-keep=1000"};
    private static final List<Integer> BAD_FILES = List.of(3);
    private static final Pattern REPORTED = Pattern.compile("the checkpoint after round (\\d+) is written");

    private DiskScenarios() {}

    /** Mounts a file system in memory, whose size and mode can be changed. */
    private record Disk(Path mount) implements AutoCloseable {
        static boolean isPossible(Path mount) {
            try {
                Files.createDirectories(mount);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            boolean possible =
                    Processes.run(List.of("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount.toString())) == 0;
            if (possible) {
                new Disk(mount).close();
            }
            return possible;
        }

        static Disk of(Path mount, String options) {
            Fault.unless(
                    Processes.run(List.of("mount", "-t", "tmpfs", "-o", options, "tmpfs", mount.toString())) == 0,
                    "the disk " + mount + " cannot be made");
            return new Disk(mount);
        }

        void become(String options) {
            Fault.unless(
                    Processes.run(List.of("mount", "-o", "remount," + options, mount.toString())) == 0,
                    "the disk " + mount + " does not become " + options);
        }

        @Override
        public void close() {
            Processes.run(List.of("umount", mount.toString()));
        }
    }

    /** Fills the disk at a random moment. */
    static List<Row> full(ChaosHarness harness) {
        String done = "a disk that is full after 40 to 900 KiB";
        Path mount = harness.work().resolve("disk");
        if (!Disk.isPossible(mount)) {
            return List.of(Row.skipped("disk-full", done, "only root can mount a small disk"));
        }
        int times = harness.times(5);
        String message = "";
        for (int i = 0; i < times; i++) {
            try (Disk disk = Disk.of(mount, "size=" + (40 + harness.draw(860)) + "k")) {
                RunFolder folder = new RunFolder(mount.resolve("run"));
                try (Start start = harness.start(folder, ROUNDS, "local[2]", ChaosHarness.PERSISTENT, KEEP_ALL)) {
                    message = start.mustFail(BAD_FILES);
                }
                Fault.unless(folder.state().equals("failed"), "status.json on a full disk says " + folder.state());
                disk.become("size=512m");
                harness.finish(folder, ROUNDS);
                harness.compare(folder, ROUNDS);
            }
        }
        return List.of(new Row("disk-full", done, times, "exit code 3: " + shortened(message, mount), Row.SAME));
    }

    private static String shortened(String message, Path mount) {
        return message.replace(mount.toString(), "DISK").replaceAll("\\d{8}", "NNNNNNNN");
    }

    /** Makes the disk read-only, once before the run and several times at a random moment. */
    static List<Row> readOnly(ChaosHarness harness) {
        return List.of(readOnlyFromTheBeginning(harness), readOnlyOnTheWay(harness));
    }

    private static Row readOnlyFromTheBeginning(ChaosHarness harness) {
        String done = "a folder on a read-only disk";
        Path mount = harness.work().resolve("disk");
        if (!Disk.isPossible(mount)) {
            return Row.skipped("disk-read-only", done, "only root can mount a small disk");
        }
        String message;
        try (Disk disk = Disk.of(mount, "size=512m,ro")) {
            RunFolder folder = new RunFolder(mount.resolve("run"));
            try (Start start = harness.start(folder, ROUNDS, "local[2]", ChaosHarness.PERSISTENT)) {
                message = start.mustFail(BAD_FILES);
            }
            disk.become("rw");
            harness.finish(folder, ROUNDS);
            harness.compare(folder, ROUNDS);
        }
        return new Row("disk-read-only", done, 1, "exit code 3: " + shortened(message, mount), Row.SAME);
    }

    private static Row readOnlyOnTheWay(ChaosHarness harness) {
        String done = "the run's folders made read-only at a random moment";
        int times = harness.times(3);
        String message = "";
        for (int i = 0; i < times; i++) {
            RunFolder folder = harness.folder("read-only");
            try (Start start = harness.start(folder, ROUNDS, "local[2]", ChaosHarness.PERSISTENT)) {
                start.reaches(1 + harness.draw(ROUNDS / 2));
                harness.pauseBelow(20);
                writable(folder.path(), false);
                message = start.mustFail(BAD_FILES);
            } finally {
                writable(folder.path(), true);
            }
            harness.finish(folder, ROUNDS);
            harness.compare(folder, ROUNDS);
        }
        return new Row("disk-read-only", done, times, "exit code 3: " + shortened(message, harness.work()), Row.SAME);
    }

    /** Changes permissions and the immutable attribute, since root ignores permissions but not that attribute. */
    private static void writable(Path path, boolean may) {
        for (Path one : folders(path)) {
            boolean permission = one.toFile().setWritable(may);
            int immutable = Processes.run(List.of("chattr", may ? "-i" : "+i", one.toString()));
            Fault.unless(permission || immutable == 0 || !Files.exists(one), "cannot change who may write to " + one);
        }
    }

    private static List<Path> folders(Path path) {
        try (Stream<Path> all = Files.walk(path, 2)) {
            return all.filter(Files::isDirectory)
                    .filter(one -> !one.getFileName().toString().matches("\\d+"))
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of(path);
        }
    }

    /** Removes the folder of a running run; without a checkpoint, the next start begins at round 0. */
    static List<Row> removed(ChaosHarness harness) {
        int times = harness.times(3);
        String message = "";
        for (int i = 0; i < times; i++) {
            RunFolder folder = harness.folder("removed");
            try (Start start = harness.start(folder, ChaosHarness.ENDLESS, "local[2]", ChaosHarness.PERSISTENT)) {
                start.reaches(1 + harness.draw(ROUNDS));
                harness.pauseBelow(20);
                folder.remove();
                message = start.mustFail(BAD_FILES);
            }
            folder.remove();
            harness.finish(folder, ROUNDS);
            harness.compare(folder, ROUNDS);
        }
        return List.of(new Row(
                "folder-removed",
                "the run's folder removed at a random moment",
                times,
                "the run; exit code 3: " + shortened(message, harness.work()),
                Row.SAME));
    }

    /**
     * Cuts the power at a random moment: kills the driver and discards all data that is not synced. Checkpoints that
     * the driver has reported as written must exist.
     */
    static List<Row> droppedWrites(ChaosHarness harness) {
        String done = "kill -9 of the driver and its disk as it was at that moment, without what was not synced";
        if (!DiskImage.isPossible(harness.work())) {
            return List.of(Row.skipped("dropped-writes", done, "only root can mount the image of a disk"));
        }
        int times = harness.times(5);
        long lost = 0;
        for (int i = 0; i < times; i++) {
            try (DiskImage disk = DiskImage.in(harness.work())) {
                RunFolder folder = new RunFolder(disk.mount().resolve("run"));
                long reported;
                try (Start start = harness.start(
                        Map.of("KINDLING_JAVA_OPTS", Start.logging(harness.root())),
                        folder,
                        ROUNDS,
                        "local[2]",
                        ChaosHarness.PERSISTENT)) {
                    start.reaches(1 + harness.draw(ROUNDS / 2));
                    harness.pauseBelow(20);
                    // The log and the copy of the disk must be of the same moment.
                    Processes.signal(start.process(), "STOP");
                    reported = reported(start);
                    disk.remember();
                    lost += folder.round();
                    start.kill();
                }
                disk.losePower();
                lost -= resume(harness, folder, reported);
                harness.compare(folder, ROUNDS);
            }
        }
        return List.of(new Row("dropped-writes", done, times, lost + " rounds done again", Row.SAME));
    }

    private static long reported(Start start) {
        return REPORTED.matcher(start.errors())
                .results()
                .mapToLong(match -> Long.parseLong(match.group(1)))
                .max()
                .orElse(0);
    }

    /** Resumes a run until its last round, and returns the round from which it was resumed. */
    private static long resume(ChaosHarness harness, RunFolder folder, long reported) {
        try (Start last = harness.start(folder, ROUNDS, "local[2]", ChaosHarness.PERSISTENT)) {
            last.mustEndWith(0);
            // A run that begins at round 0 logs no resumption.
            long from = Math.max(0, last.resumedAfter());
            Fault.unless(
                    from >= reported,
                    "resumed after " + from + " rounds, though the checkpoint after round " + reported
                            + " had been reported as written");
            return from;
        }
    }
}
