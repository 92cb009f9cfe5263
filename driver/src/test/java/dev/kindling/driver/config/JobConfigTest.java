package dev.kindling.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.optimizer.Schedule;
import dev.kindling.job.algorithm.Algorithms;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.IntRange;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.fewshot.FewShotSettings;
import dev.kindling.job.task.fewshot.ImageFormat;
import dev.kindling.job.task.fewshot.SplitSettings;
import dev.kindling.job.task.fewshot.WaySettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class JobConfigTest {
    private static final Path CONF = Path.of("..", "conf");
    private static final List<String> SOURCES = List.of("sinusoid", "regression", "few-shot", "table", "blobs");

    @TempDir
    private Path folder;

    @Test
    void exactlyTheKeysOfTheReferenceAreRead() {
        List<String> variants = new ArrayList<>();
        SOURCES.forEach(source -> variants.add("task.source=" + source));
        Algorithms.names().forEach(method -> variants.add("algorithm.name=" + method));
        Set<String> read = new TreeSet<>();
        for (String variant : variants) {
            ConfigReader keys = configuration(
                            variant,
                            "few-shot.data=/data",
                            "table.path=/data.csv",
                            "table.group=g",
                            "table.label=y",
                            "transfer.engine=dl4j-spark")
                    .keys();
            new SettingsReader(keys, Optional.empty(), new org.apache.hadoop.conf.Configuration()).settings();
            read.addAll(keys.read());
        }
        assertThat(read).isEqualTo(new TreeSet<>(JobConfig.knownKeys()));
    }

    @Test
    void defaultsThatReferToOtherKeysFollowCheckedValues() {
        JobConfig changed = JobConfig.reference().withChecked(Map.of("task.support", 3, "few-shot.ways", 4));

        assertThat(changed.shown("evaluation.support")).isEqualTo("3");
        assertThat(changed.shown("evaluation.ways")).isEqualTo("4");
    }

    @Test
    void everyKeyOfTheReferenceHasALineOfDescription() throws IOException {
        List<String> lines = Files.readAllLines(CONF.resolve("reference.conf"));
        for (int i = 1; i < lines.size(); i++) {
            if (lines.get(i).matches(" +[a-z-]+ = .*")) {
                assertThat(lines.get(i - 1)).as(lines.get(i)).matches(" +# .*");
            }
        }
    }

    @Test
    void theTableOfKeysInTheDocumentationIsTheReference() throws IOException {
        List<String> expected = new ArrayList<>();
        String section = "";
        String comment = "";
        for (String line : Files.readAllLines(CONF.resolve("reference.conf"))) {
            if (line.endsWith(" {")) {
                section = line.replace(" {", ".");
            } else if (line.startsWith("  # ")) {
                comment = line.substring(4);
            } else if (line.contains(" = ")) {
                String[] parts = line.strip().split(" = ", 2);
                expected.add("| `" + section + parts[0] + "` | `" + parts[1] + "` | " + comment + " |");
            }
        }
        List<String> table = Files.readAllLines(Path.of("..", "docs", "configuration.md")).stream()
                .filter(line -> line.startsWith("| `"))
                .toList();
        assertThat(table).isEqualTo(expected);
    }

    static Stream<Path> readyJobs() throws IOException {
        try (Stream<Path> files = Files.list(CONF)) {
            return files
                    .filter(file -> file.toString().endsWith(".conf"))
                    .filter(file -> !file.toString().matches(".*(reference|-compare)\\.conf"))
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest
    @MethodSource("readyJobs")
    void everyReadyJobIsValid(Path job) {
        // The ready job for tables is completed by a user.
        List<String> table = job.endsWith("table.conf")
                ? List.of("table.path=/t.csv", "table.group=g", "table.label=y")
                : List.of("few-shot.data=/data");
        JobConfig configuration = JobConfig.load(job, table);
        assertThat(settings(configuration).run().rounds()).isPositive();
    }

    @Test
    void assignmentsOverrideTheJobAndTheJobOverridesTheReference() throws IOException {
        Path job = folder.resolve("job.conf");
        Files.writeString(job, "run { rounds = 20, seed = 5 }\ntask.support = 7");
        Settings settings = settings(JobConfig.load(job, List.of("run.rounds=30", "run.rounds=40")));
        assertThat(settings.run().rounds()).isEqualTo(40);
        assertThat(settings.run().seed()).isEqualTo(5);
        assertThat(settings.run().tasksPerRound()).isEqualTo(25);
        // By default, evaluation.support is task.support, and evaluation.query of a sinusoid is 100 points.
        assertThat(settings.source().settings())
                .containsEntry("evaluation.support", "7")
                .containsEntry("evaluation.query", "100");
    }

    @Test
    void theQuerySizeOfAnEvaluationDefaultsToThatOfTraining() {
        assertThat(settings(configuration("task.source=regression", "task.query=3"))
                        .source()
                        .settings())
                .containsEntry("evaluation.query", "3");
        assertThat(settings(configuration("evaluation.query=50")).source().settings())
                .containsEntry("evaluation.query", "50");
    }

    @Test
    void aRenderedConfigurationIsReadBackUnchanged() {
        JobConfig first = configuration(
                "run.rounds=12",
                "few-shot.data=hdfs://name/a b",
                "optimizer.learning-rate={ schedule = linear, from = 1, to = 0 }");
        JobConfig second = JobConfig.parse("config.conf", first.rendered(), List.of());
        assertThat(second.rendered()).isEqualTo(first.rendered());
        assertThat(settings(second)).usingRecursiveComparison().isEqualTo(settings(first));
    }

    @Test
    void theReferenceIsSinusoidMaml() {
        Settings settings = settings(JobConfig.reference());
        assertThat(settings.plan().model()).isEqualTo(ModelSettings.preset("mlp-40-40"));
        assertThat(settings.evaluation().split()).isEqualTo(Split.TEST);
        assertThat(settings.evaluation().tasks()).isEqualTo(600);
        assertThat(settings.evaluation().steps()).isEqualTo(10);
        assertThat(settings.optimizer().rate()).isEqualTo(new Schedule.Constant(0.001));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "run.round=5|run.round|run.rounds",
                "rounds=5|rounds|run.rounds",
                "algorithm.inner_rate=5|algorithm.inner_rate|algorithm.inner-learning-rate",
                "optimiser.rate=5|optimiser.rate|optimizer.learning-rate",
                "inner-steps=5|inner-steps|algorithm.inner-steps",
                "task.sinusoid.pool=5|task.sinusoid.pool|sinusoid.pool",
            })
    void anUnknownKeyIsRefusedWithTheNearestKnownOne(String assignment, String key, String nearest) {
        assertThatThrownBy(() -> configuration(assignment))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no key " + key + "; the nearest is " + nearest);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "run.rounds=many|run.rounds is many; it must be an integer",
                "run.rounds=2.5|run.rounds is 2.5; it must be an integer",
                "run.rounds=[1]|run.rounds is [1]; it must be an integer",
                "run.rounds=0|run.rounds is 0; it must be at least 1",
                "run=5|run is 5; it is a section of keys, such as run.checkpoint-every",
                "task.meta-batch-size=0|task.meta-batch-size is 0; it must be at least 1",
                "task.meta-batch-size=3000000000|task.meta-batch-size is 3000000000; it must be an integer of at most 2147483647",
                "algorithm.inner-learning-rate=fast|algorithm.inner-learning-rate is fast; it must be a number",
                "algorithm.inner-learning-rate=-0.1|algorithm.inner-learning-rate is -0.1; it must be a finite number above 0",
                "sinusoid.amplitude=3|sinusoid.amplitude is 3; it must be a range of two numbers, [low, high]",
                "sinusoid.amplitude=[1, 2, 3]|sinusoid.amplitude is [1,2,3]; it must be a range of two numbers, [low, high]",
                "backend.precision=half|backend.precision is half; it must be float or double",
                "backend.memory=lots|backend.memory is lots; it must be a number of bytes, such as 64 MiB",
                "evaluation.split=dev|evaluation.split is dev; it must be train, val or test",
                "task.source=files|task.source is files; it must be one of blobs, few-shot,",
                "optimizer.name=adahessian|optimizer.name is adahessian; it must be sgd or momentum or nesterovs or adam or",
                "optimizer.beta1=1|optimizer.beta1 is 1.0; it must be at least 0 and below 1",
                "optimizer.beta2=high|optimizer.beta2 is high; it must be a number",
                "optimizer.epsilon=0|optimizer.epsilon is 0.0; it must be a finite number above 0",
                "optimizer.momentum=0.5|optimizer.momentum is 0.5; it must be auto where optimizer.name is adam",
                "optimizer.weight-decay=-1|optimizer.weight-decay is -1.0; it must be a finite number, 0 or above",
                "optimizer.groups=head|optimizer.groups is head; it must be a list of objects of parameters",
                "optimizer.groups=[{ parameters = a }]|it must be a list of objects of parameters",
                "optimizer.groups=[{ parameters = a, rate = 2 }]|it must be a list of objects of parameters",
                "optimizer.groups=[{ parameters = [], weight-decay = 2 }]|optimizer.groups is empty; it must have a name",
                "optimizer.groups=[{ parameters = a, learning-rate-factor = -1 }]|optimizer.groups learning-rate-factor is -1.0; it must be",
                "optimizer.learning-rate=-1|the rate is -1.0; it must be a finite number, 0 or above",
                "optimizer.learning-rate={ schedule = square }|it must be a number or an object with schedule =",
                "optimizer.learning-rate={ schedule = cosine, from = 1 }|it must be an object of from, schedule, to",
                "task.failure-limit=2|task.failure-limit is 2.0; it must lie between 0 and 1",
                "cluster.mode=both|cluster.mode is both; it must be persistent or jobs",
                "model.network=resnet|model.network is resnet; it must be one of",
            })
    void aWrongValueIsRefusedWithKeyValueAndAllowedValues(String assignment, String message) {
        assertThatThrownBy(() -> settings(configuration(assignment)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void rotationsAreTrueOrFalse() {
        assertThatThrownBy(() ->
                        settings(configuration("task.source=few-shot", "few-shot.data=/d", "few-shot.rotations=4")))
                .hasMessage("few-shot.rotations is 4; it must be true or false");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "run.validate-every=10|run.validate-every is 10; it must be 0 with few-shot.train-on-validation = true",
                "evaluation.split=val|evaluation.split is val; it must be test or train with few-shot.train-on-validation = true"
            })
    void validationClassesThatAreTrainedOnAreNotValidatedOn(String assignment, String message) {
        assertThatThrownBy(() -> settings(configuration(
                        "task.source=few-shot", "few-shot.data=/d", "few-shot.train-on-validation=true", assignment)))
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "few-shot.channels=2|few-shot.channels is 2; it must be 1 for grey or 3 for colour",
                "few-shot.polarity=blue|few-shot.polarity is blue; it must be dark or light",
                "augmentation.shear=90|augmentation.shear is 90.0; it must be at least 0 and below 90 degrees",
                "few-shot.within=class|few-shot.within is class; it must be split or alphabet",
                "few-shot.ways=[5]|few-shot.ways is [5]; it must be a range of two numbers, [low, high]",
                "few-shot.ways=[5, 2]|few-shot.ways is [5,2]; it must be an integer or a range of two, [least, most]",
                "few-shot.ways=[1, 2]|few-shot.ways is 1; it must be at least 2",
                "few-shot.split={ train = 0.5 }|it must be a folder or an object of train, validation and seed",
                "few-shot.split={ train = 0.9, validation = 0.2, seed = 1 }|must be shares, train above 0 and both together",
                "few-shot.split={ train = most, validation = 0.2, seed = 1 }|few-shot.split.train is most; it must be a number",
                "few-shot.split={ train = 0.9, validation = 0.1, seed = 1.5 }|few-shot.split.seed is 1.5; it must be an integer",
                "evaluation.ways=1|evaluation.ways is 1; it must be at least 2",
                "few-shot.data=[]|few-shot.data is empty",
                "few-shot.memory=-1|few-shot.memory is -1; it must be a number of bytes",
            })
    void aWrongValueOfAnImageSetIsRefused(String assignment, String message) {
        assertThatThrownBy(() -> settings(configuration("task.source=few-shot", "few-shot.data=/d", assignment)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void theDefaultPolarityIsDarkForOneChannelAndLightForThree() {
        assertThat(images("few-shot.channels=1").imageFormat())
                .isEqualTo(new ImageFormat(28, 1, ImageFormat.Polarity.DARK));
        assertThat(images("few-shot.channels=3").imageFormat())
                .isEqualTo(new ImageFormat(28, 3, ImageFormat.Polarity.LIGHT));
        assertThat(images("few-shot.channels=3", "few-shot.polarity=dark").imageFormat())
                .isEqualTo(new ImageFormat(28, 3, ImageFormat.Polarity.DARK));
    }

    @Test
    void severalSetsSharesAndRangesArePassedToTheSource() {
        FewShotSettings settings = images(
                "few-shot.data=[/a, /b]",
                "few-shot.split={ train = 0.64, validation = 0.16, seed = 7 }",
                "few-shot.ways=[5, 10]",
                "few-shot.within=alphabet",
                "few-shot.memory=64 MiB",
                "task.support=[1, 5]");
        assertThat(settings.data()).containsExactly("file:/a", "file:/b");
        assertThat(settings.split()).isEqualTo(new SplitSettings.Shares(0.64, 0.16, 7));
        assertThat(settings.ways()).isEqualTo(new WaySettings(new IntRange(5, 10), new IntRange(5, 10)));
        assertThat(settings.sizes().supports(Split.TRAIN)).isEqualTo(new IntRange(1, 5));
        assertThat(settings.sizes().supports(Split.TEST)).isEqualTo(new IntRange(1, 5));
        assertThat(settings.memory()).isEqualTo(64 << 20);
        assertThat(FewShotSettings.fromMap(settings.toMap())).isEqualTo(settings);
    }

    private static FewShotSettings images(String... assignments) {
        List<String> all = new ArrayList<>(List.of("task.source=few-shot", "few-shot.data=/d"));
        all.addAll(List.of(assignments));
        return FewShotSettings.fromMap(
                settings(configuration(all.toArray(String[]::new))).source().settings());
    }

    @Test
    void aNullValueIsRefused() {
        assertThatThrownBy(() -> settings(JobConfig.parse("job", "run.rounds = null", List.of())))
                .hasMessage("run.rounds is null; leave it out to have its default");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> JobConfig.load(folder.resolve("none.conf"), List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("--conf is " + folder.resolve("none.conf") + "; it must be a file that exists");
    }

    @Test
    void aMalformedFileIsNamedInASingleLineMessage() throws IOException {
        Path broken = folder.resolve("broken.conf");
        Files.writeString(broken, "run { rounds = \n } }");
        assertThatThrownBy(() -> JobConfig.load(broken, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("broken.conf cannot be read as HOCON")
                .hasMessageNotContaining("\n");
    }

    @Test
    void warmUpIsFollowedByAnotherSchedule() {
        Settings settings = settings(
                configuration(
                        "optimizer.learning-rate={ schedule = warm-up, from = 0, rounds = 10, then = { schedule = step, from = 1, factor = 0.5, every = 100 } }"));
        assertThat(settings.optimizer().rate()).isEqualTo(new Schedule.WarmUp(0, 10, new Schedule.Step(1, 0.5, 100)));
    }

    private static JobConfig configuration(String... assignments) {
        return JobConfig.parse("job", "", new ArrayList<>(List.of(assignments)));
    }

    private static Settings settings(JobConfig configuration) {
        return SettingsReader.read(configuration, new org.apache.hadoop.conf.Configuration());
    }
}
