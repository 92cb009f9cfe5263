package dev.kindling.job.task.sinusoid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.sinusoid.SinusoidSettings.Side;
import dev.kindling.job.task.sinusoid.SinusoidSettings.Sign;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SinusoidTest {
    private static final EpisodeSizes SIZES = new EpisodeSizes(10, 8, 5, 100);
    private static final SinusoidSettings PAPER = SinusoidSettings.maml(SIZES);
    private static final SinusoidSettings REPTILE = new SinusoidSettings(
            new DoubleRange(0.1, 5),
            new DoubleRange(0, 2 * Math.PI),
            new DoubleRange(1, 1),
            new DoubleRange(-5, 5),
            Sign.PLUS,
            Side.ONE,
            1000,
            false,
            new EpisodeSizes(10, 10, 10, 50));

    /** One task's numbers by array. */
    private record Episode(double[] supportX, double[] supportY, double[] queryX, double[] queryY) {
        static Episode of(SinusoidSource source, TaskSpec spec) {
            EpisodeLayout layout = source.layout(spec.split());
            FlatVector vector =
                    FlatVector.zeros(Precision.DOUBLE, 3 + layout.arrays().size());
            source.materialise(spec, vector, 3);
            return new Episode(
                    array(layout, vector, EpisodeLayout.SUPPORT_X),
                    array(layout, vector, EpisodeLayout.SUPPORT_Y),
                    array(layout, vector, EpisodeLayout.QUERY_X),
                    array(layout, vector, EpisodeLayout.QUERY_Y));
        }

        private static double[] array(EpisodeLayout layout, FlatVector vector, String name) {
            int from = 3 + layout.arrays().offset(name);
            return IntStream.range(from, from + layout.arrays().shape(name).size())
                    .mapToDouble(vector::at)
                    .toArray();
        }

        double largest() {
            return DoubleStream.concat(DoubleStream.of(supportY), DoubleStream.of(queryY))
                    .map(Math::abs)
                    .max()
                    .orElseThrow();
        }
    }

    private static Episode draw(SinusoidSource source, Split split, int index) {
        return Episode.of(source, source.sample(new TaskKey(7, split, 3, index)));
    }

    /** Fits y = p sin(f x) + q cos(f x) to two points and gives p and q. */
    private static double[] fit(double frequency, double x0, double y0, double x1, double y1) {
        double s0 = Math.sin(frequency * x0);
        double c0 = Math.cos(frequency * x0);
        double s1 = Math.sin(frequency * x1);
        double c1 = Math.cos(frequency * x1);
        double determinant = s0 * c1 - s1 * c0;
        return new double[] {(y0 * c1 - y1 * c0) / determinant, (s0 * y1 - s1 * y0) / determinant};
    }

    @Test
    void allPointsOfATaskLieOnOneSineOfTheAskedAmplitudeAndPhase() {
        SinusoidSource source = new SinusoidSource(PAPER);
        double sumOfAmplitudes = 0;
        double sumOfPhases = 0;
        for (int i = 0; i < 2000; i++) {
            Episode task = draw(source, Split.TRAIN, i);
            double[] wave = fit(1, task.supportX[0], task.supportY[0], task.supportX[1], task.supportY[1]);
            double tolerance = 1e-9 / Math.abs(Math.sin(task.supportX[0] - task.supportX[1]));
            for (int k = 0; k < 8; k++) {
                double expected = wave[0] * Math.sin(task.queryX[k]) + wave[1] * Math.cos(task.queryX[k]);
                assertThat(task.queryY[k]).isCloseTo(expected, within(tolerance));
            }
            // A sin(x - phase) = A cos(phase) sin(x) - A sin(phase) cos(x)
            double amplitude = Math.hypot(wave[0], wave[1]);
            double phase = Math.atan2(-wave[1], wave[0]);
            assertThat(amplitude).isBetween(0.1 - tolerance, 5 + tolerance);
            assertThat(phase).isBetween(-1e-5, Math.PI + 1e-5);
            sumOfAmplitudes += amplitude;
            sumOfPhases += phase;
        }
        // Means of U[.1, 5] and U[0, pi], to four standard errors of 2,000 draws.
        assertThat(sumOfAmplitudes / 2000).isCloseTo(2.55, within(4 * 4.9 / Math.sqrt(12 * 2000)));
        assertThat(sumOfPhases / 2000).isCloseTo(Math.PI / 2, within(4 * Math.PI / Math.sqrt(12 * 2000)));
    }

    @Test
    void trainingPointsFillTheInputRangeAndEvaluationPointsAreEvenlySpaced() {
        SinusoidSource source = new SinusoidSource(PAPER);
        Episode train = draw(source, Split.TRAIN, 0);
        assertThat(train.supportX).hasSize(10).doesNotHaveDuplicates();
        assertThat(train.queryX).hasSize(8).doesNotContain(train.supportX);
        double[] x = IntStream.range(0, 500)
                .mapToObj(i -> draw(source, Split.TRAIN, i))
                .flatMapToDouble(each -> DoubleStream.of(each.supportX))
                .toArray();
        assertThat(DoubleStream.of(x).min().orElseThrow()).isBetween(-5.0, -4.95);
        assertThat(DoubleStream.of(x).max().orElseThrow()).isBetween(4.95, 5.0);

        for (Split split : new Split[] {Split.VALIDATE, Split.TEST}) {
            Episode task = draw(source, split, 4);
            assertThat(task.supportX).hasSize(5);
            assertThat(task.queryX).hasSize(100);
            assertThat(task.queryX[0]).isEqualTo(-5);
            assertThat(task.queryX[1]).isCloseTo(-5 + 10 / 99.0, within(1e-12));
            assertThat(task.queryX[99]).isEqualTo(5);
        }
    }

    @Test
    void plusAndFrequencyAreInTheFormula() {
        SinusoidSettings settings = new SinusoidSettings(
                new DoubleRange(2, 2),
                new DoubleRange(0.5, 0.5),
                new DoubleRange(3, 3),
                new DoubleRange(0, 1),
                Sign.PLUS,
                Side.BOTH,
                0,
                false,
                SIZES);
        Episode task = draw(new SinusoidSource(settings), Split.TRAIN, 0);
        for (int i = 0; i < 10; i++) {
            assertThat(task.supportY[i]).isCloseTo(2 * Math.sin(3 * task.supportX[i] + 0.5), within(1e-12));
        }
    }

    @Test
    void oneSidedSupportLiesLeftOrRightOfZeroAndBothHappen() {
        SinusoidSource source = new SinusoidSource(REPTILE);
        int left = 0;
        for (int i = 0; i < 200; i++) {
            double[] x = draw(source, Split.TEST, i).supportX;
            boolean allLeft = DoubleStream.of(x).allMatch(each -> each <= 0);
            assertThat(allLeft || DoubleStream.of(x).allMatch(each -> each >= 0))
                    .isTrue();
            left += allLeft ? 1 : 0;
        }
        assertThat(left).isBetween(60, 140);
    }

    @Test
    void aPoolFreezesCurveAndSupportButNotTheQuery() {
        SinusoidSettings settings = new SinusoidSettings(
                PAPER.amplitude(),
                PAPER.phase(),
                PAPER.frequency(),
                PAPER.input(),
                Sign.MINUS,
                Side.BOTH,
                3,
                false,
                SIZES);
        SinusoidSource source = new SinusoidSource(settings);
        SortedMap<Integer, Episode> first = new TreeMap<>();
        for (int i = 0; i < 60; i++) {
            TaskSpec spec = source.sample(new TaskKey(i, Split.TRAIN, i, i));
            assertThat(spec.sampleIndices()).hasSize(1);
            Episode task = Episode.of(source, spec);
            Episode before = first.putIfAbsent(spec.sampleIndices()[0], task);
            if (before != null) {
                assertThat(task.supportX).containsExactly(before.supportX);
                assertThat(task.supportY).containsExactly(before.supportY);
                assertThat(task.queryX).isNotEqualTo(before.queryX);
            }
        }
        assertThat(first).containsOnlyKeys(0, 1, 2);
        assertThat(first.get(0).supportX).isNotEqualTo(first.get(1).supportX);
        Episode test = Episode.of(source, new TaskSpec(Split.TEST, 0, 0, 1, new int[] {0}));
        assertThat(test.supportX[0]).isNotEqualTo(first.get(0).supportX[0]);
    }

    @Test
    void aTaskIsAFunctionOfItsKeyAndDiffersForEveryPartOfIt() {
        TaskKey key = new TaskKey(1, Split.TRAIN, 2, 3);
        Episode task = Episode.of(new SinusoidSource(PAPER), new SinusoidSource(PAPER).sample(key));
        SinusoidSource again = new SinusoidSource(SinusoidSettings.fromMap(PAPER.toMap()));
        assertThat(Episode.of(again, again.sample(key)).queryY).containsExactly(task.queryY);
        for (TaskKey other : new TaskKey[] {
            new TaskKey(2, Split.TRAIN, 2, 3),
            new TaskKey(1, Split.VALIDATE, 2, 3),
            new TaskKey(1, Split.TRAIN, 3, 3),
            new TaskKey(1, Split.TRAIN, 2, 4)
        }) {
            assertThat(Episode.of(again, again.sample(other)).supportX[0]).isNotEqualTo(task.supportX[0]);
        }
    }

    @Test
    void amplitudesOfThe50LineDefinitionStaySmall() {
        SinusoidSettings settings = new SinusoidSettings(
                new DoubleRange(0.1, 0.5),
                new DoubleRange(0, Math.PI),
                new DoubleRange(1, 1),
                new DoubleRange(-5, 5),
                Sign.PLUS,
                Side.BOTH,
                0,
                false,
                new EpisodeSizes(20, 20, 20, 100));
        SinusoidSource source = new SinusoidSource(settings);
        assertThat(IntStream.range(0, 300)
                        .mapToDouble(i -> draw(source, Split.TRAIN, i).largest())
                        .max()
                        .orElseThrow())
                .isBetween(0.45, 0.5);
    }

    @Test
    void anOracleIsToldTheCurvesOfTheSameTasks() {
        SinusoidSettings telling = new SinusoidSettings(
                PAPER.amplitude(),
                PAPER.phase(),
                PAPER.frequency(),
                PAPER.input(),
                Sign.MINUS,
                Side.BOTH,
                0,
                true,
                SIZES);
        for (Split split : Split.values()) {
            Episode blind = draw(new SinusoidSource(PAPER), split, 4);
            Episode told = draw(new SinusoidSource(telling), split, 4);
            assertThat(told.supportY()).isEqualTo(blind.supportY());
            assertThat(told.queryY()).isEqualTo(blind.queryY());
            assertThat(told.queryX()).hasSize(3 * blind.queryX().length);
            for (int i = 0; i < blind.queryX().length; i++) {
                double x = told.queryX()[3 * i];
                assertThat(x).isEqualTo(blind.queryX()[i]);
                assertThat(told.queryX()[3 * i + 1] * Math.sin(x - told.queryX()[3 * i + 2]))
                        .isCloseTo(told.queryY()[i], within(1e-12));
            }
            for (int i = 0; i < blind.supportX().length; i++) {
                assertThat(told.supportX()[3 * i]).isEqualTo(blind.supportX()[i]);
                assertThat(told.supportX()[3 * i + 1]).isEqualTo(told.queryX()[1]);
                assertThat(told.supportX()[3 * i + 2]).isEqualTo(told.queryX()[2]);
            }
        }
    }

    @Test
    void anOracleThatDoesNotKnowTheFrequencyIsRefused() {
        SortedMap<String, String> settings = PAPER.toMap();
        settings.put("sinusoid.oracle", "true");
        settings.put("sinusoid.frequency", "[1, 2]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SinusoidSettings.fromMap(settings))
                .withMessage("sinusoid.oracle is true and sinusoid.frequency is [1.0, 2.0]; an oracle's input holds "
                        + "amplitude and phase only, so the frequency must be one number, [a, a]");
    }

    @Test
    void settingsSurviveTheJourneyAsText() {
        assertThat(SinusoidSettings.fromMap(PAPER.toMap())).isEqualTo(PAPER);
        assertThat(SinusoidSettings.fromMap(REPTILE.toMap())).isEqualTo(REPTILE);
    }

    @Test
    void wrongSettingsAreRefusedByKeyAndValue() {
        refused("sinusoid.amplitude", "[5.0, 0.1]", "sinusoid.amplitude is [5.0, 0.1]; it must be [a, b]");
        refused("sinusoid.phase", "[0, NaN]", "sinusoid.phase is [0.0, NaN]; it must be [a, b]");
        refused("sinusoid.frequency", "1", "sinusoid.frequency is 1; it must be [a, b]");
        refused("sinusoid.frequency", "[1, x]", "sinusoid.frequency is [1, x]; it must be [a, b]");
        refused("sinusoid.input", "[2, 2]", "sinusoid.input is [2.0, 2.0]; it must be [a, b] with a below b");
        refused("sinusoid.sign", "times", "sinusoid.sign is times; it must be minus or plus");
        refused("sinusoid.side", "left", "sinusoid.side is left; it must be both or one");
        refused("sinusoid.pool", "-1", "sinusoid.pool is -1; it must be at least 0");
        refused("sinusoid.pool", "many", "sinusoid.pool is many; it must be a whole number");
        refused("sinusoid.oracle", "maybe", "sinusoid.oracle is maybe; it must be true or false");
        refused("task.support", "0", "task.support is 0; it must be at least 1");
        refused("evaluation.query", "-3", "evaluation.query is -3; it must be at least 1");
        SortedMap<String, String> oneSided = new TreeMap<>(REPTILE.toMap());
        oneSided.put("sinusoid.input", "[1, 2]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SinusoidSettings.fromMap(oneSided))
                .withMessageContaining("sinusoid.side is one");
    }

    private static void refused(String key, String value, String message) {
        SortedMap<String, String> settings = new TreeMap<>(PAPER.toMap());
        settings.put(key, value);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SinusoidSettings.fromMap(settings))
                .withMessageStartingWith(message);
    }
}
