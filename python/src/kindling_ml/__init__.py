"""Meta-learning on Apache Spark: estimators for Spark ML, and trained models for NumPy.

>>> import kindling_ml as kd
>>> from pyspark.sql import SparkSession
>>> spark = kd.configure(SparkSession.builder).getOrCreate()
>>> train, test = kd.split_groups(spark.read.parquet("visits"), "patient", 0.8, seed=1)
>>> model = kd.MetaRegressor(
...     groupCol="patient", featuresCols=["age", "dose"], labelCol="score", orderCol="date").fit(train)
>>> model.transform(kd.support(test, "patient", first=5, by="date"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kindling_ml._errors import KindlingError
from kindling_ml._frames import split_groups, support
from kindling_ml._jar import jar_path
from kindling_ml._models import AdaptedModel, ImageTask, TrainedModel, load
from kindling_ml._session import attach, configure
from kindling_ml._training import train
from kindling_ml._version import __version__

if TYPE_CHECKING:
    from dev.kindling.ml import (
        GroupedFolds,
        MetaClassificationModel,
        MetaClassifier,
        MetaRegressionModel,
        MetaRegressor,
    )

# Of dev.kindling.ml, which needs pyspark and is imported when one of them is used.
_STAGES = ("GroupedFolds", "MetaClassificationModel", "MetaClassifier", "MetaRegressionModel", "MetaRegressor")

__all__ = [
    "AdaptedModel",
    "GroupedFolds",
    "ImageTask",
    "KindlingError",
    "MetaClassificationModel",
    "MetaClassifier",
    "MetaRegressionModel",
    "MetaRegressor",
    "TrainedModel",
    "__version__",
    "attach",
    "configure",
    "jar_path",
    "load",
    "split_groups",
    "support",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _STAGES:
        import importlib

        return getattr(importlib.import_module("dev.kindling.ml"), name)
    raise AttributeError(f"module 'kindling_ml' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
