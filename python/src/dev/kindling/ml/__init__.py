"""Estimators and models of Spark ML for tables whose groups of rows are tasks.

``kindling_ml`` exports these classes. Their module has the name of the Java package, by which Spark finds the Python class
of a stage that it has loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from kindling_ml._errors import kindling_errors
from kindling_ml._frames import support_column
from kindling_ml._session import is_connect, require_kindling
from kindling_ml._training import setting

try:
    from pyspark import keyword_only
    from pyspark.ml.param import Param, Params, TypeConverters
    from pyspark.ml.util import JavaMLReadable, JavaMLWritable
    from pyspark.ml.wrapper import JavaEstimator, JavaModel, JavaParams, JavaTransformer
except ImportError:
    require_kindling()
    raise

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["GroupedFolds", "MetaClassificationModel", "MetaClassifier", "MetaRegressionModel", "MetaRegressor"]

P = TypeVar("P", bound="_MetaParams")
R = TypeVar("R", bound="_RegressionParams")
C = TypeVar("C", bound="_ClassificationParams")
E = TypeVar("E", bound="_EstimatorParams")
M = TypeVar("M", bound=JavaModel)
N = TypeVar("N", bound="_Model")


def _to_list_settings(value: Any) -> list[str]:
    """A dictionary of keys and values, or a list of texts key=value, as such a list."""
    if isinstance(value, Mapping):
        return [f"{key}={setting(key, found)}" for key, found in value.items()]
    converted: list[str] = TypeConverters.toListString(value)
    return converted


# pyspark recognises converters of lists by this prefix.
_to_list_settings.__name__ = "toListSettings"


def _param(name: str, doc: str, converter: Any) -> Any:
    return Param(Params._dummy(), name, doc, typeConverter=converter)


class _Stage(JavaParams):
    """A stage whose Java object is one of Kindling's."""

    _input_kwargs: dict[str, Any]

    def _construct(self, java_class: str) -> None:
        """Constructs the Java object, from which the default of each parameter is taken."""
        require_kindling()
        self._java_obj = self._new_java_obj(java_class, self.uid)
        # With Spark Connect it is only a name.
        if not isinstance(self._java_obj, str):
            self._take_defaults()

    def _take_defaults(self) -> None:
        java: Any = self._java_obj
        for param in self.params:
            if java.hasParam(param.name) and java.hasDefault(java.getParam(param.name)):
                value = java.getDefault(java.getParam(param.name)).get()
                is_list = param.typeConverter.__name__.startswith("toList")
                self._setDefault(**{param.name: list(value) if is_list else value})

    def _set_given(self, given: Mapping[str, Any]) -> None:
        self._set(**{name: value for name, value in given.items() if value is not None})


