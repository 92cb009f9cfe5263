package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.check.CheckTarget;
import dev.kindling.driver.check.TaskChoice;
import dev.kindling.driver.check.Wrapped;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.job.algorithm.Algorithm;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs {@code check} on the ready jobs unchanged, with their networks at full size. */
class ReadyJobsCheckTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"sinusoid-maml,2", "sinusoid-fomaml,1"})
    void sinusoidJobsPass(String job, int order) throws IOException {
        assertPasses(job, order, List.of());
    }

    @Test
    void mamlPlusPlusPassesInARoundInWhichItIsExact() throws IOException {
        assertPasses("sinusoid-maml-plus-plus", 2, List.of("--set", "maml-plus-plus.first-order-until=9000"));
    }

    @Test
    void omniglotJobPasses() throws IOException {
        List<String> sets = Omniglot.beginning(40, Omniglot.folder(), folder.resolve("split"));
        assertPasses("omniglot-fc-5w1s-maml", 2, sets);
    }

    private void assertPasses(String job, int order, List<String> sets) throws IOException {
        Path dump = folder.resolve("dump");
        List<String> args =
                new ArrayList<>(List.of("check", "--conf", "../conf/" + job + ".conf", "--dump", dump.toString()));
        args.addAll(sets);
        Outcome outcome = CommandLineForTests.onThreads(1, args);
        assertThat(outcome.code()).as(outcome.out() + outcome.err()).isZero();
        assertThat(outcome.out())
                .contains("passed: the meta-gradient", "passed: θ moves", "passed: splits disjoint", "passed: support");
        JsonNode check = new ObjectMapper().readTree(dump.resolve("check.json").toFile());
        assertThat(check.at("/order").asInt()).isEqualTo(order);
        assertThat(List.of("theta", "episode", "meta-gradient"))
                .allSatisfy(
                        file -> assertThat(dump.resolve(file + ".safetensors")).isNotEmptyFile());
    }

    @Test
    void aFirstOrderMethodThatClaimsToBeExactEndsWithOne() {
        ResolvedRun resolved = ResolvedRun.here(JobConfig.load(Path.of("../conf/sinusoid-fomaml.conf"), List.of()));
        CheckTarget honest = CheckCommand.target(resolved, TaskChoice.FIRST);
        CheckTarget boasting = new CheckTarget(
                Wrapped.claiming(Algorithm.Claim.EXACT, honest.algorithm()),
                honest.reference(),
                honest.model(),
                honest.source(),
                honest.backend(),
                honest.options(),
                honest.round());
        StringWriter out = new StringWriter();
        CheckCommand check = new CheckCommand(CommandLineForTests.context(
                (job, settings) -> new LocalCluster(job, resolved.hadoop(), 1), new PrintWriter(out)));
        assertThat(check(check, resolved, boasting)).isEqualTo(1);
        assertThat(out.toString()).contains("FAILED: the meta-gradient is the exact derivative (found order 1");
        assertThat(check(check, resolved, honest)).isZero();
    }

    private static int check(CheckCommand check, ResolvedRun resolved, CheckTarget target) {
        return check.check(resolved, target, TaskChoice.FIRST, Optional.empty()).number();
    }
}
