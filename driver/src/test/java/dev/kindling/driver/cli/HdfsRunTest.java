package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.clusters.SmallImages;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests runs with data, checkpoints and model on HDFS, and a driver that is killed during one. */
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HdfsRunTest {
    private static final int ROUNDS = 40;
    /** The checkpoint that the driver has written before it is killed. */
    private static final String CHECKPOINT = "00000012";

    @TempDir
    private Path temporary;

    private MiniDFSCluster hdfs;
    private FileSystem files;

    @BeforeEach
    void start() throws IOException {
        Configuration hadoop = new Configuration();
        hadoop.set(
                MiniDFSCluster.HDFS_MINIDFS_BASEDIR, temporary.resolve("hdfs").toString());
        hdfs = new MiniDFSCluster.Builder(hadoop).numDataNodes(2).build();
        hdfs.waitActive();
        files = hdfs.getFileSystem();
    }

    @AfterEach
    void stop() {
        hdfs.close();
    }

    private List<String> train(String data, String out) {
        List<String> args = new ArrayList<>(
                List.of("train", "--resume", "--conf", "../conf/omniglot-fc-5w1s-maml.conf", "--out", out));
        for (String set : List.of(
                "few-shot.data=" + data,
                "few-shot.image-size=12",
                "run.rounds=" + ROUNDS,
                "run.log-every=1",
                "run.checkpoint-every=2",
                "task.meta-batch-size=3",
                "evaluation.tasks=7",
                "evaluation.steps=2")) {
            args.addAll(List.of("--set", set));
        }
        return args;
    }

    /** Runs a command that must succeed, and returns its output. */
    private static String done(List<String> args) {
        Outcome outcome = CommandLineForTests.onThreads(1, args);
        assertThat(outcome.code()).as(outcome.err()).isZero();
        return outcome.out();
    }

    private byte[] bytes(String place) throws IOException {
        try (FSDataInputStream in = files.open(new org.apache.hadoop.fs.Path(place))) {
            return in.readAllBytes();
        }
    }

    private boolean exists(String place) throws IOException {
        return files.exists(new org.apache.hadoop.fs.Path(place));
    }

    @Test
    void aRunOnHdfsResumedAfterAKilledDriverEqualsAnUninterruptedRunOnALocalDisk()
            throws IOException, InterruptedException, JMException {
        Path images = Files.createDirectories(temporary.resolve("images"));
        SmallImages.write(images);
        Path uninterrupted = temporary.resolve("uninterrupted");
        var unused = done(train(images.toString(), uninterrupted.toString()));

        String data = hdfs.getURI() + "/data/images";
        String run = hdfs.getURI() + "/runs/run";
        files.mkdirs(new org.apache.hadoop.fs.Path("/data"));
        files.copyFromLocalFile(new org.apache.hadoop.fs.Path(images.toUri()), new org.apache.hadoop.fs.Path(data));
        killOnceAt(train(data, run), run + "/checkpoints/" + CHECKPOINT + "/manifest.json");
        assertThat(exists(run + "/.lock")).as("a dead driver's lock").isTrue();
        // Lock and configuration, then θ, moments, manifest and metrics of at least one checkpoint.
        assertThat(awaitSynced(6)).as("syncs to the disks of data nodes").isGreaterThanOrEqualTo(6);
        assertThat(new String(bytes(run + "/status.json"), StandardCharsets.UTF_8))
                .contains("\"running\"");
        assertThat(exists(run + "/evaluation.json")).isFalse();

        assertThat(done(train(data, run))).contains("resuming after ").doesNotContain("resuming after 0 rounds");
        assertSame(run, uninterrupted, "model/theta.safetensors");
        assertSame(run, uninterrupted, "checkpoints/000000" + ROUNDS + "/theta.safetensors");
        assertSame(run, uninterrupted, "checkpoints/000000" + ROUNDS + "/optimizer.safetensors");
        assertSame(run, uninterrupted, "evaluation.json");

        assertThat(files.delete(new org.apache.hadoop.fs.Path(run, "evaluation.json"), false))
                .isTrue();
        assertThat(done(List.of("evaluate", "--out", run))).contains("the evaluation is in " + run);
        assertSame(run, uninterrupted, "evaluation.json");
    }

    /** Waits up to half a minute until the expected number of blocks is synced, since Hadoop publishes counts with a delay of up to ten seconds; returns the last count. */
    private static long awaitSynced(long expected) throws JMException, InterruptedException {
        long count = synced();
        for (int i = 0; i < 150 && count < expected; i++) {
            Thread.sleep(200);
            count = synced();
        }
        return count;
    }

    /** The number of blocks that the data nodes have synced to their disks. */
    private static long synced() throws JMException {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        long count = 0;
        for (ObjectName node :
                server.queryNames(new ObjectName("Hadoop:service=DataNode,name=DataNodeActivity-*"), null)) {
            count += (Long) server.getAttribute(node, "FsyncCount");
        }
        return count;
    }

    private void killOnceAt(List<String> args, String place) throws IOException, InterruptedException {
        Path said = temporary.resolve("said");
        Process child = TrainInChild.start(args, said.toFile());
        try {
            while (!exists(place)) {
                assertThat(child.isAlive()).as(Files.readString(said)).isTrue();
                Thread.sleep(10);
            }
        } finally {
            child.destroyForcibly();
        }
        assertThat(child.waitFor()).as(Files.readString(said)).isEqualTo(128 + 9);
    }

    private void assertSame(String run, Path uninterrupted, String name) throws IOException {
        assertThat(bytes(run + "/" + name)).as(name).isEqualTo(Files.readAllBytes(uninterrupted.resolve(name)));
    }
}