class _MetaParams(_Stage):
    """The parameters that an estimator and its model share."""

    groupCol: Param[str] = _param(
        "groupCol",
        "the column of the groups' keys: text, a whole number or a date; every group is a task",
        TypeConverters.toString,
    )
    featuresCols: Param[list[str]] = _param("featuresCols", "the columns of the inputs", TypeConverters.toListString)
    featuresCol: Param[str] = _param(
        "featuresCol", "a column of vectors of one size that has the inputs, instead of featuresCols", TypeConverters.toString
    )
    categoricalCols: Param[list[str]] = _param(
        "categoricalCols", "those of featuresCols that are categories although they are numbers", TypeConverters.toListString
    )
    labelCol: Param[str] = _param("labelCol", "the column that is predicted", TypeConverters.toString)
    weightCol: Param[str] = _param("weightCol", "the column of row weights; rows of weight 0 are left out", TypeConverters.toString)
    orderCol: Param[str] = _param("orderCol", "the column that orders the rows of a group", TypeConverters.toString)
    supportCol: Param[str] = _param(
        "supportCol",
        "a column of booleans: rows with true adapt the model, rows with false are predicted; null means that a label decides",
        TypeConverters.toString,
    )
    predictionCol: Param[str] = _param("predictionCol", "the column of predictions, which transform adds", TypeConverters.toString)

    validationIndicatorCol: Param[str] = _param(
        "validationIndicatorCol",
        "a column of booleans, equal within a group: true for groups that choose the best round, false for groups that are learned from",
        TypeConverters.toString,
    )
    method: Param[str] = _param("method", "the method, a value of algorithm.name such as bayesian-linear or maml", TypeConverters.toString)
    maxRounds: Param[int] = _param("maxRounds", "the largest number of rounds of training", TypeConverters.toInt)
    tasksPerRound: Param[int] = _param("tasksPerRound", "the tasks of a round", TypeConverters.toInt)
    members: Param[int] = _param("members", "the models that are trained and whose predictions are averaged", TypeConverters.toInt)
    seed: Param[int] = _param("seed", "the seed of all random numbers", TypeConverters.toInt)
    settings: Param[list[str]] = _param("settings", "any keys of the configuration, as texts key=value", _to_list_settings)

    def getGroupCol(self) -> str:
        """The column of the groups' keys.

        >>> kd.MetaRegressor(groupCol="patient").getGroupCol()
        'patient'
        """
        return self.getOrDefault(self.groupCol)

    def getFeaturesCols(self) -> list[str]:
        """The columns of the inputs.

        >>> kd.MetaRegressor(featuresCols=["age", "dose"]).getFeaturesCols()
        ['age', 'dose']
        """
        return self.getOrDefault(self.featuresCols)

    def getFeaturesCol(self) -> str:
        """The column of vectors.

        >>> kd.MetaRegressor(featuresCol="features").getFeaturesCol()
        'features'
        """
        return self.getOrDefault(self.featuresCol)

    def getCategoricalCols(self) -> list[str]:
        """Those of the inputs that are categories although they are numbers.

        >>> kd.MetaRegressor(featuresCols=["age", "ward"], categoricalCols=["ward"]).getCategoricalCols()
        ['ward']
        """
        return self.getOrDefault(self.categoricalCols)

    def getLabelCol(self) -> str:
        """The column that is predicted.

        >>> kd.MetaRegressor(labelCol="score").getLabelCol()
        'score'
        """
        return self.getOrDefault(self.labelCol)

    def getWeightCol(self) -> str:
        """The column of row weights.

        >>> kd.MetaRegressor(weightCol="visits").getWeightCol()
        'visits'
        """
        return self.getOrDefault(self.weightCol)

    def getOrderCol(self) -> str:
        """The column that orders the rows of a group.

        >>> kd.MetaRegressor(orderCol="date").getOrderCol()
        'date'
        """
        return self.getOrDefault(self.orderCol)

    def getSupportCol(self) -> str:
        """The column that says which rows adapt the model.

        >>> kd.MetaRegressor(supportCol="isSupport").getSupportCol()
        'isSupport'
        """
        return self.getOrDefault(self.supportCol)

    def getPredictionCol(self) -> str:
        """The column of predictions.

        >>> kd.MetaRegressor().getPredictionCol()
        'prediction'
        """
        return self.getOrDefault(self.predictionCol)

    def getValidationIndicatorCol(self) -> str:
        """The column that marks validation groups.

        >>> kd.MetaRegressor(validationIndicatorCol="isVal").getValidationIndicatorCol()
        'isVal'
        """
        return self.getOrDefault(self.validationIndicatorCol)

    def getMethod(self) -> str:
        """The method.

        >>> kd.MetaRegressor().getMethod()
        'bayesian-linear'
        """
        return self.getOrDefault(self.method)

    def getMaxRounds(self) -> int:
        """The largest number of rounds.

        >>> kd.MetaRegressor(maxRounds=200).getMaxRounds()
        200
        """
        return self.getOrDefault(self.maxRounds)

    def getTasksPerRound(self) -> int:
        """The tasks of a round.

        >>> kd.MetaRegressor(tasksPerRound=32).getTasksPerRound()
        32
        """
        return self.getOrDefault(self.tasksPerRound)

    def getMembers(self) -> int:
        """The models whose predictions are averaged.

        >>> kd.MetaRegressor(members=1).getMembers()
        1
        """
        return self.getOrDefault(self.members)

    def getSeed(self) -> int:
        """The seed.

        >>> kd.MetaRegressor(seed=7).getSeed()
        7
        """
        return self.getOrDefault(self.seed)

    def getSettings(self) -> list[str]:
        """The keys of the configuration.

        >>> kd.MetaRegressor(settings={"table.query": 16}).getSettings()
        ['table.query=16']
        """
        return self.getOrDefault(self.settings)

    def setSupportCol(self: P, value: str) -> P:
        """Sets the column that says which rows adapt the model.

        >>> model.setSupportCol("isSupport")
        """
        return self._set(supportCol=value)

    def setPredictionCol(self: P, value: str) -> P:
        """Sets the column of predictions.

        >>> model.setPredictionCol("predicted_score")
        """
        return self._set(predictionCol=value)


