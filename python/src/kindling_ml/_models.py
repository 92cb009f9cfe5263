"""Trained models for NumPy: parameters as arrays, adaptation and prediction in a local JVM."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union
from urllib.parse import unquote, urlparse

import numpy as np

from kindling_ml._errors import KindlingError, data, kindling_errors, usage
from kindling_ml._jvm import LOCAL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Place = Union[str, "os.PathLike[str]"]


def load(run_or_model: Place) -> TrainedModel:
    """Loads the model of a run, or one that was saved: by the command line, by ``kd.train``, from Java or as a stage of Spark ML.

    Parameters of a local folder are read without Java; ``adapt`` starts a local JVM, which needs Java 17 and the jars of a
    Spark (``pip install pyspark``, or SPARK_HOME), but no Spark session.

    Args:
        run_or_model: The folder, on a local or any Hadoop file system.

    Raises:
        KindlingError: If there is no model, or it is damaged.

    >>> model = kd.load("runs/sine")
    >>> model.parameters["0_W"].shape
    (1, 40)
    >>> model.adapt(support_x, support_y).predict(query_x)
    """
    return TrainedModel(_Folder.of(os.fspath(run_or_model)))


class TrainedModel:
    """A meta-trained model: its parameters, and the adaptation to the examples of a task.

    ``kd.load`` and ``kd.train`` make them.

    >>> model = kd.load("runs/sine")
    >>> model.input_shape, model.outputs, model.rounds
    ((1,), 1, 10000)
    """

    def __init__(self, folder: _Folder) -> None:
        self._folder = folder
        self._manifest = folder.manifest()
        network = json.loads(folder.file("network.json", self._manifest))
        self._network: Mapping[str, Any] = network
        self._java: Any | None = None

    @property
    def place(self) -> str:
        """The folder of the run or of the saved model.

        >>> kd.load("runs/sine").place
        'runs/sine'
        """
        return self._folder.run

    @property
    def rounds(self) -> int:
        """Rounds of training.

        >>> kd.load("runs/sine").rounds
        10000
        """
        return int(self._manifest["rounds"])

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input.

        >>> kd.load("runs/o51").input_shape
        (1, 28, 28)
        """
        return tuple(int(size) for size in self._network["episode"]["features"])

    @property
    def classes(self) -> int:
        """The number of classes of a classification; 0 for a regression.

        >>> kd.load("runs/o51").classes
        5
        """
        return int(self._network["episode"]["classes"])

    @property
    def outputs(self) -> int:
        """Outputs for one query: the width of a target, or the number of classes.

        >>> kd.load("runs/sine").outputs
        1
        """
        return self.classes or int(self._network["episode"]["outputs"])

    @property
    def configuration(self) -> Mapping[str, Any]:
        """Every key of the job and its value, nested as in a job file.

        >>> kd.load("runs/sine").configuration["algorithm"]["name"]
        'maml'
        """
        settings: Mapping[str, Any] = self._manifest["provenance"]["configuration"]
        return settings

    @property
    def parameters(self) -> dict[str, NDArray[Any]]:
        """The meta-parameters by name, as new arrays in float32, or float64 if the run computed in double precision.

        >>> {name: array.shape for name, array in kd.load("runs/sine").parameters.items()}
        {'0_W': (1, 40), '0_b': (1, 40), ...}
        """
        return _safetensors(self._folder.file("theta.safetensors", self._manifest), self.place)

    def adapt(self, support_x: ArrayLike, support_y: ArrayLike, classes: int | None = None) -> AdaptedModel:
        """Adapts to the support set of a task, with the run's ``evaluation.steps`` inner steps.

        Args:
            support_x: Inputs, [examples, *input_shape]; [examples] where an input is one number.
            support_y: Targets, [examples, outputs], or [examples] where a target is one number; or the classes 0, 1, ...
                [examples].
            classes: The number of classes, for methods that take any (proto-net, relation-net, proto-maml); by default that
                of the training.

        Raises:
            KindlingError: If a shape does not fit the model, or a class is unknown to it.

        >>> adapted = kd.load("runs/sine").adapt([0.0, 1.0, 2.0], [0.0, 0.84, 0.91])
        """
        x = self._inputs("support_x", support_x)
        y = np.asarray(support_y)
        width = 1 if self.classes else self.outputs
        flat = y.ndim == 1 and width == 1
        if y.shape[:1] != (len(x),) or not (flat or y.shape[1:] == (width,)):
            wanted = f"[{len(x)}]" if width == 1 else f"[{len(x)}, {width}]"
            raise usage(f"support_y has shape {list(y.shape)}; for these inputs it must be {wanted}")
        java = self._loaded()
        with kindling_errors(LOCAL.view()):
            arrays = [_to_java(x), _to_java(y)]
            adapted = java.adapt(*arrays) if classes is None else java.adapt(*arrays, int(classes))
        return AdaptedModel(self, adapted, flat, classes or self.classes)

    def read_images(self, support: Place, query: Place) -> ImageTask:
        """Reads the images of a task from folders, decoded, resized and scaled as in the model's training.

        Args:
            support: A folder with a folder of images for each class.
            query: A folder of images, or of class folders with names from ``support``.

        >>> task = model.read_images("my/support", "my/query")
        >>> adapted = model.adapt(task.support_x, task.support_y, classes=len(task.classes))
        >>> [task.classes[c] for c in adapted.predict(task.query_x)]
        ['cat', 'dog', ...]
        """
        java = self._loaded()
        with kindling_errors(LOCAL.view()):
            read = LOCAL.view().dev.kindling.ImageTask.read(java, _absolute(support), _absolute(query))
            return ImageTask(read, self.input_shape)

    def _inputs(self, name: str, values: ArrayLike) -> NDArray[Any]:
        x = np.asarray(values, dtype=np.float32)
        shape = self.input_shape
        if shape == (1,) and x.ndim == 1:
            x = x[:, np.newaxis]
        if x.ndim != len(shape) + 1 or x.shape[1:] != shape or len(x) == 0:
            sizes = ", ".join(str(size) for size in ("examples", *shape))
            raise usage(f"{name} has shape {list(x.shape)}; it must be [{sizes}], with at least one example")
        return x

    def _loaded(self) -> Any:
        if self._java is None:
            jvm = LOCAL.view()
            with kindling_errors(jvm):
                self._java = jvm.dev.kindling.TrainedModel.load(_absolute(self.place))
        return self._java

    def __repr__(self) -> str:
        method = self.configuration["algorithm"]["name"]
        return f"TrainedModel({self.place!r}, {method}, {self.rounds} rounds)"


