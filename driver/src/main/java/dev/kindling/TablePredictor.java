package dev.kindling;

import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.run.LoadedModel;
import dev.kindling.driver.table.ColumnExpressions;
import dev.kindling.driver.transform.AdaptedColumns;
import dev.kindling.driver.transform.PredictionColumns;
import dev.kindling.driver.transform.TableModel;
import dev.kindling.driver.transform.TableTransform;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.jspecify.annotations.Nullable;

/**
 * Predicts tables with a model that was trained on one: the labelled rows of each group adapt the model to it, the others are
 * predicted. Immutable.
 */
public final class TablePredictor {
    private final Programs programs;
    private final String supportColumn;
    private final PredictionColumns columns;

    private TablePredictor(Programs programs, String supportColumn, PredictionColumns columns) {
        this.programs = programs;
        this.supportColumn = supportColumn;
        this.columns = columns;
    }

    static TablePredictor of(Settings settings, FlatVector theta, EpisodeLayout episode, Optional<String> encoding) {
        return new TablePredictor(
                new Programs(
                        settings,
                        theta,
                        episode,
                        encoding,
                        settings.evaluation().steps()),
                "",
                PredictionColumns.DEFAULT);
    }

    /** A model with its programs for one number of inner steps, which are made when they are first needed. */
    private static final class Programs {
        private final Settings settings;
        private final FlatVector theta;
        private final EpisodeLayout episode;
        private final Optional<String> encoding;
        private final int steps;
        private @Nullable TableModel model;

        Programs(Settings settings, FlatVector theta, EpisodeLayout episode, Optional<String> encoding, int steps) {
            this.settings = settings;
            this.theta = theta;
            this.episode = episode;
            this.encoding = encoding;
            this.steps = steps;
        }

        synchronized TableModel model() {
            TableModel found = model;
            if (found == null) {
                found = LoadedModel.tableModel(settings, theta, episode, encoding, steps);
                model = found;
            }
            return found;
        }

        Programs withSteps(int count) {
            return new Programs(settings, theta, episode, encoding, count);
        }
    }

    /**
     * The same predictor with a column of booleans that says which rows adapt the model: labelled rows with {@code false} are
     * predicted, without their label; where it is null the label decides.
     */
    public TablePredictor supportColumn(String column) {
        return new TablePredictor(programs, column, columns);
    }

    /** The same predictor with another number of inner steps; methods without inner steps ignore it. */
    public TablePredictor steps(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("steps is " + count + "; it must be at least 0");
        }
        return new TablePredictor(programs.withSteps(count), supportColumn, columns);
    }

    /**
     * The same predictor with other names of the columns that are added. Columns of an empty name are left out.
     *
     * @param prediction the prediction, which has a name
     * @param stddev the standard deviation of a regression
     * @param probability what the names of the probabilities of classes begin with
     * @param logit what the names of the logits of classes begin with; by default they are left out
     */
    public TablePredictor columns(String prediction, String stddev, String probability, String logit) {
        if (prediction.isEmpty()) {
            throw new IllegalArgumentException("the column of predictions is empty; it must have a name");
        }
        return new TablePredictor(
                programs, supportColumn, new PredictionColumns(prediction, stddev, probability, logit));
    }

    /**
     * The table with predictions. Lazy: nothing is read before a result is requested. All columns are kept; added are {@code
     * prediction} (a number, or the class in the label's type) and, where the model has them, {@code stddev} in the label's
     * units or {@code probability_<class>}. They are null for support rows and for rows that cannot be used. The label's
     * column may be missing.
     *
     * @throws dev.kindling.job.error.BadDataException if columns are missing or have types that cannot be used
     * @throws IllegalArgumentException if the model was not trained on a table, or the table has a column with the name of a
     *     prediction column
     */
    public TablePredictions predict(Dataset<Row> table) {
        return new TablePredictions(transform(table).apply(table));
    }

    /**
     * Adapts the model to each group. Lazy. The result has a row for each group: its key; {@code adaptedParameters}, an array of
     * 32-bit floats, null if the group has rows that cannot be used; {@code adaptedModel}, which identifies the model; {@code
     * supportRows}; and {@code lossBefore} and {@code lossAfter}, the loss of the support rows as predicted without and with
     * adaptation: a mean squared error in the label's units, or the negative logarithm of the class's probability. Rows of such a
     * result that are in the table too hold what their groups were adapted to before; those groups are updated.
     *
     * @throws dev.kindling.job.error.BadDataException as {@link #predict(Dataset)}
     * @throws IllegalArgumentException as {@link #predict(Dataset)}
     */
    public TablePredictions adapt(Dataset<Row> table) {
        return new TablePredictions(transform(table).adapt(table));
    }

    /**
     * The table with predictions from adapted parameters, whatever its labels: those of {@link #predict(Dataset)} if the groups
     * were adapted to the same rows, bit by bit where the method has no inner steps. A group without a row of parameters is predicted
     * by the model as it was trained. Lazy.
     *
     * @param adapted rows of {@link #adapt}, at most one for each group
     * @throws dev.kindling.job.error.BadDataException as {@link #predict(Dataset)}
     * @throws IllegalArgumentException as {@link #predict(Dataset)}
     */
    public TablePredictions predict(Dataset<Row> adapted, Dataset<Row> table) {
        List<String> added = List.of(AdaptedColumns.PARAMETERS, AdaptedColumns.MODEL);
        for (String name : table.columns()) {
            if (added.contains(name)) {
                throw new IllegalArgumentException("the table has a column " + name
                        + ", which is one of adapted parameters; it must be dropped or renamed");
            }
        }
        Dataset<Row> parameters = adapted.select(
                ColumnExpressions.column(programs.model().encoding().columns().group()),
                ColumnExpressions.column(AdaptedColumns.PARAMETERS),
                ColumnExpressions.column(AdaptedColumns.MODEL));
        Dataset<Row> both = table.unionByName(parameters, true);
        return new TablePredictions(transform(both).applyAdapted(both, added));
    }

    /**
     * As {@link #predict(Dataset, Dataset)}, with the rows of both tables in one.
     *
     * @param table rows of {@link #adapt}, which are not in the result, and rows to predict, whose columns of {@code adapt} are null
     */
    public TablePredictions predictAdapted(Dataset<Row> table) {
        return new TablePredictions(transform(table).applyAdapted(table, AdaptedColumns.NAMES));
    }

    private TableTransform transform(Dataset<Row> table) {
        SparkApplication.provideClasses(
                JavaSparkContext.fromSparkContext(table.sparkSession().sparkContext()));
        return new TableTransform(programs.model(), supportColumn, columns);
    }
}
