package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.RoundRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.protocol.HdfsConstants.SafeModeAction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests a run on an HDFS that is in safe mode, and so read-only, for a while. */
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SafeModeTest {
    @TempDir
    private Path temporary;

    @Test
    void aFileSystemInSafeModeEndsWithThreeAndTheRunIsResumedAfterwards() throws IOException {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted");
        assertThat(uninterrupted.train().code()).isZero();
        Configuration hadoop = new Configuration();
        hadoop.set(
                MiniDFSCluster.HDFS_MINIDFS_BASEDIR, temporary.resolve("hdfs").toString());
        try (MiniDFSCluster cluster =
                new MiniDFSCluster.Builder(hadoop).numDataNodes(1).build()) {
            cluster.waitActive();
            DistributedFileSystem files = cluster.getFileSystem();
            String run = cluster.getURI() + "/runs/run";
            files.setSafeMode(SafeModeAction.SAFEMODE_ENTER);
            assertRefused(train(uninterrupted, run, request -> {}));
            files.setSafeMode(SafeModeAction.SAFEMODE_LEAVE);
            assertRefused(train(uninterrupted, run, request -> enterInRound(10, request, files)));
            files.setSafeMode(SafeModeAction.SAFEMODE_LEAVE);
            // The lock could not be removed, and its owner, this process, is still alive, unlike a driver that has
            // ended.
            assertThat(files.delete(new org.apache.hadoop.fs.Path(run, ".lock"), false))
                    .isTrue();
            Outcome end = train(uninterrupted, run, request -> {});
            assertThat(end.code()).as(end.err()).isZero();
            for (String name : List.of(
                    "model/theta.safetensors", "checkpoints/00000024/optimizer.safetensors", "evaluation.json")) {
                try (FSDataInputStream in = files.open(new org.apache.hadoop.fs.Path(run, name))) {
                    assertThat(in.readAllBytes()).as(name).isEqualTo(Files.readAllBytes(uninterrupted.file(name)));
                }
            }
        }
    }

    private static void enterInRound(long round, RoundRequest request, DistributedFileSystem files) {
        if (request.program().equals("train") && request.specs().get(0).round() == round) {
            try {
                files.setSafeMode(SafeModeAction.SAFEMODE_ENTER);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static Outcome train(TinyRun job, String place, Consumer<RoundRequest> watcher) {
        List<String> args = new ArrayList<>(job.args("--resume"));
        args.set(args.indexOf("--out") + 1, place);
        return CommandLineForTests.on((work, settings) -> new WatchedCluster(work, 1, watcher), new Signals(), args);
    }

    private static void assertRefused(Outcome outcome) {
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(3);
        assertThat(outcome.err().strip().lines()).as(outcome.err()).hasSize(1);
        assertThat(outcome.err()).startsWith("cannot write hdfs://").containsIgnoringCase("safe mode");
    }
}
