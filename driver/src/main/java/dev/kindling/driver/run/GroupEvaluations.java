package dev.kindling.driver.run;

import dev.kindling.driver.config.Settings;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.GroupEvaluation;
import dev.kindling.driver.evaluation.baseline.BaselineFit;
import dev.kindling.driver.evaluation.groups.GroupEvaluator;
import dev.kindling.driver.evaluation.groups.QueryPredictor;
import dev.kindling.driver.plan.BackendSettings;
import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.driver.serving.ModelQueryPredictor;
import dev.kindling.driver.serving.PredictionPrograms;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.table.TableSource;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;

/**
 * The evaluation by group of a run whose tasks are groups of a table, in this JVM. If the run's backend cannot run here, because
 * only executors have it, the predictions are those of the scalar backend.
 */
final class GroupEvaluations {
    private static final String SCALAR = "scalar";

    private final ResolvedRun run;
    private final TableSource table;

    GroupEvaluations(ResolvedRun run, TableSource table) {
        this.run = run;
        this.table = table;
    }

    /** The numbers of support rows of the evaluation. */
    List<Integer> supportRows() {
        EvaluationSettings evaluation = run.settings().evaluation();
        return run.settings().groups().supportRows(table.support(Split.TRAIN), table.sizes(evaluation.split()));
    }

    /** Evaluates the θ of a model. */
    GroupEvaluation evaluate(FlatVector theta) {
        EvaluationSettings evaluation = run.settings().evaluation();
        List<Integer> supportRows = supportRows();
        PlanSettings plan = planHere(run.settings().plan());
        QueryPredictor model = predictor(run.settings(), theta, table, supportRows);
        return new GroupEvaluator(table, evaluation, supportRows)
                .evaluate(
                        model,
                        BaselineFit.fit(
                                table,
                                evaluation.seed(),
                                run.settings().groups().baselines(),
                                () -> PooledNetwork.train(run, plan.backend().name())));
    }

    /** A model as a predictor of the queries of groups, for the given numbers of support rows. */
    static QueryPredictor predictor(Settings settings, FlatVector theta, TableSource table, List<Integer> supportRows) {
        EvaluationSettings evaluation = settings.evaluation();
        return new ModelQueryPredictor(
                GroupEvaluation.MODEL,
                PredictionPrograms.of(
                                planHere(settings.plan()),
                                theta,
                                table.layout(evaluation.split()),
                                evaluation.steps(),
                                Math.max(1, supportRows.get(supportRows.size() - 1)))
                        .open(),
                table.manifest().classes().size(),
                ModelQueryPredictor.Adaptation.SUPPORT_ROWS);
    }

    private static PlanSettings planHere(PlanSettings plan) {
        try {
            Backends.named(plan.backend().name());
            return plan;
        } catch (BackendUnavailableException e) {
            return new PlanSettings(
                    plan.model(),
                    plan.algorithm(),
                    new BackendSettings(SCALAR, plan.backend().options()),
                    plan.evaluationSteps(),
                    plan.evaluationSplit());
        }
    }
}
