"""MetaRegressor, MetaClassifier and their models."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_tables import visits

import kindling_ml as kd

FEATURES = ["age", "dose", "ward"]
QUICK: dict[str, Any] = {"maxRounds": 10, "tasksPerRound": 16, "members": 1, "seed": 1}


def estimator(**changes: Any) -> kd.MetaRegressor:
    given = {"groupCol": "patient", "featuresCols": FEATURES, "labelCol": "score", "orderCol": "date", **QUICK, **changes}
    return kd.MetaRegressor(**{name: value for name, value in given.items() if value is not None})


@pytest.fixture(scope="module")
def table(spark: Any) -> Any:
    return visits(spark).cache()


@pytest.fixture(scope="module")
def parts(table: Any) -> Any:
    train, test = kd.split_groups(table, "patient", 0.8, seed=1)
    return train, kd.support(test, "patient", first=3, by="date", out="isSupport")


@pytest.fixture(scope="module")
def model(parts: Any) -> kd.MetaRegressionModel:
    return estimator().fit(parts[0])


def predictions(df: Any, *columns: str) -> list[Any]:
    names = columns or ("prediction", "stddev")
    return sorted(tuple(row) for row in df.where("not isSupport").select("patient", "date", *names).collect())


def test_unseen_groups_are_predicted_from_their_first_rows(parts: Any, model: kd.MetaRegressionModel) -> None:
    predicted = model.transform(parts[1])
    assert predicted.columns == [*parts[1].columns, "prediction", "stddev"]
    rows = predicted.collect()
    assert len(rows) == parts[1].count()
    assert all((row.prediction is None) == row.isSupport for row in rows)
    asked = [row for row in rows if not row.isSupport]
    error = math.sqrt(sum((row.prediction - row.score) ** 2 for row in asked) / len(asked))
    mean = parts[0].agg({"score": "mean"}).first()[0]
    assert error < 0.6 * math.sqrt(sum((mean - row.score) ** 2 for row in asked) / len(asked))
    assert all(row.stddev > 0 for row in asked)


def test_a_column_of_the_user_says_which_rows_are_support_rows(parts: Any, model: kd.MetaRegressionModel) -> None:
    other = parts[1].withColumn("shown", parts[1].isSupport).drop("isSupport")
    named = model.copy({model.supportCol: "shown"})
    assert predictions(named.transform(other).withColumnRenamed("shown", "isSupport")) == predictions(model.transform(parts[1]))
    # Without one, rows with a label are support rows, and all have one.
    assert named.transform(other).where("prediction is null").count() == other.where("shown").count()
    assert model.transform(other.drop("shown")).where("prediction is not null").count() == 0


def test_each_parameter_has_java_s_default_a_getter_and_a_setter(spark: Any) -> None:
    for stage in (kd.MetaRegressor(), kd.MetaClassifier()):
        java = stage._java_obj
        assert {param.name for param in stage.params} == {param.name() for param in java.params()}
        for param in stage.params:
            suffix = param.name[0].upper() + param.name[1:]
            getter, setter = getattr(stage, f"get{suffix}"), getattr(stage, f"set{suffix}")
            if stage.hasDefault(param):
                default = java.getDefault(java.getParam(param.name)).get()
                value = getter()
                assert value == (list(default) if isinstance(value, list) else default)
                assert setter(value) is stage
            else:
                value = ["a"] if "List" in param.typeConverter.__name__ else 3 if "Int" in param.typeConverter.__name__ else "a"
                assert setter(value) is stage and getter() == value


def test_settings_may_be_a_dictionary() -> None:
    assert kd.MetaRegressor(settings={"task.query": 16, "table.stack": "none"}).getSettings() == [
        "task.query=16",
        "table.stack=none",
    ]
    assert kd.MetaRegressor().setSettings(["task.query=16"]).getSettings() == ["task.query=16"]


def test_the_python_class_has_the_name_of_the_java_class() -> None:
    for name in ("MetaRegressor", "MetaRegressionModel", "MetaClassifier", "MetaClassificationModel", "GroupedFolds"):
        assert f"{getattr(kd, name).__module__}.{getattr(kd, name).__name__}" == f"dev.kindling.ml.{name}"
        assert name in dir(kd)


def test_models_and_estimators_are_saved_and_loaded(parts: Any, model: kd.MetaRegressionModel, tmp_path: Path) -> None:
    place = str(tmp_path / "model")
    model.write().overwrite().save(place)
    model.write().overwrite().save(place)
    loaded = kd.MetaRegressionModel.load(place)
    assert predictions(loaded.transform(parts[1])) == predictions(model.transform(parts[1]))
    assert loaded.getGroupCol() == "patient" and loaded.uid == model.uid
    saved = estimator(settings={"task.query": 16})
    saved.save(str(tmp_path / "estimator"))
    again = kd.MetaRegressor.load(str(tmp_path / "estimator"))
    assert again.getSettings() == ["task.query=16"] and again.getMaxRounds() == 10 and again.getFeaturesCols() == FEATURES


def test_the_saved_model_is_loaded_for_numpy(model: kd.MetaRegressionModel, tmp_path: Path) -> None:
    place = str(tmp_path / "model")
    model.save(place)
    arrays = kd.load(place).parameters
    assert all(np.isfinite(array).all() for array in arrays.values()) and arrays


def test_stages_work_in_a_pipeline(parts: Any, tmp_path: Path) -> None:
    from pyspark.ml import Pipeline, PipelineModel
    from pyspark.ml.feature import StringIndexer, VectorAssembler

    assembled = [
        StringIndexer(inputCol="ward", outputCol="wardIndex"),
        VectorAssembler(inputCols=["age", "dose", "wardIndex"], outputCol="v"),
    ]
    regressor = estimator(featuresCols=None, featuresCol="v")
    fitted = Pipeline(stages=[*assembled, regressor]).fit(parts[0])
    fitted.write().overwrite().save(str(tmp_path / "pipeline"))
    loaded = PipelineModel.load(str(tmp_path / "pipeline"))
    assert isinstance(loaded.stages[-1], kd.MetaRegressionModel)
    assert predictions(loaded.transform(parts[1])) == predictions(fitted.transform(parts[1]))


def test_parameters_of_groups_are_stored_and_predict_later(spark: Any, parts: Any, model: kd.MetaRegressionModel, tmp_path: Path) -> None:
    shown = parts[1].where("isSupport")
    before = shown.where("day(date) = 1")
    adapted = model.adapt(shown.subtract(before), model.adapt(before))
    assert {row.supportRows for row in adapted.collect()} == {3}
    adapted.write.parquet(str(tmp_path / "adapted"))
    asked = parts[1].where("not isSupport")
    later = model.predict(spark.read.parquet(str(tmp_path / "adapted")), asked)
    expected = predictions(model.transform(parts[1]))
    assert len(expected) == asked.count()
    for found, wanted in zip(predictions(later), expected):
        assert found[:2] == wanted[:2]
        assert found[2:] == pytest.approx(wanted[2:], rel=1e-5)


def test_what_is_set_on_a_model_holds_for_all_its_methods(parts: Any, model: kd.MetaRegressionModel) -> None:
    other = parts[1].withColumn("shown", parts[1].isSupport).drop("isSupport")
    named = model.copy().setSupportCol("shown").setPredictionCol("p")
    adapted = named.adapt(other)
    assert {row.supportRows for row in adapted.collect()} == {3}
    assert "p" in named.predict(adapted, other).columns


def test_a_model_is_evaluated_beside_baselines(parts: Any, model: kd.MetaRegressionModel) -> None:
    measured = model.evaluate(parts[1])
    assert measured.count() > 3


def test_the_training_is_summarised(model: kd.MetaRegressionModel) -> None:
    assert model.summary().count() > 0


def test_cross_validation_keeps_groups_together(parts: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.evaluation import RegressionEvaluator
    from pyspark.ml.feature import SQLTransformer
    from pyspark.ml.tuning import CrossValidator, ParamGridBuilder

    folds = kd.GroupedFolds(groupCol="patient", numFolds=2, foldCol="fold", seed=1).transform(parts[0])
    assert folds.groupBy("patient").agg({"fold": "min"}).count() == folds.select("patient", "fold").distinct().count()
    marked = kd.support(folds, "patient", first=3, by="date", out="isSupport")
    regressor = estimator(supportCol="isSupport")
    # Spark's evaluators refuse rows without a prediction, which support rows are.
    pipeline = Pipeline(stages=[regressor, SQLTransformer(statement="SELECT * FROM __THIS__ WHERE prediction IS NOT NULL")])
    grid = ParamGridBuilder().addGrid(regressor.maxRounds, [2, 4]).build()
    evaluator = RegressionEvaluator(labelCol="score", predictionCol="prediction")
    validator = CrossValidator(estimator=pipeline, estimatorParamMaps=grid, evaluator=evaluator, numFolds=2, foldCol="fold")
    chosen = validator.fit(marked)
    assert len(chosen.avgMetrics) == 2 and all(0 < value < 10 for value in chosen.avgMetrics)
    assert isinstance(chosen.bestModel.stages[0], kd.MetaRegressionModel)


def test_classes_are_predicted_with_probabilities(parts: Any) -> None:
    train, test = (part.withColumn("high", (part.score > 13).cast("double")) for part in parts)
    classifier = kd.MetaClassifier(
        groupCol="patient", featuresCols=FEATURES, labelCol="high", orderCol="date", supportCol="isSupport", **QUICK
    )
    fitted = classifier.fit(train)
    assert fitted.labels == ["0.0", "1.0"]
    rows = fitted.transform(test).where("not isSupport").collect()
    assert sum(row.prediction == row.high for row in rows) > 0.7 * len(rows)
    assert all(abs(sum(row.probability) - 1) < 1e-6 and len(row.rawPrediction) == 2 for row in rows)


def test_weights_offsets_and_validation_groups(parts: Any, model: kd.MetaRegressionModel) -> None:
    from pyspark.sql import functions as F

    train, test = parts
    expected = predictions(model.transform(test), "prediction")
    weighted = train.withColumn("w", F.lit(1.0))
    wrong = train.withColumn("score", F.lit(1e6)).withColumn("w", F.lit(0.0))
    left_out = estimator(weightCol="w").fit(weighted.union(wrong))
    assert predictions(left_out.transform(test.withColumn("w", F.lit(1.0))), "prediction") == expected
    uneven = estimator(weightCol="w").fit(train.withColumn("w", F.col("dose") + 0.1))
    assert predictions(uneven.transform(test.withColumn("w", F.lit(1.0))), "prediction") != expected

    def shifted(df: Any) -> Any:
        return df.withColumn("known", 100 * df.dose).withColumn("score", df.score + 100 * df.dose)

    improved = estimator(offsetCol="known").fit(shifted(train))
    less = improved.transform(shifted(test)).withColumn("less", F.col("prediction") - F.col("known"))
    for found, wanted in zip(predictions(less, "less"), expected):
        assert found[:2] == wanted[:2] and found[2] == pytest.approx(wanted[2], abs=1e-3)
    error = "measure = 'rmse' and predictor = 'model'"
    measured, plain = (
        each.where(error).orderBy("supportRows").collect() for each in (improved.evaluate(shifted(test)), model.evaluate(test))
    )
    assert [row.value for row in measured] == pytest.approx([row.value for row in plain], abs=1e-3)

    held = train.withColumn("held", F.substring("patient", 2, 9).cast("int") % 5 == 0)
    validated = estimator(validationIndicatorCol="held").fit(held)
    other = held.withColumn("score", F.when(held.held, 2 * held.score).otherwise(held.score))

    def metric(fitted: Any, name: str) -> list[Any]:
        return sorted(tuple(row) for row in fitted.summary().where(F.col("metric") == name).collect())

    changed = estimator(validationIndicatorCol="held").fit(other)
    assert metric(validated, "query_loss") == metric(changed, "query_loss")
    assert metric(validated, "validation_loss") != metric(changed, "validation_loss")
