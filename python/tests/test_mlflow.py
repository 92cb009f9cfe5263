"""mlflow.spark with pipelines that have Kindling's stages, where MLflow is installed: deploy/test-versions installs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_tables import visits

import kindling_ml as kd

pytest.importorskip("mlflow", reason="installed by deploy/test-versions")


def test_a_pipeline_model_is_logged_to_a_file_store_and_loaded(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Newer versions of MLflow use a folder as a store only if they are told to.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    import mlflow
    import mlflow.spark
    from pyspark.ml import Pipeline, PipelineModel

    train, test = kd.split_groups(visits(spark, 60), "patient", 0.8, seed=1)
    marked = kd.support(test, "patient", first=3, by="date")
    estimator = kd.MetaRegressor(
        groupCol="patient", featuresCols=["age", "dose"], labelCol="score", orderCol="date", maxRounds=3, members=1
    )
    fitted = Pipeline(stages=[estimator]).fit(train)
    mlflow.set_tracking_uri((tmp_path / "store").as_uri())
    mlflow.set_experiment("visits")
    with mlflow.start_run() as run:
        mlflow.spark.log_model(fitted, artifact_path="model", dfs_tmpdir=str(tmp_path / "dfs"), pip_requirements=["kindling-ml"])
    loaded = mlflow.spark.load_model(f"runs:/{run.info.run_id}/model", dfs_tmpdir=str(tmp_path / "dfs"))
    assert isinstance(loaded, PipelineModel)
    assert isinstance(loaded.stages[0], kd.MetaRegressionModel)
    found, expected = (
        sorted(tuple(row) for row in each.transform(marked).select("patient", "date", "prediction", "stddev").collect())
        for each in (loaded, fitted)
    )
    assert found == expected
    assert any((tmp_path / "store").rglob("MLmodel"))
