"""Estimators and models with Spark Connect, whose local server pyspark starts in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pyspark
import pytest
from conftest import ROOT

LINES = """
import warnings
warnings.simplefilter("ignore")
import kindling_ml as kd
from pyspark.sql import SparkSession
from conftest import visits
spark = kd.configure(SparkSession.builder.remote("local[2]")).getOrCreate()
train, test = kd.split_groups(visits(spark), "patient", 0.8, seed=1)
marked = kd.support(test, "patient", first=3, by="date")
model = kd.MetaRegressor(
    groupCol="patient", featuresCols=["age", "dose", "ward"], labelCol="score", orderCol="date", maxRounds=4, members=1
).fit(train)
model.write().overwrite().save("model")
loaded = kd.MetaRegressionModel.load("model")
asked = "not isSupport"

def table(df):
    return sorted((row.patient, row.date, round(row.prediction, 4)) for row in df.where("prediction is not null").collect())

expected = table(model.transform(marked))
print(len(expected) == marked.where(asked).count())
adapted = model.adapt(marked.where("isSupport"))
print(table(model.predict(adapted, marked.where(asked))) == expected)
print(table(loaded.transform(marked)) == expected)
print(model.evaluate(test).where("measure = 'rmse' and predictor = 'model'").count() > 1)
print(model.summary().where("metric = 'query_loss'").count())
try:
    kd.MetaRegressor(groupCol="person", featuresCols=["age"], labelCol="score").fit(train)
except kd.KindlingError as error:
    print(str(error).split(";")[0])
try:
    kd.attach(spark)
except kd.KindlingError as error:
    print(str(error).split(":")[0])
spark.stop()
"""


@pytest.mark.skipif(
    pyspark.__version__.startswith(("3.", "4.0.")) or find_spec("grpc") is None, reason="Spark Connect of Spark 4.1 or newer"
)
def test_estimators_and_models_work_with_spark_connect(tmp_path: Path) -> None:
    path = os.pathsep.join([str(ROOT / "python" / "tests"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", LINES],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-7:] == [
        "True",
        "True",
        "True",
        "True",
        "4",
        "groupCol has person, which is no column of the table",
        "a Spark Connect server loads estimators from its own class path",
    ]
