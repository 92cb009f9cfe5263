package dev.kindling.driver.run;

import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.Settings;
import dev.kindling.driver.config.SettingsReader;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.GroupEvaluation;
import dev.kindling.driver.evaluation.baseline.BaselineParameters;
import dev.kindling.driver.evaluation.groups.FittedBaselines;
import dev.kindling.driver.evaluation.groups.GroupEvaluator;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.table.TableEncodingJson;
import dev.kindling.job.task.table.TableSource;
import dev.kindling.job.task.table.TableTaskSettings;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** Evaluates a model of tables by group on another table, all of whose groups are evaluated. */
public final class TableEvaluation {
    private static final String SUPPORT_ROWS = "evaluation.support-rows";

    private final JobConfig configuration;
    private final FlatVector theta;
    private final String encoding;
    private final Optional<BaselineParameters> baselines;

    /**
     * An evaluation of a model.
     *
     * @param configuration of the model, of a backend that runs in this JVM
     * @param encoding the text of {@code table.json}
     * @param baselines that were fitted to the model's training groups; empty to evaluate the model alone
     */
    public TableEvaluation(
            JobConfig configuration, FlatVector theta, String encoding, Optional<BaselineParameters> baselines) {
        this.configuration = configuration;
        this.theta = theta;
        this.encoding = encoding;
        this.baselines = baselines;
    }

    /**
     * Evaluates the model.
     *
     * @param query a query of Spark SQL that selects the table
     * @param tables prepares it
     * @throws BadDataException if the table cannot be read or has no group that can be evaluated
     */
    public GroupEvaluation evaluate(String query, TablePreparation tables) {
        Configuration hadoop = HadoopSettings.load();
        JobConfig other = configuration.withChecked(Map.of(
                "run.validate-every",
                0,
                "table.path",
                "",
                "table.sql",
                query,
                "table.split",
                List.of(0, 0, 1),
                "evaluation.split",
                "test",
                "evaluation.tasks",
                "all",
                // A group of two rows is evaluated too.
                "evaluation.support",
                1,
                SUPPORT_ROWS,
                supportRows()));
        Settings settings = SettingsReader.read(other, hadoop);
        String pack = TablePacks.encoded(
                settings, other, hadoop, tables, TableEncodingJson.read(encoding, "the encoding of the model"));
        try {
            return evaluate(settings, pack, hadoop);
        } finally {
            TablePacks.delete(pack, hadoop);
        }
    }

    /** Those of the configuration; where it has none, because its training did not evaluate groups, the default. */
    private Object supportRows() {
        String shown = configuration.shown(SUPPORT_ROWS);
        return shown.equals("[]") ? "auto" : configuration.value(SUPPORT_ROWS);
    }

    private GroupEvaluation evaluate(Settings read, String pack, Configuration hadoop) {
        SourceDescription description = TableTaskSettings.prepared(read.source(), pack);
        if (!(TaskSources.open(description, hadoop).single() instanceof TableSource table)) {
            throw new IllegalStateException(pack + " is no table pack");
        }
        Settings settings = read.withSource(description).limitedTo(table);
        EvaluationSettings evaluation = settings.evaluation();
        List<Integer> supportRows = settings.groups().supportRows(table.support(Split.TRAIN), table.sizes(Split.TEST));
        FittedBaselines fitted = baselines
                .map(parameters -> parameters.predictors(settings.groups().baselines(), Optional.empty()))
                .orElseGet(() -> new FittedBaselines(List.of(), 0, List.of()));
        return new GroupEvaluator(table, evaluation, supportRows)
                .evaluate(GroupEvaluations.predictor(settings, theta, table, supportRows), fitted);
    }
}
