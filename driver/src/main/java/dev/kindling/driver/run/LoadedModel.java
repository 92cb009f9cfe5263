package dev.kindling.driver.run;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.serving.PredictionPrograms;
import dev.kindling.driver.serving.Predictor;
import dev.kindling.driver.training.NetworkDescription;
import dev.kindling.driver.transform.TableModel;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.fewshot.FewShotProvider;
import dev.kindling.job.task.fewshot.FewShotSettings;
import dev.kindling.job.task.fewshot.ImageFormat;
import dev.kindling.job.task.table.TableEncodingJson;
import dev.kindling.job.task.table.TableSettings;
import dev.kindling.job.task.table.TableTaskSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.Optional;

/**
 * A run's model with its settings, for adaptation in this JVM. Loading it does not read the training data.
 *
 * @param episode the shapes of a task; its numbers of examples do not matter
 * @param parameters the arrays of θ that the configuration requires
 */
public record LoadedModel(
        StoredModel stored, JobConfig configuration, Settings settings, EpisodeLayout episode, Layout parameters) {
    /** The most support rows of a group that adaptation uses, whatever {@code table.max-rows} is. */
    private static final int MOST_SUPPORT = 1 << 16;

    /**
     * Combines a stored model with a configuration, which has its network attached.
     *
     * @param directory of the run
     * @throws dev.kindling.job.error.BadDataException if {@code network.json} is damaged
     */
    public static LoadedModel of(StoredModel model, RunDirectory directory, JobConfig configuration) {
        Settings settings = SettingsReader.read(configuration, HadoopSettings.load());
        EpisodeLayout episode = NetworkDescription.episode(
                        model.network(), directory.folder().child("model").place("network.json"))
                .orElseGet(() -> ResolvedRun.here(configuration).episode());
        Layout parameters = settings.plan()
                .algorithm()
                .parameters(ModelFactory.of(settings.plan().model(), episode));
        return new LoadedModel(model, configuration, settings, episode, parameters);
    }

    /**
     * θ as one vector in the configured precision.
     *
     * @throws dev.kindling.job.error.BadDataException if the stored arrays are not {@link #parameters}
     */
    public FlatVector theta() {
        return stored.theta()
                .flat(parameters, settings.plan().backend().options().precision());
    }

    /**
     * A predictor with this model.
     *
     * @param steps inner steps of an adaptation
     * @throws dev.kindling.job.error.BadDataException as {@link #theta}
     */
    public Predictor predictor(int steps) {
        return new Predictor(settings.plan(), parameters, theta(), episode, steps);
    }

    /**
     * This model for the groups of a table.
     *
     * @param steps inner steps of an adaptation
     * @throws IllegalArgumentException if its tasks are no groups of a table
     * @throws dev.kindling.job.error.BadDataException as {@link #theta}
     */
    public TableModel tableModel(int steps) {
        return tableModel(settings, theta(), episode, stored.table(), steps);
    }

    /**
     * A model for the groups of a table.
     *
     * @param encoding the text of {@code table.json}
     * @throws IllegalArgumentException if its tasks are no groups of a table
     */
    public static TableModel tableModel(
            Settings settings, FlatVector theta, EpisodeLayout episode, Optional<String> encoding, int steps) {
        TableSettings table = settings.table()
                .orElseThrow(() -> new IllegalArgumentException("the model was trained on task.source = "
                        + settings.source().source() + "; it must be " + TableTaskSettings.SOURCE
                        + " to predict the rows of a table"));
        int most = Math.min(table.maxRows(), MOST_SUPPORT);
        return new TableModel(
                PredictionPrograms.of(settings.plan(), theta, episode, steps, most),
                TableEncodingJson.read(
                        encoding.orElseThrow(() -> new BadDataException("the model has no table.json")), "table.json"),
                table.order(),
                most);
    }

    /**
     * The format of the images that a model takes.
     *
     * @throws IllegalArgumentException if its tasks have no images
     */
    public static ImageFormat imageFormat(Settings settings) {
        String source = settings.source().source();
        if (!source.equals(FewShotProvider.NAME)) {
            throw new IllegalArgumentException("the model was trained on task.source = " + source + "; it must be "
                    + FewShotProvider.NAME + " to adapt to images");
        }
        return FewShotSettings.fromMap(settings.source().settings()).imageFormat();
    }
}
