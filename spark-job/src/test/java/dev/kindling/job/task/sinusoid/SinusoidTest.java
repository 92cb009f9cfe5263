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

    /** The arrays of an episode. */
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
    void allPointsOfATaskLieOnOneSineWithinTheConfiguredRanges() {
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
    void aPoolFixesCurveAndSupportButNotTheQuery() {
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
    void theInputsOfAnOracleHoldAmplitudeAndPhaseOfTheSameTasks() {
        SinusoidSettings oracle = new SinusoidSettings(
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
            Episode plain = draw(new SinusoidSource(PAPER), split, 4);
            Episode withCurve = draw(new SinusoidSource(oracle), split, 4);
            assertThat(withCurve.supportY()).isEqualTo(plain.supportY());
            assertThat(withCurve.queryY()).isEqualTo(plain.queryY());
            assertThat(withCurve.queryX()).hasSize(3 * plain.queryX().length);
            for (int i = 0; i < plain.queryX().length; i++) {
                double x = withCurve.queryX()[3 * i];
                assertThat(x).isEqualTo(plain.queryX()[i]);
                assertThat(withCurve.queryX()[3 * i + 1]
                                * Math.sin(x - withCurve.queryX()[3 * i + 2]))
                        .isCloseTo(withCurve.queryY()[i], within(1e-12));
            }
            for (int i = 0; i < plain.supportX().length; i++) {
                assertThat(withCurve.supportX()[3 * i]).isEqualTo(plain.supportX()[i]);
                assertThat(withCurve.supportX()[3 * i + 1]).isEqualTo(withCurve.queryX()[1]);
                assertThat(withCurve.supportX()[3 * i + 2]).isEqualTo(withCurve.queryX()[2]);
            }
        }
    }

    @Test
    void anOracleOfTasksWithVaryingFrequencyIsRefused() {
        SortedMap<String, String> settings = PAPER.toMap();
        settings.put("sinusoid.oracle", "true");
        settings.put("sinusoid.frequency", "[1, 2]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SinusoidSettings.fromMap(settings))
                .withMessage("sinusoid.oracle is true and sinusoid.frequency is [1.0, 2.0]; an oracle's input holds "
                        + "amplitude and phase only, so the frequency must be one number, [a, a]");
    }

    @Test
    void supportOnOneSideNeedsAnInputRangeOnBothSidesOfZero() {
        SortedMap<String, String> settings = REPTILE.toMap();
        settings.put("sinusoid.input", "[1, 2]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SinusoidSettings.fromMap(settings))
                .withMessage(
                        "sinusoid.side is one and sinusoid.input is [1.0, 2.0]; the input must then contain 0 between "
                                + "its ends");
    }
}