class AdaptedModel:
    """A model that has adapted to one task. ``TrainedModel.adapt`` makes it.

    >>> adapted = model.adapt(support_x, support_y)
    >>> adapted.predict(query_x).shape
    (10, 1)
    """

    def __init__(self, model: TrainedModel, java: Any, flat: bool, classes: int) -> None:
        self._model = model
        self._java = java
        self._flat = flat
        self._classes = classes

    def predict(self, query_x: ArrayLike) -> NDArray[Any]:
        """Predictions for queries: targets of the shape that ``support_y`` had, or the most probable class of each query.

        >>> adapted.predict([0.5, 1.5])
        array([0.48, 0.99], dtype=float32)
        """
        found = self._numbers("predict", query_x)
        if self._classes:
            return found.astype(np.int64)
        return found if self._flat else found.reshape(-1, self._model.outputs)

    def probabilities(self, query_x: ArrayLike) -> NDArray[Any]:
        """The probability of each class for each query, [queries, classes].

        >>> adapted.probabilities(query_x).sum(axis=1)
        array([1., 1., ...], dtype=float32)
        """
        return self._numbers("probabilities", query_x).reshape(-1, max(1, self._classes))

    def stddev(self, query_x: ArrayLike) -> NDArray[Any]:
        """The standard deviation of each query's target, noise included, [queries]; for methods that predict variances.

        >>> adapted.stddev(query_x)
        array([0.31, 0.29, ...], dtype=float32)
        """
        return self._numbers("standardDeviations", query_x)

    def _numbers(self, method: str, query_x: ArrayLike) -> NDArray[Any]:
        x = self._model._inputs("query_x", query_x)
        with kindling_errors(LOCAL.view()):
            return _from_java(getattr(self._java, method)(_to_java(x)))


class ImageTask:
    """The images of one task as arrays. ``TrainedModel.read_images`` makes it; rows are sorted by class, then by file.

    >>> task = model.read_images("my/support", "my/query")
    >>> task.support_x.shape, task.classes
    ((10, 1, 28, 28), ['cat', 'dog'])
    """

    def __init__(self, java: Any, shape: tuple[int, ...]) -> None:
        #: The names of the classes, sorted; the position is the class as a number.
        self.classes = [str(name) for name in java.classes()]
        #: Inputs of the support set, [examples, channels, height, width].
        self.support_x = _from_java(java.supportX()).reshape(-1, *shape)
        #: The classes 0, 1, ... of the support set, [examples].
        self.support_y = _from_java(java.supportY()).astype(np.int64)
        #: Inputs of the query set, [queries, channels, height, width].
        self.query_x = _from_java(java.queryX()).reshape(-1, *shape)
        #: The classes of the query set, [queries]; None if its folder has no class folders.
        self.query_y = _from_java(java.queryY().get()).astype(np.int64) if java.queryY().isPresent() else None
        #: The paths of the query images below their folder, in the order of rows.
        self.query_files = [str(name) for name in java.queryFiles()]


