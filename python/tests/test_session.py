"""configure, attach and the check for the jar."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyspark
import pytest

import kindling_ml as kd

OPTION = "--add-modules=jdk.incubator.vector"


class Builder:
    """What configure uses of SparkSession.Builder."""

    def __init__(self, **options: str) -> None:
        self._options: dict[str, str] = {name.replace("_", "."): value for name, value in options.items()}

    def config(self, name: str, value: str) -> Builder:
        self._options[name] = value
        return self


def python(code: str, **environment: str) -> list[str]:
    """The lines that code prints in a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_configure_adds_the_jar_and_the_module() -> None:
    builder = Builder()
    assert kd.configure(builder) is builder
    assert builder._options == {
        "spark.jars": kd.jar_path(),
        "spark.driver.defaultJavaOptions": OPTION,
        "spark.executor.defaultJavaOptions": OPTION,
    }
    assert Path(kd.jar_path()).is_file()


def test_configure_keeps_what_the_builder_has_and_adds_nothing_twice() -> None:
    builder = Builder(spark_jars="a.jar, b.jar", spark_driver_defaultJavaOptions="-Dx=1")
    kd.configure(kd.configure(builder))
    assert builder._options["spark.jars"] == f"a.jar, b.jar,{kd.jar_path()}"
    assert builder._options["spark.driver.defaultJavaOptions"] == f"-Dx=1 {OPTION}"


def test_configure_keeps_what_spark_defaults_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spark-defaults.conf").write_text("# comment\nspark.jars  a.jar\nspark.executor.defaultJavaOptions=-Dx=1 -Dy=2\n")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    builder = kd.configure(Builder())
    assert builder._options["spark.jars"] == f"a.jar,{kd.jar_path()}"
    assert builder._options["spark.executor.defaultJavaOptions"] == f"-Dx=1 -Dy=2 {OPTION}"


def test_configure_leaves_a_connect_session_alone() -> None:
    builder = Builder(spark_remote="sc://host")
    assert kd.configure(builder)._options == {"spark.remote": "sc://host"}


def test_configure_and_attach_refuse_other_things() -> None:
    with pytest.raises(kd.KindlingError, match="configure takes SparkSession.builder; it was given a str"):
        kd.configure("local[2]")
    with pytest.raises(kd.KindlingError, match="attach takes a SparkSession; it was given a str"):
        kd.attach("local[2]")


def test_a_configured_session_has_the_jar_and_the_module(spark: Any) -> None:
    jvm = spark.sparkContext._jvm
    assert jvm.java.lang.ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
    assert jvm.dev.kindling.driver.error.ExitCode.STOPPED.number() == 6
    assert kd.attach(spark) is spark


def test_without_a_session_the_message_says_how_to_start_one() -> None:
    assert python("""
import kindling_ml as kd
try:
    kd.MetaRegressor(groupCol="g")
except kd.KindlingError as error:
    print(error.kind, error)
""") == ["usage no Spark session runs; start one: spark = kd.configure(SparkSession.builder).getOrCreate()"]


def test_without_pyspark_the_package_imports_and_the_message_names_it(tmp_path: Path) -> None:
    (tmp_path / "pyspark.py").write_text("raise ImportError('No module named pyspark')\n")
    lines = python(
        """
import kindling_ml as kd
try:
    kd.MetaRegressor
except kd.KindlingError as error:
    print(error)
""",
        PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
    )
    assert lines == ["neither pyspark nor pyspark-client is installed; install one of them: pip install 'kindling-ml[spark]'"]


def test_attach_gives_a_running_session_the_jar_once() -> None:
    lines = python("""
import warnings
import kindling_ml as kd
from kindling_ml import _session
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
try:
    kd.MetaRegressor()
except kd.KindlingError as error:
    print(error)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    kd.attach(spark)
    kd.attach(spark)
for message in {str(warning.message) for warning in caught if warning.category is UserWarning}:
    print(message)
_session.require_kindling()
print([jar.rsplit("/", 1)[-1] for jar in list(spark.sparkContext._jsc.sc().listJars().mkString(",").split(","))])
print(spark.sparkContext._jvm.dev.kindling.driver.error.ExitCode.STOPPED.number())
_session.jar_version = lambda: "9.9"
for call in (lambda: kd.MetaRegressor(), lambda: kd.attach(spark)):
    try:
        call()
    except kd.KindlingError as error:
        print(error)
spark.stop()
""")
    version = Path(kd.jar_path()).stem[len("kindling-") :]
    other = (
        f"the Spark session has Kindling {version} and the Python package is 9.9; they must be the same version:"
        " remove the other jar from spark.jars, or install that version of kindling-ml"
    )
    # Spark 4 starts its JVMs with the module.
    warned = [
        f"the session was started without spark.driver.defaultJavaOptions={OPTION}: Kindling computes with plain loops there,"
        " slower and with the same numbers; start the session with kd.configure for the fast ones"
    ]
    assert lines == [
        "the Spark session runs without Kindling's jar; call kd.attach(spark), or start the session with"
        " kd.configure(SparkSession.builder)",
        *(warned if pyspark.__version__.startswith("3.") else []),
        f"['kindling-{version}.jar']",
        "6",
        other,
        other,
    ]


def test_java_s_exceptions_are_kindling_s_with_one_message_and_others_are_unchanged(spark: Any, tmp_path: Path) -> None:
    from pyspark.errors import AnalysisException
    from pyspark.errors.exceptions.captured import NumberFormatException

    kd.attach(spark)
    jvm = spark.sparkContext._jvm
    with pytest.raises(kd.KindlingError) as refused:
        jvm.dev.kindling.TrainedModel.load(str(tmp_path))
    assert str(refused.value) == f"{tmp_path} is no run directory: it has no config.conf"
    assert (refused.value.kind, refused.value.exit_code) == ("data", 3)
    with pytest.raises(NumberFormatException):
        jvm.java.lang.Integer.parseInt("x")
    with pytest.raises(AnalysisException):
        spark.sql("select x")


def test_an_exception_of_an_executor_is_found_in_the_text_of_spark_s() -> None:
    from kindling_ml._errors import _from_text

    text = (
        "Job aborted due to stage failure: Task 0 in stage 1.0 failed 1 times, most recent failure: Lost task 0.0 in stage 1.0 (TID 1)"
        " (host executor 1): dev.kindling.job.error.BadDataException: rows of v have 2 and 3 elements\n\tat dev.kindling.x.Y.z(Y.java:1)\n"
    )
    found = _from_text(text)
    assert found is not None and (str(found), found.exit_code) == ("rows of v have 2 and 3 elements", 3)
    assert _from_text("java.lang.IllegalStateException: dev.kindling is there") is None