class _RegressionParams(_MetaParams):
    """What a regression has besides."""

    offsetCol: Param[str] = _param(
        "offsetCol",
        "a column with predictions that the model improves: the target is the label less the offset",
        TypeConverters.toString,
    )
    stddevCol: Param[str] = _param(
        "stddevCol",
        "the column of standard deviations, noise included, which transform adds where the method predicts them",
        TypeConverters.toString,
    )

    def getOffsetCol(self) -> str:
        """The column of offsets.

        >>> kd.MetaRegressor(offsetCol="expected").getOffsetCol()
        'expected'
        """
        return self.getOrDefault(self.offsetCol)

    def getStddevCol(self) -> str:
        """The column of standard deviations.

        >>> kd.MetaRegressor().getStddevCol()
        'stddev'
        """
        return self.getOrDefault(self.stddevCol)

    def setStddevCol(self: R, value: str) -> R:
        """Sets the column of standard deviations.

        >>> model.setStddevCol("score_stddev")
        """
        return self._set(stddevCol=value)


class _ClassificationParams(_MetaParams):
    """What a classification has besides."""

    probabilityCol: Param[str] = _param(
        "probabilityCol", "the column of vectors of class probabilities, which transform adds", TypeConverters.toString
    )
    rawPredictionCol: Param[str] = _param(
        "rawPredictionCol", "the column of vectors of the network's outputs, which transform adds", TypeConverters.toString
    )

    def getProbabilityCol(self) -> str:
        """The column of class probabilities.

        >>> kd.MetaClassifier().getProbabilityCol()
        'probability'
        """
        return self.getOrDefault(self.probabilityCol)

    def getRawPredictionCol(self) -> str:
        """The column of the network's outputs.

        >>> kd.MetaClassifier().getRawPredictionCol()
        'rawPrediction'
        """
        return self.getOrDefault(self.rawPredictionCol)

    def setProbabilityCol(self: C, value: str) -> C:
        """Sets the column of class probabilities.

        >>> model.setProbabilityCol("p")
        """
        return self._set(probabilityCol=value)

    def setRawPredictionCol(self: C, value: str) -> C:
        """Sets the column of the network's outputs.

        >>> model.setRawPredictionCol("raw")
        """
        return self._set(rawPredictionCol=value)