def _to_java(array: NDArray[Any]) -> Any:
    """The numbers as a float[] of Java, row-major."""
    numbers = np.ascontiguousarray(array, dtype="<f4")
    jvm = LOCAL.view()
    target = LOCAL.gateway().new_array(jvm.float, numbers.size)
    order = jvm.java.nio.ByteOrder.LITTLE_ENDIAN
    jvm.java.nio.ByteBuffer.wrap(numbers.tobytes()).order(order).asFloatBuffer().get(target)
    return target


def _from_java(floats: Any) -> NDArray[Any]:
    """The numbers of a float[] of Java."""
    jvm = LOCAL.view()
    buffer = jvm.java.nio.ByteBuffer.allocate(4 * len(floats)).order(jvm.java.nio.ByteOrder.LITTLE_ENDIAN)
    buffer.asFloatBuffer().put(floats)
    return np.frombuffer(buffer.array(), dtype="<f4").astype(np.float32)


class _Folder:
    """The folder of a run or of a saved model, whose subfolder model has the files of the model."""

    def __init__(self, run: str) -> None:
        self.run = run

    @staticmethod
    def of(place: str) -> _Folder:
        """The folder of the run; place may also be its folder model, or what a stage of Spark ML was saved as."""
        trimmed = place.rstrip("/") or place
        for run in (trimmed, f"{trimmed}/kindling", str(Path(trimmed).parent) if trimmed.endswith("/model") else None):
            if run is not None and _read(f"{run}/model/manifest.json") is not None:
                return _Folder(run)
        raise data(f"there is no model in {place}; it must be the folder of a run, or one that a model was saved to")

    def manifest(self) -> Mapping[str, Any]:
        content = _read(f"{self.run}/model/manifest.json")
        try:
            manifest: Mapping[str, Any] = json.loads(content or b"")
            manifest["files"], manifest["provenance"]["configuration"], manifest["rounds"]
        except (ValueError, KeyError, TypeError):
            raise data(f"{self.run}/model/manifest.json is damaged") from None
        return manifest

    def file(self, name: str, manifest: Mapping[str, Any]) -> bytes:
        """The content of a file of the model, which has the checksum of the manifest."""
        content = _read(f"{self.run}/model/{name}")
        if content is None:
            raise data(f"{self.run}/model/{name} is missing")
        if hashlib.sha256(content).hexdigest() != manifest["files"].get(name, {}).get("sha256"):
            raise data(f"{self.run}/model/{name} is damaged: its checksum is not that of the manifest")
        return content


def _absolute(place: Place) -> str:
    """A place as the local JVM finds it, which has a working directory of its own."""
    text = os.fspath(place)
    return text if re.match(r"^[A-Za-z][A-Za-z0-9+.-]+:", text) else os.path.abspath(text)


def _read(place: str) -> bytes | None:
    """The content of a file, or None without it; files that are not local are read by Hadoop in the JVM."""
    address = urlparse(place)
    if address.scheme in ("", "file") or re.match(r"^[A-Za-z]:[\\/]", place):
        file = Path(unquote(address.path) if address.scheme == "file" else place)
        return file.read_bytes() if file.is_file() else None
    jvm = LOCAL.view()
    path = jvm.org.apache.hadoop.fs.Path(place)
    try:
        files = path.getFileSystem(jvm.org.apache.hadoop.conf.Configuration())
        if not files.exists(path):
            return None
        stream = files.open(path)
        try:
            return bytes(jvm.org.apache.commons.io.IOUtils.toByteArray(stream))
        finally:
            stream.close()
    except Exception as error:
        cause = getattr(error, "java_exception", None)
        reason = cause.getMessage() if cause is not None else error
        raise KindlingError(f"{place} cannot be read: {reason}", 3) from None


_DTYPES = {"F32": "<f4", "F64": "<f8"}


def _safetensors(content: bytes, place: str) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file: the length of a JSON header, the header, the numbers."""
    start = 8 + int.from_bytes(content[:8], "little")
    arrays = {}
    for name, entry in json.loads(content[8:start]).items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in _DTYPES:
            raise data(f"{place}/model/theta.safetensors has numbers of type {entry['dtype']}; they must be F32 or F64")
        begin, end = entry["data_offsets"]
        numbers = np.frombuffer(content[start + begin : start + end], dtype=_DTYPES[entry["dtype"]])
        arrays[name] = numbers.reshape(entry["shape"]).astype(numbers.dtype.newbyteorder("="))
    return arrays
