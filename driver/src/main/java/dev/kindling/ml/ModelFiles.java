package dev.kindling.ml;

import dev.kindling.TrainedModel;
import dev.kindling.driver.storage.AtomicDirectory;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWriter;

/**
 * Models in folders: Spark ML's {@code metadata}, Kindling's own model in {@code kindling}, and {@code rounds.json}, the metrics of
 * the training. {@link TrainedModel#load} and the command line read the folder {@code kindling}.
 */
final class ModelFiles {
    private static final String MODEL = "kindling";
    private static final String ROUNDS = "rounds.json";

    private ModelFiles() {}

    /** A model and what is known of its training. */
    record Trained(TrainedModel model, TrainingRecord rounds) {}

    /** The folder on its file system. Spark 4 moves models out of a server's memory to a folder of the local file system. */
    private static Path folder(String path, Configuration hadoop) {
        try {
            Path given = isLocal() ? new Path(new java.io.File(path).toURI()) : new Path(path);
            return given.getFileSystem(hadoop).makeQualified(given);
        } catch (IOException e) {
            throw new IllegalArgumentException("the path is " + path + ", which cannot be used: " + e.getMessage(), e);
        }
    }

    /** Whether this thread saves or loads on the local file system, whatever the default one is; only Spark 4 knows. */
    private static boolean isLocal() {
        try {
            Class<?> utilities = Class.forName("org.apache.spark.ml.util.ReadWriteUtils");
            ThreadLocal<?> state =
                    (ThreadLocal<?>) utilities.getMethod("localSavingModeState").invoke(null);
            return Boolean.TRUE.equals(state.get());
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    /** Writes a model. */
    static final class Writer extends MLWriter {
        private final MetaModel<?> model;

        Writer(MetaModel<?> model) {
            this.model = model;
        }

        @Override
        public void saveImpl(String path) {
            Trained trained = model.trained();
            new DefaultParamsWriter(model).saveImpl(path);
            Configuration hadoop = sparkSession().sparkContext().hadoopConfiguration();
            Path folder = folder(path, hadoop);
            trained.model().save(new Path(folder, MODEL).toString());
            AtomicDirectory.at(folder.toString(), hadoop)
                    .replace(ROUNDS, trained.rounds().json());
        }
    }

    /**
     * Reads a model.
     *
     * @param <M> its type
     */
    static final class Reader<M extends MetaModel<M>> extends MLReader<M> {
        @Override
        public M load(String path) {
            M model = new DefaultParamsReader<M>().load(path);
            Configuration hadoop = sparkSession().sparkContext().hadoopConfiguration();
            Path folder = folder(path, hadoop);
            TrainingRecord rounds = TrainingRecord.read(
                    AtomicDirectory.at(folder.toString(), hadoop).read(ROUNDS), folder + "/" + ROUNDS);
            model.trained(new Trained(TrainedModel.load(new Path(folder, MODEL).toString()), rounds));
            return model;
        }
    }
}
