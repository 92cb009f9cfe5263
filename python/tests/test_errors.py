"""What a user can do wrong: one message each, without Java's stack trace."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyspark
import pytest
from made_tables import visits

import kindling_ml as kd

COLUMNS = "patient, age, dose, ward, date, score"


def regressor(**changes: Any) -> kd.MetaRegressor:
    given = {
        "groupCol": "patient",
        "featuresCols": ["age", "dose"],
        "labelCol": "score",
        "orderCol": "date",
        "maxRounds": 2,
        "tasksPerRound": 8,
        "members": 1,
        **changes,
    }
    return kd.MetaRegressor(**{name: value for name, value in given.items() if value is not None})


@pytest.fixture(scope="module")
def table(spark: Any) -> Any:
    return visits(spark, 45).cache()


@pytest.fixture(scope="module")
def model(table: Any) -> kd.MetaRegressionModel:
    return regressor().fit(table)


def vectors(df: Any, ragged: bool) -> Any:
    from pyspark.ml.feature import VectorAssembler

    def assembled(*columns: str) -> Any:
        return VectorAssembler(inputCols=list(columns), outputCol="v").transform(df)

    two = assembled("age", "dose")
    return two.where("patient <> 'p7'").union(assembled("age", "dose", "dose").where("patient = 'p7'")) if ragged else two


def without_labels(df: Any) -> Any:
    from pyspark.sql import functions as F

    return df.withColumn("score", F.lit(None).cast("double"))


def vector_model(df: Any) -> kd.MetaRegressionModel:
    return regressor(featuresCols=None, featuresCol="v").fit(vectors(df, ragged=False))


# Of each: what is wrong, the call, the name of the exit code, the message.
WRONG: list[tuple[str, Callable[[Any, Any], Any], str, str]] = [
    (
        "a missing input column",
        lambda df, model: regressor(featuresCols=["age", "weight"]).fit(df),
        "usage",
        f"featuresCols has weight, which is no column of the table; its columns are {COLUMNS}",
    ),
    (
        "a missing group column",
        lambda df, model: regressor(groupCol="person").fit(df),
        "usage",
        f"groupCol has person, which is no column of the table; its columns are {COLUMNS}",
    ),
    (
        "a missing label column",
        lambda df, model: regressor(labelCol="points").fit(df),
        "usage",
        f"labelCol has points, which is no column of the table; its columns are {COLUMNS}",
    ),
    (
        "no group column",
        lambda df, model: regressor(groupCol=None).fit(df),
        "usage",
        "groupCol is not set; it must be the name of a column",
    ),
    (
        "no input columns",
        lambda df, model: regressor(featuresCols=None).fit(df),
        "usage",
        "featuresCols and featuresCol are not set; one of them must be",
    ),
    (
        "a missing column in transform",
        lambda df, model: model.transform(df.drop("dose")),
        "usage",
        "featuresCols has dose, which is no column of the table; its columns are patient, age, ward, date, score",
    ),
    (
        "a group column of floating-point numbers",
        lambda df, model: regressor(groupCol="age").fit(df),
        "usage",
        "groupCol has age, a column of the type double; it must be text, an integer, a decimal or a date, because equal fractions may"
        " differ in their last digits",
    ),
    (
        "folds by floating-point numbers",
        lambda df, model: kd.GroupedFolds(groupCol="age").transform(df),
        "usage",
        "groupCol has age, a column of the type double; it must be text, an integer, a decimal or a date, because equal fractions may"
        " differ in their last digits",
    ),
    (
        "a label of text",
        lambda df, model: regressor(labelCol="ward").fit(df),
        "usage",
        "labelCol has ward, a column of the type string; it must be a number",
    ),
    (
        "no row with a label",
        lambda df, model: regressor().fit(without_labels(df)),
        "data",
        "the table has no training group that can be used: none has a row with a finite score and finite features",
    ),
    (
        "vectors of several sizes",
        lambda df, model: regressor(featuresCols=None, featuresCol="v").fit(vectors(df, ragged=True)),
        "usage",
        "featuresCol is v, which has vectors of 2 and of 3 elements; all must have the same size",
    ),
    (
        "vectors of another size in transform",
        lambda df, model: vector_model(df).transform(vectors(df, ragged=True).drop("score")).collect(),
        "data",
        "featuresCol is v, which has a vector of 3 elements; all must have 2",
    ),
    (
        "a support row without a label",
        lambda df, model: model.transform(kd.support(without_labels(df.where("patient = 'p3'")), "patient", first=2, by="date")).collect(),
        "data",
        "supportCol is isSupport, which is true in a row of the group p3 without a score; support rows must have one",
    ),
    (
        "a name that the table has",
        lambda df, model: model.transform(df.withColumnRenamed("ward", "prediction")),
        "usage",
        "predictionCol is prediction, which is a column of the table already; it must be another name",
    ),
    (
        "an unknown key",
        lambda df, model: regressor(settings={"task.qery": 3}).fit(df),
        "usage",
        "there is no key task.qery; the nearest is task.query",
    ),
    (
        "a key of a parameter",
        lambda df, model: regressor(settings={"table": {"group": "ward"}}).fit(df),
        "usage",
        "settings has table.group, which is that of groupCol; it must not be among settings",
    ),
    (
        "a split and validation groups",
        lambda df, model: regressor(validationIndicatorCol="held", settings=["table.split=[0.8,0.2,0]"]).fit(
            df.selectExpr("*", "patient = 'p1' held")
        ),
        "usage",
        "settings has table.split and validationIndicatorCol is set, which divides the groups; one of them must be left out",
    ),
    (
        "support rows by a missing column",
        lambda df, model: kd.support(df, "patient", first=2, by="day"),
        "data",
        f"by is day; the table has no such column, it has {COLUMNS}",
    ),
    ("an unknown method", lambda df, model: regressor(method="mamal").fit(df), "usage", "algorithm.name is mamal"),
]


@pytest.mark.parametrize("call, kind, message", [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_wrong_use_has_one_message(
    table: Any, model: kd.MetaRegressionModel, call: Callable[[Any, Any], Any], kind: str, message: str
) -> None:
    with pytest.raises(kd.KindlingError) as refused:
        call(table, model)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)
    assert refused.value.kind == kind
    shown = "".join(traceback.format_exception(type(refused.value), refused.value, refused.value.__traceback__))
    assert "Py4JJavaError" not in shown and "\tat " not in shown


SESSION = """
import sys
from pyspark.sql import SparkSession
import kindling_ml as kd
from made_tables import visits
builder = SparkSession.builder.master(sys.argv[1]).config("spark.ui.enabled", "false").config("spark.executor.memory", "600m")
builder = builder.config("spark.jars", sys.argv[2]).config("spark.driver.defaultJavaOptions", "--add-modules=jdk.incubator.vector")
spark = builder.getOrCreate()
estimator = kd.MetaRegressor(groupCol="patient", featuresCols=["age"], labelCol="score", maxRounds=2, members=1)
try:
    estimator.fit(visits(spark, 45))
except kd.KindlingError as error:
    print(error.kind, error)
spark.stop()
"""


def fit_in(master: str, jars: str) -> list[str]:
    """What a fit prints in a session of its own, whose executors get no option."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent)}
    done = subprocess.run(
        [sys.executable, "-c", SESSION, master, jars], env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_jar_in_two_versions_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "kindling-0.0.1.jar"
    with zipfile.ZipFile(other, "w") as jar:
        jar.writestr("dev/kindling/driver/checkpoint/build.properties", "version=0.0.1\ncommit=none\n")
    lines = fit_in("local[1]", f"{kd.jar_path()},{other}")
    assert len(lines) == 1
    assert lines[0].startswith("usage Kindling is on the class path in several versions: ")
    assert "kindling-0.0.1.jar" in lines[0]


@pytest.mark.skipif(not pyspark.__version__.startswith("3."), reason="executors of Spark 4 have the module")
def test_executors_without_the_module_are_refused() -> None:
    lines = fit_in("local-cluster[1,1,600]", kd.jar_path())
    assert len(lines) == 1
    assert "--add-modules=jdk.incubator.vector" in lines[0]
