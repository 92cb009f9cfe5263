package dev.kindling.job.task.table;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.Split;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/** Writes small table packs for tests: 60 groups, g00 to g59, of 10 to 14 rows in two parts. */
public final class SmallTablePacks {
    private static final int GROUPS = 60;
    private static final int PARTS = 2;
    static final Configuration HADOOP = new Configuration();

    private SmallTablePacks() {}

    static TableSettings settings() {
        return new TableSettings(
                "/data/t.csv",
                "",
                "",
                new TreeMap<>(),
                TableSettings.Target.AUTO,
                "g",
                "y",
                List.of(),
                List.of(),
                "t",
                "",
                "",
                new TableSettings.GroupSplit.Fractions(0.5, 0.2, 0.3),
                1,
                4096,
                30,
                10,
                false,
                TableSettings.Stack.NONE,
                5);
    }

    static TableEncoding encoding(boolean classes) {
        TableColumns columns = new TableColumns(
                "g",
                "y",
                classes,
                List.of(
                        new TableColumns.Input("x", TableColumns.Kind.NUMBER),
                        new TableColumns.Input("c", TableColumns.Kind.CATEGORY)),
                "",
                "",
                !classes);
        return new TableEncoding(
                columns,
                List.of(
                        new ColumnEncoding.Standardised(0, "x", 0.5, 2, true),
                        new ColumnEncoding.OneHot(1, "c", List.of("a", "b"), false)),
                classes ? List.of("no", "yes") : List.of(),
                classes ? 0 : 3,
                classes ? 1 : 2,
                5,
                1);
    }

    /** A pack of an ordered regression with the features x, x missing, c=a and c=b; the target is (row - 3) / 2. */
    public static Path regression(Path folder) {
        return write(folder, false);
    }

    /** A pack of an unordered classification with the same features. */
    public static Path classification(Path folder) {
        return write(folder, true);
    }

    /** Writes the golden pack of the driver's tests again; run from the folder {@code spark-job}. */
    public static void main(String[] args) {
        regression(Path.of("..", "driver/src/test/resources/dev/kindling/driver/table/golden-pack"));
    }

    private static Path write(Path folder, boolean classes) {
        TableEncoding encoding = encoding(classes);
        try {
            Files.createDirectories(folder);
            for (int part = 0; part < PARTS; part++) {
                try (TablePartWriter writer = new TablePartWriter(encoding, folder.toString(), part, 7, HADOOP)) {
                    for (int group = part; group < GROUPS; group += PARTS) {
                        String key = String.format("g%02d", group);
                        writer.add(key, split(key), group(encoding, group));
                    }
                    writer.finish();
                }
            }
            TablePackMerger.merge(
                    folder.toString(),
                    PARTS,
                    encoding,
                    new TablePackMerger.Facts(settings(), new TableManifest.Faults(0, List.of()), 0, 0, List.of()),
                    HADOOP);
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Split split(String key) {
        return GroupKeys.split((TableSettings.GroupSplit.Fractions) settings().split(), 1, key);
    }

    private static RawGroup group(TableEncoding encoding, int number) {
        RawGroup group = encoding.columns().newGroup();
        RandomStream stream = RandomStream.of(number);
        for (int row = 0; row < 10 + number % 5; row++) {
            group.add(row, stream.nextInt(2) == 0 ? "no" : "yes", 1, 0);
            group.number(0, row == 2 ? Double.NaN : stream.nextNormal());
            group.text(1, List.of("a", "b", "z").get(stream.nextInt(3)));
        }
        return group;
    }
}
