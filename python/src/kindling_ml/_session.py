"""Spark sessions that have Kindling's jar: new ones, running ones, and the check for it."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any, TypeVar

from kindling_ml._errors import KindlingError, extend_pyspark, usage
from kindling_ml._jar import jar_path, jar_version

VECTOR_MODULE = "jdk.incubator.vector"
VECTOR_OPTION = f"--add-modules={VECTOR_MODULE}"
_CLASS = "dev.kindling.TrainedModel"

B = TypeVar("B")
S = TypeVar("S")


def configure(builder: B) -> B:
    """Adds Kindling's jar and the options of its JVMs to a builder of a session.

    The jar is appended to ``spark.jars``, and the module ``jdk.incubator.vector`` to ``spark.driver.defaultJavaOptions`` and
    ``spark.executor.defaultJavaOptions``; what the builder or ``spark-defaults.conf`` has under these names is kept. The
    builder of a Spark Connect session (``remote("sc://...")``) is returned unchanged, because the server must have been
    started with the jar (``kd.jar_path()``).

    Args:
        builder: ``SparkSession.builder``, with any other options.

    Returns:
        The same builder.

    >>> spark = kd.configure(SparkSession.builder.master("local[4]")).getOrCreate()
    """
    if not hasattr(builder, "config"):
        raise usage(f"configure takes SparkSession.builder; it was given {_described(builder)}")
    settings: dict[str, Any] = dict(getattr(builder, "_options", {}))
    remote = str(settings.get("spark.remote") or os.environ.get("SPARK_REMOTE", ""))
    # For a remote of local[N] pyspark starts the server, with the settings of the builder.
    if remote and not remote.startswith("local"):
        return builder
    defaults = _default_settings()

    def current(name: str) -> str:
        return str(settings.get(name, defaults.get(name, ""))).strip()

    options: Any = builder
    jars = [jar for jar in current("spark.jars").split(",") if jar]
    if jar_path() not in jars:
        options.config("spark.jars", ",".join([*jars, jar_path()]))
    for role in ("driver", "executor"):
        name = f"spark.{role}.defaultJavaOptions"
        if VECTOR_OPTION not in current(name).split():
            options.config(name, f"{current(name)} {VECTOR_OPTION}".strip())
    return builder


def attach(spark: S) -> S:
    """Adds Kindling's jar to a classic session that runs already, on the driver and on its executors.

    A session of ``configure`` needs nothing more. A JVM gets the module ``jdk.incubator.vector`` at its start only; where it
    lacks it, this warns: Kindling computes with plain loops there, slower and with the same numbers; executors only with
    ``settings={"backend.name": "scalar"}``, without which ``fit`` refuses them.

    Args:
        spark: The session.

    Returns:
        The same session.

    Raises:
        KindlingError: If it is a Spark Connect session, whose server must be started with the jar, or has another version of
            Kindling.

    >>> kd.attach(spark)
    """
    context = getattr(spark, "_sc", None)
    if context is None:
        if hasattr(spark, "addArtifacts"):
            raise usage(
                f"a Spark Connect server loads estimators from its own class path: start it with --jars {jar_path()}"
                f" --conf 'spark.driver.defaultJavaOptions={VECTOR_OPTION}'"
                f" --conf 'spark.executor.defaultJavaOptions={VECTOR_OPTION}'; attach is not needed then"
            )
        raise usage(f"attach takes a SparkSession; it was given {_described(spark)}")
    jvm = context._jvm
    present = _loaded_version(jvm)
    if present is None:
        _driver_loader(jvm).addURL(jvm.java.io.File(jar_path()).toURI().toURL())
        context._jsc.addJar(jar_path())
        if _loaded_version(jvm) is None:
            raise KindlingError(f"the JVM of this session does not load {jar_path()}; start the session with kd.configure", 5)
    else:
        _check_version(present)
    extend_pyspark()
    _warn_without_vector_module(context, jvm)
    return spark


def _driver_loader(jvm: Any) -> Any:
    """The class loader of the application's jars, which all threads of a driver that spark-submit started share.

    The outermost one: statements such as ADD JAR give their own thread another below it.
    """
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    found = None
    while loader is not None:
        if loader.getClass().getName() in (
            "org.apache.spark.util.MutableURLClassLoader",
            "org.apache.spark.util.ChildFirstURLClassLoader",
        ):
            found = loader
        loader = loader.getParent()
    if found is None:
        raise KindlingError(
            "the class path of this session's JVM cannot grow, because spark-submit did not start it; start the session with kd.configure",
            5,
        )
    return found


def _warn_without_vector_module(context: Any, jvm: Any) -> None:
    def warn(role: str, consequence: str) -> None:
        option = f"spark.{role}.defaultJavaOptions={VECTOR_OPTION}"
        warnings.warn(
            f"the session was started without {option}: {consequence}; start the session with kd.configure for the fast ones",
            stacklevel=4,
        )

    if not jvm.java.lang.ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent():
        warn("driver", "Kindling computes with plain loops there, slower and with the same numbers")
    settings = context.getConf()
    executors = " ".join(settings.get(f"spark.executor.{name}JavaOptions", "") for name in ("default", "extra"))
    local = context.master == "local" or str(context.master).startswith("local[")
    if not local and context.version.startswith("3.") and VECTOR_MODULE not in executors:
        warn("executor", "executors train only with plain loops, settings={'backend.name': 'scalar'}, slower and with the same numbers")


def require_kindling() -> None:
    """Refuses with one message if the session's JVM does not have Kindling's jar."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        raise usage("neither pyspark nor pyspark-client is installed; install one of them: pip install 'kindling-ml[spark]'") from None
    if is_connect():
        return
    from pyspark import SparkContext

    if SparkContext._active_spark_context is None:
        raise usage("no Spark session runs; start one: spark = kd.configure(SparkSession.builder).getOrCreate()")
    version = _loaded_version(SparkContext._jvm)
    if version is None:
        raise usage(
            "the Spark session runs without Kindling's jar; call kd.attach(spark),"
            " or start the session with kd.configure(SparkSession.builder)"
        )
    _check_version(version)
    extend_pyspark()


def _check_version(present: str) -> None:
    if present != jar_version():
        raise usage(
            f"the Spark session has Kindling {present} and the Python package is {jar_version()}; they must be the same version:"
            " remove the other jar from spark.jars, or install that version of kindling-ml"
        )


def _loaded_version(jvm: Any) -> str | None:
    """The version of the Kindling that the JVM has, or None without one."""
    from py4j.protocol import Py4JJavaError

    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    try:
        found = jvm.java.lang.Class.forName(_CLASS, False, loader)
    except Py4JJavaError:
        return None
    return str(found.getPackage().getImplementationVersion())


def is_connect() -> bool:
    """Whether sessions of this process are those of Spark Connect."""
    try:
        from pyspark.sql.utils import is_remote
    except ImportError:
        return False
    return bool(is_remote())


def _default_settings() -> dict[str, str]:
    """The settings of spark-defaults.conf, which those of a builder replace."""
    folder = os.environ.get("SPARK_CONF_DIR") or (os.environ["SPARK_HOME"] + "/conf" if os.environ.get("SPARK_HOME") else "")
    settings: dict[str, str] = {}
    file = Path(folder) / "spark-defaults.conf"
    if folder and file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            words = re.split(r"\s*[=:\s]\s*", line.strip(), maxsplit=1)
            if len(words) == 2 and not words[0].startswith(("#", "!")):
                settings[words[0]] = words[1]
    return settings


def _described(value: object) -> str:
    return f"a {type(value).__name__}"