class _EstimatorParams(_MetaParams):
    """The setters of an estimator."""

    def setGroupCol(self: E, value: str) -> E:
        """Sets the column of the groups' keys.

        >>> estimator.setGroupCol("patient")
        """
        return self._set(groupCol=value)

    def setFeaturesCols(self: E, value: list[str]) -> E:
        """Sets the columns of the inputs.

        >>> estimator.setFeaturesCols(["age", "dose"])
        """
        return self._set(featuresCols=value)

    def setFeaturesCol(self: E, value: str) -> E:
        """Sets the column of vectors.

        >>> estimator.setFeaturesCol("features")
        """
        return self._set(featuresCol=value)

    def setCategoricalCols(self: E, value: list[str]) -> E:
        """Sets those of the inputs that are categories although they are numbers.

        >>> estimator.setCategoricalCols(["ward"])
        """
        return self._set(categoricalCols=value)

    def setLabelCol(self: E, value: str) -> E:
        """Sets the column that is predicted.

        >>> estimator.setLabelCol("score")
        """
        return self._set(labelCol=value)

    def setWeightCol(self: E, value: str) -> E:
        """Sets the column of row weights.

        >>> estimator.setWeightCol("visits")
        """
        return self._set(weightCol=value)

    def setOrderCol(self: E, value: str) -> E:
        """Sets the column that orders the rows of a group.

        >>> estimator.setOrderCol("date")
        """
        return self._set(orderCol=value)

    def setValidationIndicatorCol(self: E, value: str) -> E:
        """Sets the column that marks validation groups.

        >>> estimator.setValidationIndicatorCol("isVal")
        """
        return self._set(validationIndicatorCol=value)

    def setMethod(self: E, value: str) -> E:
        """Sets the method.

        >>> estimator.setMethod("maml")
        """
        return self._set(method=value)

    def setMaxRounds(self: E, value: int) -> E:
        """Sets the largest number of rounds.

        >>> estimator.setMaxRounds(200)
        """
        return self._set(maxRounds=value)

    def setTasksPerRound(self: E, value: int) -> E:
        """Sets the tasks of a round.

        >>> estimator.setTasksPerRound(32)
        """
        return self._set(tasksPerRound=value)

    def setMembers(self: E, value: int) -> E:
        """Sets the models whose predictions are averaged.

        >>> estimator.setMembers(1)
        """
        return self._set(members=value)

    def setSeed(self: E, value: int) -> E:
        """Sets the seed.

        >>> estimator.setSeed(7)
        """
        return self._set(seed=value)

    def setSettings(self: E, value: Mapping[str, Any] | list[str]) -> E:
        """Sets keys of the configuration, as a dictionary or as texts key=value.

        >>> estimator.setSettings({"table.query": 16})
        """
        return self._set(settings=value)


class _Estimator(JavaEstimator[M], _MetaParams):
    """Training, with Kindling's errors as KindlingError."""

    def _fit(self, dataset: DataFrame) -> M:
        with kindling_errors():
            return super()._fit(dataset)


