package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.spark.LogLines;
import dev.kindling.driver.storage.PowerCuts;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests a run on a simulated disk that loses unsynced data in a power failure. */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PowerCutTest {
    private static final Pattern REPORTED = Pattern.compile("the checkpoint after round (\\d+) is written");
    private static final Pattern RESUMING = Pattern.compile("resuming after (\\d+) rounds");
    private static final String[] SETS = {
        "run.rounds=6",
        "run.log-every=1",
        "run.checkpoint-every=2",
        "run.checkpoint-keep=1",
        "validation.tasks=2",
        "evaluation.tasks=2"
    };

    @TempDir
    private Path temporary;

    private static long last(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        long last = 0;
        while (matcher.find()) {
            last = Long.parseLong(matcher.group(1));
        }
        return last;
    }

    private List<PowerCuts.Remains> trainOnADiskThatLosesUnsyncedData(TinyRun run) {
        try (LogLines log = new LogLines()) {
            PowerCuts cuts = new PowerCuts(temporary, () -> last(REPORTED, String.join("\n", log.lines())));
            run.trainIn(cuts.folder(run.folder().getFileName().toString()), request -> {});
            assertThat(cuts.steps()).isGreaterThan(50);
            return cuts.remains();
        }
    }

    @Test
    void afterAPowerCutARunResumesFromTheLastReportedCheckpoint() {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", SETS);
        assertThat(uninterrupted.train().code()).isZero();
        List<PowerCuts.Remains> all = trainOnADiskThatLosesUnsyncedData(TinyRun.in(temporary, "run", SETS));
        assertThat(all.stream().mapToLong(PowerCuts.Remains::reported).max()).hasValue(6);
        for (int i = 0; i < all.size(); i++) {
            all.get(i).putInto(temporary.resolve("cut-" + i));
            TinyRun run = TinyRun.in(temporary.resolve("cut-" + i), "run", SETS);
            Outcome outcome = run.train("--resume");
            assertThat(outcome.code()).as("cut %d: %s", i, outcome.err()).isZero();
            long from = outcome.out().contains("is finished: ") ? 6 : last(RESUMING, outcome.out());
            assertThat(from)
                    .as("cut %d: %s", i, outcome.out())
                    .isGreaterThanOrEqualTo(all.get(i).reported());
            run.assertSameAs(uninterrupted);
            assertThat(run.json("status.json").at("/state").asText()).isEqualTo("done");
        }
    }
}
