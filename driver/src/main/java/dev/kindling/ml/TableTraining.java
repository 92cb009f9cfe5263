package dev.kindling.ml;

import dev.kindling.MetaTrainer;
import dev.kindling.Method;
import dev.kindling.Tables;
import dev.kindling.TrainedModel;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.table.ColumnExpressions;
import dev.kindling.driver.table.TableView;
import dev.kindling.driver.training.TrainingListener;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** A training of an estimator: from its parameters to the settings of {@code table.conf}, and the training on a Dataset. */
final class TableTraining {
    private static final String SPLIT = "kindling_split";
    private static final String SPLIT_KEY = "table.split";

    /** Rounds between two validations are this fraction of all. */
    private static final int VALIDATIONS = 8;

    /** Keys that parameters set. */
    private static final SortedMap<String, String> PARAMETERS = new TreeMap<>(Map.ofEntries(
            Map.entry("table.group", "groupCol"),
            Map.entry("table.label", "labelCol"),
            Map.entry("table.features", "featuresCols or featuresCol"),
            Map.entry("table.categorical", "categoricalCols"),
            Map.entry("table.weight", "weightCol"),
            Map.entry("table.offset", "offsetCol"),
            Map.entry("table.order", "orderCol"),
            Map.entry("table.task", "the class of the estimator"),
            Map.entry("table.path", "the Dataset"),
            Map.entry("table.sql", "the Dataset"),
            Map.entry("table.format", "the Dataset"),
            Map.entry("table.options", "the Dataset"),
            Map.entry("task.source", "the Dataset"),
            Map.entry("task.meta-batch-size", "tasksPerRound"),
            Map.entry("algorithm.name", "method"),
            Map.entry("run.rounds", "maxRounds"),
            Map.entry("run.members", "members"),
            Map.entry("run.seed", "seed")));

    private final Params stage;
    private final MetaParamSet params;
    private final TableInput input;
    private final String target;

    /**
     * A training.
     *
     * @param target {@code regression} or {@code classification}
     */
    TableTraining(Params stage, MetaParamSet params, String target) {
        this.stage = stage;
        this.params = params;
        this.input = new TableInput(stage, params);
        this.target = target;
    }

    /** Trains on a Dataset, in its session. */
    TrainedModel fit(Dataset<?> dataset, TrainingListener listener) {
        List<String> features = input.columns().orElseGet(() -> {
            String vectors = input.vectors().orElseThrow();
            return TableInput.elements(vectors, TableInput.size(dataset, vectors));
        });
        SparkSession session = dataset.sparkSession();
        try (TableView view = TableView.of(table(dataset, features))) {
            return trainer(view.query(), features)
                    .listener(listener)
                    .baselines()
                    .build()
                    .fit(session);
        }
    }

    /** The columns that training needs. */
    private Dataset<Row> table(Dataset<?> dataset, List<String> features) {
        Dataset<Row> rows = input.vectors()
                .map(vectors -> TableInput.expanded(dataset, vectors, features))
                .orElseGet(dataset::toDF);
        Set<String> names =
                new LinkedHashSet<>(List.of(input.required(params.groupCol), input.required(params.labelCol)));
        names.addAll(features);
        optional().forEach(param -> input.name(param).ifPresent(names::add));
        List<Column> columns = new ArrayList<>();
        names.forEach(name -> columns.add(ColumnExpressions.column(name)));
        input.name(params.validationIndicatorCol)
                .ifPresent(name -> columns.add(functions
                        .when(ColumnExpressions.column(name), "validation")
                        .otherwise("train")
                        .alias(SPLIT)));
        return rows.select(columns.toArray(new Column[0]));
    }

    private List<Param<String>> optional() {
        return stage instanceof RegressionParams
                ? List.of(params.weightCol, params.orderCol, params.offsetCol)
                : List.of(params.weightCol, params.orderCol);
    }

    private MetaTrainer.Builder trainer(String query, List<String> features) {
        int rounds = (Integer) stage.getOrDefault(params.maxRounds);
        long seed = (Long) stage.getOrDefault(params.seed);
        int members = members();
        Tables.Builder tables = Tables.builder()
                .sql(query)
                .set("table.task", target)
                .group(input.required(params.groupCol))
                .label(input.required(params.labelCol))
                .features(features.toArray(new String[0]))
                .categorical(stage.getOrDefault(params.categoricalCols))
                .set("table.seed", seed);
        input.name(params.weightCol).ifPresent(tables::weight);
        input.name(params.orderCol).ifPresent(tables::order);
        if (stage instanceof RegressionParams) {
            input.name(params.offsetCol).ifPresent(tables::offset);
        }
        split(tables, members, seed);
        List<String> settings = List.of(stage.getOrDefault(params.settings));
        settings.forEach(this::refuseParameter);
        return MetaTrainer.readyJob("table.conf")
                .tasks(tables.build())
                .method(Method.named(stage.getOrDefault(params.method), Map.of()))
                .metaBatchSize((Integer) stage.getOrDefault(params.tasksPerRound))
                .members(members)
                .rounds(rounds)
                .validation(Math.max(1, rounds / VALIDATIONS), 0)
                .seed(seed)
                // All groups are training and validation groups; evaluate measures a model on others.
                .set("evaluation.tasks", 0)
                .assignments(settings);
    }

    private int members() {
        int members = (Integer) stage.getOrDefault(params.members);
        if (input.name(params.validationIndicatorCol).isEmpty()) {
            return members;
        }
        if (stage.isSet(params.members) && members > 1) {
            throw new IllegalArgumentException("members is " + members
                    + " and validationIndicatorCol is set; members must be 1 then, because each member has validation groups of "
                    + "its own");
        }
        return 1;
    }

    /** Members divide training and validation groups among themselves; one model alone needs validation groups. */
    private void split(Tables.Builder tables, int members, long seed) {
        if (input.name(params.validationIndicatorCol).isPresent()) {
            tables.split(SPLIT);
        } else if (members > 1) {
            tables.split(1, 0, 0, seed);
        } else {
            tables.split(0.8, 0.2, 0, seed);
        }
    }

    /** Refuses a setting of a key that a parameter sets, of one above or below it, or of an object that has such a key. */
    private void refuseParameter(String setting) {
        for (String key : JobConfig.assignedKeys(setting)) {
            PARAMETERS.forEach((set, parameter) -> {
                if (set.startsWith(key + ".")) {
                    throw new IllegalArgumentException(
                            "settings has " + key
                                    + ", which has keys of parameters in it; it must not be among settings but by its other keys");
                }
                if (key.equals(set) || key.startsWith(set + ".")) {
                    throw new IllegalArgumentException("settings has " + key + ", which is that of " + parameter
                            + "; it must not be among settings");
                }
            });
            if (key.equals(SPLIT_KEY)
                    && input.name(params.validationIndicatorCol).isPresent()) {
                throw new IllegalArgumentException("settings has " + SPLIT_KEY
                        + " and validationIndicatorCol is set, which divides the groups; one of them must be left out");
            }
        }
    }
}