class _Model(JavaModel, _MetaParams):
    """Predictions, adaptation and evaluation, with Kindling's errors as KindlingError."""

    output: Param[str] = _param(
        "output",
        "what transform returns: predictions, adapted, predictionsFromAdapted, metrics or summary; for Spark Connect",
        TypeConverters.toString,
    )

    def _transform(self, dataset: DataFrame) -> DataFrame:
        with kindling_errors():
            return JavaModel._transform(self._for(dataset), dataset)

    def _for(self: N, dataset: DataFrame, output: str | None = None) -> N:
        """This model for a table: with the column that ``kindling_ml.support`` added, unless supportCol names another.

        A Spark Connect server keeps what an earlier call has set, so there every call sets both parameters.
        """
        named = self.getOrDefault(self.supportCol) if self.isDefined(self.supportCol) else None
        column = support_column(dataset) if named is None else named
        if is_connect():
            kind = output or (self.getOrDefault(self.output) if self.isDefined(self.output) else "predictions")
            return self.copy({self.output: kind, self.supportCol: column or ""})
        return self if column == named else self.copy({self.supportCol: column})

    def _table(self, output: str, method: str, *tables: DataFrame) -> DataFrame:
        """What a method of the Java model returns; with Spark Connect what transform returns for a value of output."""
        with kindling_errors():
            if is_connect():
                return JavaModel._transform(self._for(tables[0], output), tables[0])
            # Of pyspark's own calls only transform passes the parameters of a model on.
            self._transfer_params_to_java()
            found: DataFrame = self._call_java(method, *tables)
            return found

    def adapt(self, dataset: DataFrame, adapted: DataFrame | None = None) -> DataFrame:
        """Adapts the model to each group: its key, parameters, the number of support rows, and their loss before and after.

        The rows are the input of ``predict``, and may be stored in between. Those of earlier calls are updated by new rows.

        Args:
            dataset: The table, whose support rows the model adapts to.
            adapted: What this method has returned for the rows before.

        >>> adapted = model.adapt(visits)
        >>> adapted.write.parquet("adapted")
        >>> model.adapt(new_visits, spark.read.parquet("adapted"))
        """
        rows = dataset if adapted is None else dataset.unionByName(adapted, allowMissingColumns=True)
        return self._for(rows)._table("adapted", "adapt", rows)

    def predict(self, adapted: DataFrame, rows: DataFrame) -> DataFrame:
        """Predictions for rows by the parameters that ``adapt`` returned, with the columns of ``transform``.

        Groups without parameters are predicted by the model as it was trained. Labels of the rows are not used.

        >>> model.predict(spark.read.parquet("adapted"), new_visits)
        """
        if is_connect():
            both = rows.unionByName(adapted, allowMissingColumns=True)
            return self._table("predictionsFromAdapted", "predict", both)
        return self._table("predictionsFromAdapted", "predict", adapted, rows)

    def evaluate(self, dataset: DataFrame) -> DataFrame:
        """Errors by the number of support rows, of the model and of simple methods on the same rows.

        >>> model.evaluate(test).show()
        """
        return self._table("metrics", "evaluate", dataset)

    def summary(self) -> DataFrame:
        """The metrics of the rounds of the training: ``round``, ``metric`` and ``value``.

        >>> model.summary().show()
        """
        if is_connect():
            from pyspark.sql import SparkSession

            # With pyspark-client a builder does not know the server of the session that runs.
            session = SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()
            return self._table("summary", "summary", session.range(0))
        return self._table("summary", "summary")


class MetaRegressor(
    _Estimator["MetaRegressionModel"], _RegressionParams, _EstimatorParams, JavaMLWritable, JavaMLReadable["MetaRegressor"]
):
    """Learns to predict a number in new groups of rows from their first rows.

    Every group of rows (a patient, a shop) is a task. ``fit`` learns from the groups of a table, on the executors of its session;
    the model adapts to the support rows of a group that it has not seen and predicts its other rows. What is not set has
    the value of the table configuration, ``settings`` sets any other key.

    >>> estimator = kd.MetaRegressor(groupCol="patient", featuresCols=["age", "dose"], labelCol="score", orderCol="date")
    >>> model = estimator.fit(train)
    >>> model.transform(kd.support(test, "patient", first=5, by="date")).select("patient", "prediction", "stddev")
    """

    @keyword_only
    def __init__(
        self,
        *,
        groupCol: str | None = None,
        featuresCols: list[str] | None = None,
        featuresCol: str | None = None,
        categoricalCols: list[str] | None = None,
        labelCol: str | None = None,
        weightCol: str | None = None,
        offsetCol: str | None = None,
        orderCol: str | None = None,
        supportCol: str | None = None,
        validationIndicatorCol: str | None = None,
        predictionCol: str | None = None,
        stddevCol: str | None = None,
        method: str | None = None,
        maxRounds: int | None = None,
        tasksPerRound: int | None = None,
        members: int | None = None,
        seed: int | None = None,
        settings: Mapping[str, Any] | list[str] | None = None,
    ) -> None:
        super().__init__()
        self._construct("dev.kindling.ml.MetaRegressor")
        self._set_given(self._input_kwargs)

    @keyword_only
    def setParams(
        self,
        *,
        groupCol: str | None = None,
        featuresCols: list[str] | None = None,
        featuresCol: str | None = None,
        categoricalCols: list[str] | None = None,
        labelCol: str | None = None,
        weightCol: str | None = None,
        offsetCol: str | None = None,
        orderCol: str | None = None,
        supportCol: str | None = None,
        validationIndicatorCol: str | None = None,
        predictionCol: str | None = None,
        stddevCol: str | None = None,
        method: str | None = None,
        maxRounds: int | None = None,
        tasksPerRound: int | None = None,
        members: int | None = None,
        seed: int | None = None,
        settings: Mapping[str, Any] | list[str] | None = None,
    ) -> MetaRegressor:
        """Sets any of the parameters.

        >>> estimator.setParams(groupCol="patient", maxRounds=200)
        """
        self._set_given(self._input_kwargs)
        return self

    def setOffsetCol(self, value: str) -> MetaRegressor:
        """Sets the column of offsets.

        >>> estimator.setOffsetCol("expected")
        """
        return self._set(offsetCol=value)

    def _create_model(self, java_model: Any) -> MetaRegressionModel:
        return MetaRegressionModel(java_model)


