package dev.kindling;

import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.run.LoadedModel;
import dev.kindling.driver.transform.TableTransform;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Predicts tables with a model that was trained on one: the labelled rows of each group adapt the model to it, the others are
 * predicted. Immutable.
 */
public final class TablePredictor {
    private final Settings settings;
    private final FlatVector theta;
    private final EpisodeLayout episode;
    private final Optional<String> encoding;
    private final int steps;
    private final String supportColumn;

    private TablePredictor(
            Settings settings,
            FlatVector theta,
            EpisodeLayout episode,
            Optional<String> encoding,
            int steps,
            String supportColumn) {
        this.settings = settings;
        this.theta = theta;
        this.episode = episode;
        this.encoding = encoding;
        this.steps = steps;
        this.supportColumn = supportColumn;
    }

    static TablePredictor of(Settings settings, FlatVector theta, EpisodeLayout episode, Optional<String> encoding) {
        return new TablePredictor(
                settings, theta, episode, encoding, settings.evaluation().steps(), "");
    }

    /**
     * The same predictor with a column of booleans that says which rows adapt the model: labelled rows with {@code false} are
     * predicted, without their label; where it is null the label decides.
     */
    public TablePredictor supportColumn(String column) {
        return new TablePredictor(settings, theta, episode, encoding, steps, column);
    }

    /** The same predictor with another number of inner steps; methods without inner steps ignore it. */
    public TablePredictor steps(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("steps is " + count + "; it must be at least 0");
        }
        return new TablePredictor(settings, theta, episode, encoding, count, supportColumn);
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
        SparkApplication.provideClasses(
                JavaSparkContext.fromSparkContext(table.sparkSession().sparkContext()));
        TableTransform transform =
                new TableTransform(LoadedModel.tableModel(settings, theta, episode, encoding, steps), supportColumn);
        return new TablePredictions(transform.apply(table));
    }
}
