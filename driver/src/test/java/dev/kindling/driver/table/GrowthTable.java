package dev.kindling.driver.table;

import dev.kindling.job.random.RandomStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Generates {@code conf/growth.csv}, the table that ships with the project: made-up heights of made-up children. A child has a
 * height at the age of two, a rate of growth and an age of puberty of its own, which depend in part on sex, the mother's
 * height and the weight at birth; each nurse measures with a bias of its own. A tenth of the mothers' heights and a twentieth
 * of the weights at birth are missing. Run {@link #main} to write the file again.
 */
final class GrowthTable {
    private static final int CHILDREN = 420;
    private static final int NURSES = 40;
    private static final String[] REGIONS = {"coast", "hills", "lakes", "north", "valley"};

    private final StringBuilder text =
            new StringBuilder("child,age,sex,region,mother_height,birth_weight,nurse,season,height\n");
    private final double[] nurses = new double[NURSES];

    private GrowthTable() {
        RandomStream stream = RandomStream.of(1, 0);
        for (int i = 0; i < NURSES; i++) {
            nurses[i] = 0.8 * stream.nextNormal();
        }
        for (int child = 1; child <= CHILDREN; child++) {
            child(child, RandomStream.of(1, 1, child));
        }
    }

    /** The text of the table. */
    static String csv() {
        return new GrowthTable().text.toString();
    }

    private void child(int number, RandomStream stream) {
        boolean girl = stream.nextInt(2) == 0;
        int region = stream.nextInt(REGIONS.length);
        double mother = 165 + 6 * stream.nextNormal();
        double weight = 3.4 + 0.5 * stream.nextNormal();
        boolean motherKnown = stream.nextInt(10) > 0;
        boolean weightKnown = stream.nextInt(20) > 0;
        double start = 86 + (girl ? 0 : 1) + 0.2 * (mother - 165) + 1.5 * (weight - 3.4) + 2.5 * stream.nextNormal();
        double rate = 5.6 + 0.03 * (mother - 165) + 0.15 * region + 0.45 * stream.nextNormal();
        double puberty = (girl ? 10.5 : 12) + 0.9 * stream.nextNormal();
        double spurt = 12 + 2 * stream.nextNormal();
        int visits = 5 + stream.nextInt(8);
        double age = 2 + 2 * stream.nextDouble();
        for (int visit = 0; visit < visits && age < 16; visit++) {
            int nurse = stream.nextInt(NURSES);
            double height = start
                    + rate * (age - 2) / (1 + 0.02 * (age - 2))
                    + spurt / (1 + StrictMath.exp(-1.8 * (age - puberty)))
                    + nurses[nurse]
                    + 0.5 * stream.nextNormal();
            text.append(String.format(
                    Locale.ROOT,
                    "c%03d,%.2f,%s,%s,%s,%s,n%02d,%d,%.1f%n".replace("%n", "\n"),
                    number,
                    age,
                    girl ? "girl" : "boy",
                    REGIONS[region],
                    motherKnown ? String.format(Locale.ROOT, "%.0f", mother) : "",
                    weightKnown ? String.format(Locale.ROOT, "%.2f", weight) : "",
                    nurse,
                    1 + stream.nextInt(4),
                    height));
            age += 0.4 + 1.6 * stream.nextDouble();
        }
    }

    /** Writes the file; run from the folder {@code driver}. */
    public static void main(String[] args) throws IOException {
        Files.writeString(Path.of("..", "conf", "growth.csv"), csv());
    }
}
