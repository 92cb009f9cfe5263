package dev.kindling.job.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.program.RandomPrograms;
import dev.kindling.job.tensor.Precision;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * The other backends against the reference backend over random programs, and the scalar backend against the vector backend. Errors are relative to the greatest
 * magnitude of the array, or to 1 if that is smaller.
 */
class BackendAgreementTest {
    @Provide
    Arbitrary<RandomPrograms.Drawn> programs() {
        return RandomPrograms.programs(0);
    }

    @Provide
    Arbitrary<RandomPrograms.Drawn> secondDerivatives() {
        return RandomPrograms.programs(2);
    }

    @Property(tries = 200)
    void inDoublePrecisionTheyAgreeTo1e12(@ForAll("programs") RandomPrograms.Drawn drawn) {
        compare(drawn, Precision.DOUBLE, 1e-12);
    }

    @Property(tries = 200)
    void inDoublePrecisionSecondDerivativesAgreeTo1e11(@ForAll("secondDerivatives") RandomPrograms.Drawn drawn) {
        compare(drawn, Precision.DOUBLE, 1e-11);
    }

    @Property(tries = 200)
    void inSinglePrecisionTheyAgreeTo1e4(@ForAll("programs") RandomPrograms.Drawn drawn) {
        compare(drawn, Precision.FLOAT, 1e-4);
    }

    private static void compare(RandomPrograms.Drawn drawn, Precision precision, double tolerance) {
        Map<String, double[]> expected = run("reference", drawn, precision);
        Map<String, double[]> vector = run("vector", drawn, precision);
        compare("vector", expected, vector, drawn, tolerance);
        compare("nd4j", expected, run("nd4j", drawn, precision), drawn, tolerance);
        run("scalar", drawn, precision)
                .forEach((name, array) -> assertThat(array)
                        .as("bits of scalar: %s%n%s", name, drawn.program())
                        .containsExactly(vector.get(name)));
    }

    private static void compare(
            String backend,
            Map<String, double[]> expected,
            Map<String, double[]> found,
            RandomPrograms.Drawn drawn,
            double tolerance) {
        expected.forEach((name, array) -> {
            double greatest = 1;
            for (double v : array) {
                greatest = Math.max(greatest, Math.abs(v));
            }
            for (int i = 0; i < array.length; i++) {
                assertThat(Math.abs(found.get(name)[i] - array[i]) / greatest)
                        .as(backend + ": " + name + "[" + i + "] " + found.get(name)[i] + " for " + array[i] + "\n"
                                + drawn.program())
                        .isLessThan(tolerance);
            }
        });
    }

    private static Map<String, double[]> run(String backend, RandomPrograms.Drawn drawn, Precision precision) {
        Workspace workspace = Runs.workspace(Backends.named(backend), precision, drawn.program());
        return Runs.run(workspace, precision, drawn.program(), drawn.shared(), drawn.tasks());
    }
}