class MetaClassifier(
    _Estimator["MetaClassificationModel"],
    _ClassificationParams,
    _EstimatorParams,
    JavaMLWritable,
    JavaMLReadable["MetaClassifier"],
):
    """Learns to predict a class in new groups of rows from their first rows.

    All groups share the classes: numbers 0, 1, ..., text or booleans. As ``MetaRegressor`` otherwise.

    >>> estimator = kd.MetaClassifier(groupCol="user", featuresCols=["price", "hour"], labelCol="bought", seed=1)
    >>> model = estimator.fit(train)
    >>> model.transform(kd.support(test, "user", first=5, seed=1)).select("user", "prediction", "probability")
    """

    @keyword_only
    def __init__(
        self,
        *,
        groupCol: str | None = None,
        featuresCols: list[str] | None = None,
        featuresCol: str | None = None,
        categoricalCols: list[str] | None = None,
        labelCol: str | None = None,
        weightCol: str | None = None,
        orderCol: str | None = None,
        supportCol: str | None = None,
        validationIndicatorCol: str | None = None,
        predictionCol: str | None = None,
        probabilityCol: str | None = None,
        rawPredictionCol: str | None = None,
        method: str | None = None,
        maxRounds: int | None = None,
        tasksPerRound: int | None = None,
        members: int | None = None,
        seed: int | None = None,
        settings: Mapping[str, Any] | list[str] | None = None,
    ) -> None:
        super().__init__()
        self._construct("dev.kindling.ml.MetaClassifier")
        self._set_given(self._input_kwargs)

    @keyword_only
    def setParams(
        self,
        *,
        groupCol: str | None = None,
        featuresCols: list[str] | None = None,
        featuresCol: str | None = None,
        categoricalCols: list[str] | None = None,
        labelCol: str | None = None,
        weightCol: str | None = None,
        orderCol: str | None = None,
        supportCol: str | None = None,
        validationIndicatorCol: str | None = None,
        predictionCol: str | None = None,
        probabilityCol: str | None = None,
        rawPredictionCol: str | None = None,
        method: str | None = None,
        maxRounds: int | None = None,
        tasksPerRound: int | None = None,
        members: int | None = None,
        seed: int | None = None,
        settings: Mapping[str, Any] | list[str] | None = None,
    ) -> MetaClassifier:
        """Sets any of the parameters.

        >>> estimator.setParams(groupCol="patient", maxRounds=200)
        """
        self._set_given(self._input_kwargs)
        return self

    def _create_model(self, java_model: Any) -> MetaClassificationModel:
        return MetaClassificationModel(java_model)


class MetaRegressionModel(_Model, _RegressionParams, JavaMLWritable, JavaMLReadable["MetaRegressionModel"]):
    """The model of a ``MetaRegressor``.

    >>> model.write().overwrite().save("models/visits")
    >>> kd.MetaRegressionModel.load("models/visits").transform(test)
    """


