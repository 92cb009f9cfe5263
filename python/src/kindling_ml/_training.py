"""Training runs that Python starts without a Spark session."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import deque
from datetime import datetime, timezone
from pathlib import Path
from threading import Thread
from typing import IO, Any

from kindling_ml._errors import KindlingError, usage
from kindling_ml._jvm import class_path, java_command
from kindling_ml._models import Place, TrainedModel, load

_MAIN = "dev.kindling.driver.cli.Kindling"
# The JVM announces the Vector API and has no option against it.
_ANNOUNCEMENT = "WARNING: Using incubator modules"


def train(
    conf: Place,
    out: Place | None = None,
    *,
    resume: bool = False,
    max_duration: str | None = None,
    master: str = "local[*]",
    memory: str = "2g",
    verbose: bool = True,
    **settings: Any,
) -> TrainedModel:
    """Trains a job in a JVM of its own, without a Spark session: sinusoids, images, regressions or a table.

    It is ``deploy/kindling train`` of the command line: same keys, same run folder, same numbers. The JVM needs Java 17 and
    the jars of a Spark (``pip install pyspark``, or SPARK_HOME). An interrupt stops the run after its current round, with a
    checkpoint, from which ``resume=True`` continues.

    Args:
        conf: A job file, or the name of one of Kindling's own jobs, such as ``sinusoid-maml.conf``.
        out: The folder of the run; by default a new one below ``runs``.
        resume: Whether to continue the run in ``out`` from its last checkpoint.
        max_duration: The time after which the run stops with a checkpoint: ``90s``, ``30m``, ``2h``.
        master: ``local[N]`` for N threads, ``local[*]`` for all processors.
        memory: The largest heap of the JVM.
        verbose: Whether to print what the command prints.
        **settings: Keys of the configuration and their values, by ``**{"run.rounds": 100}``.

    Returns:
        The model of the run.

    Raises:
        KindlingError: With the message and the exit code of the command line.

    >>> model = kd.train("sinusoid-maml.conf", "runs/sine", **{"run.rounds": 1000})
    >>> model.adapt(support_x, support_y).predict(query_x)
    """
    if not re.fullmatch(r"local(\[(\*|[1-9][0-9]*)\])?", master):
        raise usage(f"master is {master}; here it must be local, local[N] or local[*]; deploy/kindling trains on clusters")
    place = os.fspath(out) if out is not None else _new_run(os.fspath(conf))
    words = ["train", "--conf", os.fspath(conf), "--out", place, "--master", master]
    if resume:
        words.append("--resume")
    if max_duration is not None:
        words += ["--max-duration", max_duration]
    for key, value in settings.items():
        words += ["--set", f"{key}={setting(key, value)}"]
    _run([*java_command(memory), "-cp", class_path(), _MAIN, *words], verbose)
    return load(place)


def setting(key: str, value: Any) -> str:
    """A value of the configuration as the command line takes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise usage(f"{key} is {value!r}; a value must be text, a finite number, a boolean, or lists and dictionaries of these") from None


def _new_run(conf: str) -> str:
    name = Path(conf).name
    return f"runs/{name.rsplit('.', 1)[0]}-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}"


def _run(command: list[str], verbose: bool) -> None:
    environment = {"SPARK_LOCAL_IP": "127.0.0.1", **os.environ}
    # In a session of its own, a terminal's interrupt arrives once: from here.
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    errors: deque[str] = deque(maxlen=100)
    reader = Thread(target=_collect, args=(process.stderr, errors), daemon=True)
    reader.start()
    try:
        for line in process.stdout:
            if verbose:
                sys.stdout.write(line)
                sys.stdout.flush()
        code = process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise
    finally:
        reader.join()
        process.stdout.close()
        process.stderr.close()
    if code != 0:
        message = errors[-1] if errors else f"the JVM of the training ended with exit code {code}"
        raise KindlingError(message, code)


def _collect(stream: IO[str], lines: deque[str]) -> None:
    for line in stream:
        if line.strip() and not line.startswith(_ANNOUNCEMENT):
            lines.append(line.rstrip("\n"))
