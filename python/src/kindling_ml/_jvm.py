"""JVMs that this package starts beside Python: their Java, class path and options."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from kindling_ml._errors import KindlingError, extend_pyspark, usage
from kindling_ml._jar import jar_path
from kindling_ml._session import VECTOR_OPTION

_LEAST_JAVA = 17
# What Spark needs opened on Java 17 and newer.
_OPENED = (
    "java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent"
    " java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar"
).split()


def java_command(memory: str) -> list[str]:
    """The words of a command that starts Java with Kindling's options, without class path and main class.

    KINDLING_JAVA_OPTS of the environment comes last and overrides the others, as for the command line.
    """
    if not re.fullmatch(r"[1-9][0-9]*[mMgG]", memory):
        raise usage(f"memory is {memory}; it must be a size such as 2g or 512m")
    return [
        java_executable(),
        VECTOR_OPTION,
        *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED),
        "-Djdk.reflect.useDirectMethodHandle=false",
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF-8",
        "-XX:+UseParallelGC",
        f"-Xmx{memory}",
        *shlex.split(os.environ.get("KINDLING_JAVA_OPTS", "")),
    ]


@cache
def _java_version(java: str) -> int:
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r' version "(\d+)', answer.stderr)
    return int(found.group(1)) if found else 0


def java_executable() -> str:
    """The Java of JAVA_HOME, else that of PATH."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home) / "bin" / "java") if home else "java")
    place = f"; JAVA_HOME is {home}" if home else ""
    if java is None:
        raise usage(f"java was not found (JDK {_LEAST_JAVA} or newer is needed{place})")
    version = _java_version(java)
    if version < _LEAST_JAVA:
        raise usage(f"{java} is version {version or 'unknown'}; it must be {_LEAST_JAVA} or newer{place}")
    return java


def spark_jars() -> Path:
    """The folder of the jars of a Spark: those of SPARK_HOME, else of the installed pyspark.

    The wheel has Kindling's jar alone; Hadoop's file systems, Jackson and Spark's core are taken from there.
    """
    home = os.environ.get("SPARK_HOME")
    if home:
        folder = Path(home) / "jars"
        named = f"SPARK_HOME is {home}"
    else:
        spec = importlib.util.find_spec("pyspark")
        if spec is None or not spec.submodule_search_locations:
            raise usage(
                "a JVM without a Spark session needs the jars of a Spark beside the one in the wheel: pip install 'kindling-ml[spark]',"
                " or set SPARK_HOME to an installed Spark 3.5 or 4"
            )
        folder = Path(next(iter(spec.submodule_search_locations))) / "jars"
        named = f"the installed pyspark is {folder.parent}"
    cores = [found.name for found in folder.glob("spark-core_2.1[23]-*.jar")]
    if not cores or not re.search(r"-(3\.5\.|4\.(?!0\.0\.jar))", cores[0]):
        raise usage(
            f"{named}, which has no jars of a Spark 3.5 or 4 (4.0.1 or newer): pip install 'kindling-ml[spark]', or set SPARK_HOME to one"
        )
    return folder


def class_path() -> str:
    """Kindling's jar and those of the Spark."""
    return os.pathsep.join([jar_path(), str(spark_jars() / "*")])


class _LocalJvm:
    """The one JVM that loads models for this process; it ends with it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._gateway: Any | None = None

    def view(self) -> Any:
        """The view of the JVM, started at the first call."""
        with self._lock:
            if self._gateway is None:
                self._gateway = self._started()
            return self._gateway.jvm

    def gateway(self) -> Any:
        """The gateway to the JVM."""
        self.view()
        return self._gateway

    def _started(self) -> Any:
        jars = spark_jars()
        java_gateway = _py4j(jars)
        if importlib.util.find_spec("pyspark") is not None:
            # Once a session runs, pyspark converts the exceptions of this JVM as well.
            extend_pyspark()
        bridge = sorted(jars.glob("py4j-*.jar"))
        java, *options = java_command("2g")
        try:
            port, token = java_gateway.launch_gateway(
                jarpath=str(bridge[0]),
                classpath=class_path(),
                javaopts=options,
                java_path=java,
                die_on_exit=True,
                enable_auth=True,
                return_proc=False,
                redirect_stderr=None,
            )[:2]
        except Exception:
            given = os.environ.get("KINDLING_JAVA_OPTS")
            hint = f" with KINDLING_JAVA_OPTS, which is {given}" if given else ""
            raise KindlingError(f"{java} does not start{hint}", 5) from None
        return java_gateway.JavaGateway(gateway_parameters=java_gateway.GatewayParameters(port=port, auth_token=token, auto_convert=True))


def _py4j(jars: Path) -> Any:
    """Py4J of the environment, else the one that an installed Spark brings."""
    try:
        from py4j import java_gateway
    except ImportError:
        archives = sorted((jars.parent / "python" / "lib").glob("py4j-*-src.zip"))
        if not archives:
            raise usage(f"py4j is not installed, and {jars.parent} has none in python/lib: pip install 'kindling-ml[spark]'") from None
        sys.path.append(str(archives[0]))
        from py4j import java_gateway
    return java_gateway


LOCAL = _LocalJvm()