class MetaClassificationModel(_Model, _ClassificationParams, JavaMLWritable, JavaMLReadable["MetaClassificationModel"]):
    """The model of a ``MetaClassifier``.

    >>> model.write().overwrite().save("models/visits")
    >>> kd.MetaClassificationModel.load("models/visits").transform(test)
    """

    @property
    def labels(self) -> list[str]:
        """The labels of the classes in the order of the elements of probability vectors; not with Spark Connect.

        >>> model.labels
        ['no', 'yes']
        """
        return [str(label) for label in self._call_java("labels")]


class GroupedFolds(JavaTransformer, _Stage, JavaMLWritable, JavaMLReadable["GroupedFolds"]):
    """Adds a column of fold numbers for ``CrossValidator(foldCol=...)``: all rows of a group are in one fold.

    The fold of a group is a hash of the seed and of its key, for any order and partitioning of the rows.

    >>> folds = kd.GroupedFolds(groupCol="patient", numFolds=5, foldCol="fold").transform(train)
    >>> CrossValidator(estimator=regressor, estimatorParamMaps=grid, evaluator=evaluator, numFolds=5, foldCol="fold").fit(folds)
    """

    groupCol: Param[str] = _param("groupCol", "the column of the groups' keys", TypeConverters.toString)
    numFolds: Param[int] = _param("numFolds", "the number of folds", TypeConverters.toInt)
    foldCol: Param[str] = _param("foldCol", "the column of fold numbers, which transform adds", TypeConverters.toString)
    seed: Param[int] = _param("seed", "the seed of the hash", TypeConverters.toInt)

    @keyword_only
    def __init__(
        self,
        *,
        groupCol: str | None = None,
        numFolds: int | None = None,
        foldCol: str | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self._construct("dev.kindling.ml.GroupedFolds")
        self._set_given(self._input_kwargs)

    def _transform(self, dataset: DataFrame) -> DataFrame:
        with kindling_errors():
            return super()._transform(dataset)

    @keyword_only
    def setParams(
        self,
        *,
        groupCol: str | None = None,
        numFolds: int | None = None,
        foldCol: str | None = None,
        seed: int | None = None,
    ) -> GroupedFolds:
        """Sets any of the parameters.

        >>> folds.setParams(groupCol="patient", numFolds=3)
        """
        self._set_given(self._input_kwargs)
        return self

    def getGroupCol(self) -> str:
        """The column of the groups' keys.

        >>> kd.GroupedFolds(groupCol="patient").getGroupCol()
        'patient'
        """
        return self.getOrDefault(self.groupCol)

    def setGroupCol(self, value: str) -> GroupedFolds:
        """Sets the column of the groups' keys.

        >>> folds.setGroupCol("patient")
        """
        return self._set(groupCol=value)

    def getNumFolds(self) -> int:
        """The number of folds.

        >>> kd.GroupedFolds(numFolds=5).getNumFolds()
        5
        """
        return self.getOrDefault(self.numFolds)

    def setNumFolds(self, value: int) -> GroupedFolds:
        """Sets the number of folds.

        >>> folds.setNumFolds(5)
        """
        return self._set(numFolds=value)

    def getFoldCol(self) -> str:
        """The column of fold numbers.

        >>> kd.GroupedFolds(foldCol="fold").getFoldCol()
        'fold'
        """
        return self.getOrDefault(self.foldCol)

    def setFoldCol(self, value: str) -> GroupedFolds:
        """Sets the column of fold numbers.

        >>> folds.setFoldCol("fold")
        """
        return self._set(foldCol=value)

    def getSeed(self) -> int:
        """The seed of the hash.

        >>> kd.GroupedFolds(seed=7).getSeed()
        7
        """
        return self.getOrDefault(self.seed)

    def setSeed(self, value: int) -> GroupedFolds:
        """Sets the seed of the hash.

        >>> folds.setSeed(7)
        """
        return self._set(seed=value)
