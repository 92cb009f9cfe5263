package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.clusters.SmallImages;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests the {@code pack} command and runs on its files. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PackCommandTest {
    @TempDir
    private Path temporary;

    private Path zip = Path.of("");
    private Path splits = Path.of("");

    @BeforeEach
    void images() throws IOException {
        SmallImages.write(temporary);
        zip = temporary.resolve("pictures.zip");
        splits = temporary.resolve("splits");
    }

    private static Outcome run(String... args) {
        return CommandLineForTests.onThreads(1, List.of(args));
    }

    private Outcome pack(Object to) {
        return run("pack", "--set", "few-shot.data=" + zip, "--set", "few-shot.split=" + splits, "--to", to.toString());
    }

    private Outcome train(String out, String... sets) throws IOException {
        Path job = Files.writeString(temporary.resolve("job.conf"), """
                run { rounds = 3, log-every = 1, validate-every = 2 }
                validation.tasks = 4
                task { source = few-shot, meta-batch-size = 2, support = 1, query = 2 }
                few-shot.ways = 3
                model.network = omniglot-fc
                algorithm.inner-learning-rate = 0.1
                evaluation { tasks = 4, steps = 1 }
                """);
        List<String> args = new ArrayList<>(List.of(
                "train",
                "--conf",
                job.toString(),
                "--out",
                temporary.resolve(out).toString()));
        for (String set : sets) {
            args.addAll(List.of("--set", set));
        }
        return run(args.toArray(String[]::new));
    }

    @Test
    void aRunOnAPackEqualsTheRunOnItsOriginalAndCanBeResumedWithIt() throws IOException {
        Path file = temporary.resolve("pictures.npz");
        Outcome packed = pack(file);
        assertThat(packed.code()).as(packed.err()).isZero();
        assertThat(packed.out())
                .contains("packed 72 images of 18 classes, 28 x 28 with 1 channel", "hash of the originals: ");
        Outcome first = train("first", "few-shot.data=" + zip, "few-shot.split=" + splits);
        assertThat(first.code()).as(first.err()).isZero();
        Outcome second = train("second", "few-shot.data=" + file, "few-shot.memory=10000");
        assertThat(second.code()).as(second.err()).isZero();
        for (String name : List.of("model/theta.safetensors", "evaluation.json")) {
            assertThat(temporary.resolve("second").resolve(name))
                    .hasSameBinaryContentAs(temporary.resolve("first").resolve(name));
        }
        Outcome longer = run(
                "train",
                "--resume",
                "--out",
                temporary.resolve("first").toString(),
                "--set",
                "run.rounds=4",
                "--set",
                "few-shot.data=" + file,
                "--set",
                "few-shot.split=");
        assertThat(longer.code()).as(longer.err()).isZero();
        assertThat(longer.out()).contains("resuming after 3 rounds");
    }

    @Test
    void aPackMayBeOnAnyFileSystem() throws IOException {
        Configuration hadoop = new Configuration();
        hadoop.set(
                MiniDFSCluster.HDFS_MINIDFS_BASEDIR, temporary.resolve("hdfs").toString());
        try (MiniDFSCluster cluster =
                new MiniDFSCluster.Builder(hadoop).numDataNodes(1).build()) {
            cluster.waitActive();
            String file = cluster.getURI() + "/sets/pictures.npz";
            Outcome packed = pack(file);
            assertThat(packed.code()).as(packed.err()).isZero();
            Outcome there = train("there", "few-shot.data=" + file);
            assertThat(there.code()).as(there.err()).isZero();
            Outcome lazily = train("lazily", "few-shot.data=" + file, "few-shot.memory=5000");
            assertThat(lazily.code()).as(lazily.err()).isZero();
            Outcome here = train("here", "few-shot.data=" + zip, "few-shot.split=" + splits);
            assertThat(here.code()).as(here.err()).isZero();
            for (String run : List.of("there", "lazily")) {
                assertThat(temporary.resolve(run).resolve("model/theta.safetensors"))
                        .hasSameBinaryContentAs(temporary.resolve("here").resolve("model/theta.safetensors"));
            }
            assertThat(pack(file).code()).as("a second time").isEqualTo(2);
        }
    }

    @Test
    void wrongUsageIsRefusedWithASingleLineMessage() throws IOException {
        Outcome nowhere = run("pack", "--set", "few-shot.data=" + zip);
        assertThat(nowhere.code()).isEqualTo(2);
        assertThat(nowhere.err()).startsWith("--to is missing").hasLineCount(1);
        Outcome nothing = run("pack", "--to", temporary.resolve("a.npz").toString());
        assertThat(nothing.code()).isEqualTo(2);
        assertThat(nothing.err()).startsWith("few-shot.data is empty").hasLineCount(1);
        Outcome missing = run(
                "pack",
                "--set",
                "few-shot.data=/nowhere/at/all",
                "--to",
                temporary.resolve("a.npz").toString());
        assertThat(missing.code()).isEqualTo(3);
        assertThat(missing.err())
                .contains("/nowhere/at/all, which does not exist")
                .hasLineCount(1);
    }

    @Test
    void validationSelectsTheModelAndEndsTheRun() throws IOException {
        Outcome outcome = train(
                "run",
                "few-shot.data=" + zip,
                "few-shot.split={ train = 0.5, validation = 0.25, seed = 3 }",
                "optimizer.learning-rate=0.01",
                "run.rounds=60",
                "run.patience=3",
                "validation.tasks=16");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        int best = 0;
        int last = 0;
        double highest = -1;
        for (String line : Files.readAllLines(temporary.resolve("run/metrics.jsonl"))) {
            JsonNode json = new ObjectMapper().readTree(line);
            if (json.has("validation_accuracy")) {
                last = json.get("round").asInt();
                double accuracy = json.get("validation_accuracy").asDouble();
                if (accuracy > highest) {
                    highest = accuracy;
                    best = last;
                }
            }
        }
        assertThat(last)
                .as("patience of 3 validations, 2 rounds apart")
                .isEqualTo(best + 6)
                .isLessThan(60);
        JsonNode manifest = new ObjectMapper().readTree(Files.readString(temporary.resolve("run/model/manifest.json")));
        assertThat(manifest.at("/rounds").asInt()).isEqualTo(best);
        assertThat(outcome.out()).contains("validation after round " + best + ": accuracy ");
        assertThat(Files.readString(temporary.resolve("run/config.conf"))).contains("validation=0.25");
    }
}
