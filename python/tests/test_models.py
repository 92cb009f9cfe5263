"""Training and models without a Spark session."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kindling_ml as kd


@pytest.fixture(scope="module")
def sine(tmp_path_factory: pytest.TempPathFactory) -> kd.TrainedModel:
    out = tmp_path_factory.mktemp("runs") / "sine"
    return kd.train("sinusoid-maml.conf", out, verbose=False, **{"run.rounds": 100, "evaluation.tasks": 20, "run.seed": 3})


X = np.linspace(-4, 4, 10)
Y = 2 * np.sin(X + 1)
QUERY = np.linspace(-5, 5, 7)


def test_a_run_is_trained_without_a_session(sine: kd.TrainedModel) -> None:
    assert (sine.rounds, sine.input_shape, sine.outputs, sine.classes) == (100, (1,), 1, 0)
    assert sine.configuration["run"]["seed"] == 3
    assert {name: array.shape for name, array in sine.parameters.items()} == {
        "0_W": (1, 40),
        "0_b": (1, 40),
        "1_W": (40, 40),
        "1_b": (1, 40),
        "2_W": (40, 1),
        "2_b": (1, 1),
    }
    assert sine.parameters["1_W"].dtype == np.float32


def test_predictions_are_those_of_numpy(sine: kd.TrainedModel) -> None:
    expected = adapted_by_numpy(sine, X[:, None], Y[:, None], QUERY[:, None])
    predicted = sine.adapt(X, Y).predict(QUERY)
    assert predicted.shape == (7,)
    np.testing.assert_allclose(predicted, expected[:, 0], rtol=1e-4, atol=1e-4)


def adapted_by_numpy(model: kd.TrainedModel, x: Any, y: Any, query: Any) -> Any:
    """MAML on a network of two hidden layers: steps of gradient descent on the mean squared error, by hand."""
    p = {name: array.astype(np.float64) for name, array in model.parameters.items()}
    rate = model.configuration["algorithm"]["inner-learning-rate"]

    def forward(inputs: Any) -> Any:
        one = np.maximum(inputs @ p["0_W"] + p["0_b"], 0)
        two = np.maximum(one @ p["1_W"] + p["1_b"], 0)
        return one, two, two @ p["2_W"] + p["2_b"]

    for _ in range(model.configuration["evaluation"]["steps"]):
        one, two, out = forward(x)
        d_out = 2 * (out - y) / len(x)
        d_two = d_out @ p["2_W"].T * (two > 0)
        d_one = d_two @ p["1_W"].T * (one > 0)
        for layer, (inputs, delta) in enumerate([(x, d_one), (one, d_two), (two, d_out)]):
            p[f"{layer}_W"] -= rate * inputs.T @ delta
            p[f"{layer}_b"] -= rate * delta.sum(axis=0, keepdims=True)
    return forward(query)[2]


def test_predictions_are_bitwise_those_of_java(spark: Any, sine: kd.TrainedModel) -> None:
    jvm = spark.sparkContext._jvm

    def floats(values: Any) -> Any:
        array = spark.sparkContext._gateway.new_array(jvm.float, len(values))
        for place, value in enumerate(values):
            array[place] = float(np.float32(value))
        return array

    java = jvm.dev.kindling.TrainedModel.load(sine.place)
    expected = np.array(list(java.adapt(floats(X), floats(Y)).predict(floats(QUERY))), dtype=np.float32)
    assert expected.tobytes() == sine.adapt(X, Y).predict(QUERY).tobytes()


def test_targets_have_the_shape_of_the_support_set(sine: kd.TrainedModel) -> None:
    assert sine.adapt(X[:, None], Y[:, None]).predict(QUERY[:, None]).shape == (7, 1)


def test_a_model_is_loaded_from_its_own_folder_and_from_a_uri(sine: kd.TrainedModel) -> None:
    for place in (f"{sine.place}/model", f"{sine.place}/", Path(sine.place).as_uri()):
        np.testing.assert_array_equal(kd.load(place).parameters["0_W"], sine.parameters["0_W"])


def test_relative_folders_are_those_of_python(sine: kd.TrainedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    sine.adapt(X, Y)
    # The local JVM runs already, in another working directory.
    monkeypatch.chdir(Path(sine.place).parent)
    relative = kd.load(Path(sine.place).name)
    np.testing.assert_array_equal(relative.adapt(X, Y).predict(QUERY), sine.adapt(X, Y).predict(QUERY))


def test_a_run_stops_in_time_and_is_resumed(tmp_path: Path) -> None:
    out = tmp_path / "run"
    reached = []
    for resume in (False, True):
        with pytest.raises(kd.KindlingError) as stopped:
            kd.train("sinusoid-maml.conf", out, resume=resume, max_duration="2s", verbose=False, **{"run.rounds": 1_000_000})
        assert (stopped.value.kind, stopped.value.exit_code) == ("stopped", 6)
        status = json.loads((out / "status.json").read_text())
        assert status["state"] == "stopped"
        reached.append(status["round"])
    assert reached == sorted(reached)


@pytest.mark.parametrize(
    "arguments, settings, message",
    [
        (("none.conf",), {}, "--conf is none.conf; it must be a file that exists"),
        (("sinusoid-maml.conf",), {"run.round": 3}, "there is no key run.round; the nearest is run.rounds"),
    ],
)
def test_the_command_line_refuses_with_its_message(tmp_path: Path, arguments: Any, settings: Any, message: str) -> None:
    with pytest.raises(kd.KindlingError) as refused:
        kd.train(*arguments, tmp_path / "run", verbose=False, **settings)
    assert str(refused.value).startswith(message)
    assert refused.value.kind == "usage"


def test_wrong_arguments_are_refused_before_java_starts(tmp_path: Path) -> None:
    for message, call in {
        "master is yarn; here it must be local": lambda: kd.train("sinusoid-maml.conf", master="yarn"),
        "memory is much; it must be a size such as 2g": lambda: kd.train("sinusoid-maml.conf", memory="much"),
        "run.rounds is nan; a value must be text, a finite number": lambda: kd.train("sinusoid-maml.conf", **{"run.rounds": float("nan")}),
        f"there is no model in {tmp_path}": lambda: kd.load(tmp_path),
    }.items():
        with pytest.raises(kd.KindlingError) as refused:
            call()
        assert str(refused.value).startswith(message)


def test_wrong_arrays_are_refused(sine: kd.TrainedModel) -> None:
    adapted = sine.adapt(X, Y)
    for message, call in {
        "support_y has shape [9]; for these inputs it must be [10]": lambda: sine.adapt(X, Y[:9]),
        "support_x has shape [10, 3]; it must be [examples, 1], with at least one example": lambda: sine.adapt(np.zeros((10, 3)), Y),
        "query_x has shape [0, 1]; it must be [examples, 1], with at least one example": lambda: adapted.predict(np.zeros((0, 1))),
        "the model predicts targets; only classes have probabilities": lambda: adapted.probabilities(QUERY),
        "the method of this model predicts no variances; bayesian-linear does, for regression": lambda: adapted.stddev(QUERY),
        "the model was trained on task.source = sinusoid; it must be few-shot to adapt to images": lambda: sine.read_images("a", "b"),
    }.items():
        with pytest.raises(kd.KindlingError) as refused:
            call()
        assert str(refused.value) == message and refused.value.kind == "usage"


def test_a_damaged_model_is_refused_with_its_file(tmp_path: Path, sine: kd.TrainedModel) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sine.place, copy)
    theta = copy / "model" / "theta.safetensors"
    content = bytearray(theta.read_bytes())
    content[-1] ^= 1
    theta.write_bytes(content)
    with pytest.raises(kd.KindlingError) as refused:
        dict(kd.load(copy).parameters)
    assert str(refused.value) == f"{theta} is damaged: its checksum is not that of the manifest"
    (copy / "model" / "manifest.json").write_text("{}")
    with pytest.raises(kd.KindlingError, match="manifest.json is damaged"):
        kd.load(copy)


def test_java_and_the_jars_of_spark_are_named_where_they_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(kd.KindlingError) as refused:
        kd.train("sinusoid-maml.conf")
    assert str(refused.value) == f"java was not found (JDK 17 or newer is needed; JAVA_HOME is {tmp_path})"
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    with pytest.raises(kd.KindlingError) as refused:
        kd.train("sinusoid-maml.conf")
    assert str(refused.value).startswith(f"SPARK_HOME is {tmp_path}, which has no jars of a Spark 3.5 or 4")


def test_settings_are_written_as_the_command_line_reads_them() -> None:
    from kindling_ml._training import setting

    values = {"a b": "a b", 3: "3", 0.5: "0.5", True: "true", (1, 5): "[1, 5]"}
    assert {setting("key", value) for value in values} == set(values.values())
    assert json.loads(setting("key", {"train": 0.5})) == {"train": 0.5}
