"""What a program does with Spark Connect: python connect_program.py REMOTE prints a line for each thing; needs no pytest."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from made_tables import visits

import kindling_ml as kd

EXPECTED = [
    "True",
    "True",
    "True",
    "True",
    "4",
    "groupCol has person, which is no column of the table",
    "a Spark Connect server loads estimators from its own class path",
]


def table(df: Any) -> list[Any]:
    return sorted((row.patient, row.date, round(row.prediction, 4)) for row in df.where("prediction is not null").collect())


def main(remote: str) -> None:
    from pyspark.sql import SparkSession

    warnings.simplefilter("ignore")
    spark = kd.configure(SparkSession.builder.remote(remote)).getOrCreate()
    train, test = kd.split_groups(visits(spark), "patient", 0.8, seed=1)
    marked = kd.support(test, "patient", first=3, by="date")
    model = kd.MetaRegressor(
        groupCol="patient", featuresCols=["age", "dose", "ward"], labelCol="score", orderCol="date", maxRounds=4, members=1
    ).fit(train)
    model.write().overwrite().save("model")
    loaded = kd.MetaRegressionModel.load("model")
    asked = "not isSupport"
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


if __name__ == "__main__":
    main(sys.argv[1])
