"""The exception of this package, and its construction from exceptions of Java."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_KINDS = {
    1: "check failed",
    2: "usage",
    3: "data",
    4: "diverged",
    5: "cluster",
    6: "stopped",
}

# What the command line appends to the message of an unexpected exception.
_COMMAND_HINT = "; run again with --debug to see where"


class KindlingError(Exception):
    """An error with one message, which names the column, key or file, the value that it had, and what is allowed.

    ``exit_code`` is the exit code of Kindling's command line for the same error, ``kind`` its name: ``usage`` (2, a wrong
    argument or setting), ``data`` (3, a missing or unusable column, table or file), ``diverged`` (4), ``cluster`` (5, Java
    or Spark failed) or ``stopped`` (6).

    >>> try:
    ...     kd.load("runs/none")
    ... except kd.KindlingError as error:
    ...     print(error.kind, error)
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code

    @property
    def kind(self) -> str:
        """The name of the exit code."""
        return _KINDS.get(self.exit_code, "cluster")


def usage(message: str) -> KindlingError:
    """An error of a wrong argument."""
    return KindlingError(message, 2)


def data(message: str) -> KindlingError:
    """An error of a table or a file."""
    return KindlingError(message, 3)


@contextmanager
def kindling_errors(jvm: Any | None = None) -> Iterator[None]:
    """Raises Kindling's own exceptions of Java as KindlingError, without Java's stack trace; others pass.

    jvm is the view of the JVM in which Java runs; without one it is that of the Spark session.
    """
    try:
        yield
    except KindlingError:
        raise
    except Exception as error:
        ours = from_java(error, jvm)
        if ours is None:
            raise
        raise ours from None


def from_java(error: BaseException, jvm: Any | None = None) -> KindlingError | None:
    """The error as a KindlingError, or None if no code of Kindling threw it."""
    throwable = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    if throwable is not None:
        return _from_throwable(throwable, jvm or _session_jvm())
    return _from_connect(str(error)) if type(error).__module__.startswith("pyspark.errors") else None


def extend_pyspark() -> None:
    """Extends pyspark's conversion of Java's exceptions by those of Kindling, for results that Spark computes later.

    Throwables of another JVM than the session's, which pyspark would look up in the session's, are left to the caller.
    """
    try:
        from pyspark import SparkContext
        from pyspark.errors.exceptions import captured
    except ImportError:
        # pyspark-client has neither: it computes nothing in a JVM of its own.
        return

    original: Any = captured.convert_exception
    if getattr(original, "extended_by_kindling", False):
        return

    def convert_exception(throwable: Any) -> Any:
        gateway = SparkContext._gateway
        if gateway is not None and throwable._gateway_client is not gateway._gateway_client:
            return captured.UnknownException(desc="", stackTrace="")
        return _from_throwable(throwable, SparkContext._jvm) or original(throwable)

    patched: Any = convert_exception
    patched.extended_by_kindling = True
    module: Any = captured
    module.convert_exception = patched


def _session_jvm() -> Any:
    from pyspark import SparkContext

    return SparkContext._jvm


def _from_throwable(throwable: Any, jvm: Any) -> KindlingError | None:
    message = throwable.getMessage()
    while throwable is not None:
        if _thrown_by_kindling(throwable):
            if throwable.getClass().getName() == "java.lang.IllegalStateException":
                return usage(str(throwable.getMessage()))
            codes = jvm.dev.kindling.driver.error.ExitCode
            line = str(codes.message(throwable)).replace(_COMMAND_HINT, "")
            return KindlingError(line, codes.of(throwable).number())
        throwable = throwable.getCause()
    # The exception of an executor may be there as text alone.
    return _from_text(message or "")


def _thrown_by_kindling(throwable: Any) -> bool:
    if throwable.getClass().getName().startswith("dev.kindling."):
        return True
    # Arguments are checked by methods of java.util, too.
    frames = [str(frame.getClassName()) for frame in list(throwable.getStackTrace())[:4]]
    return next((frame for frame in frames if not frame.startswith("java.")), "").startswith("dev.kindling.")


def _from_connect(text: str) -> KindlingError | None:
    """From the text that a Spark Connect server sends: a message, and unless it is set not to, the class and its stack trace."""
    message, _, trace = text.partition("\n\nJVM stacktrace:\n")
    name, *frames = trace.splitlines() or [""]
    places = [frame.strip().removeprefix("at ") for frame in frames]
    origin = next((place for place in places if not place.startswith("java.")), "")
    if origin.startswith("dev.kindling.") and name.startswith("java.lang.Illegal"):
        return usage(message.partition("\n")[0])
    return _from_text(message)


# Expressions of Spark SQL raise these, without a class of Kindling.
_RAISED = re.compile(
    r"featuresCol is [^\n]+, which has a vector of \d+ elements; all must have \d+"
    r"|supportCol is [^\n]+ without a [^\n]+; support rows must have one"
)
_EXCEPTION = re.compile(r"\(?\bdev\.kindling\.[\w.]*?(\w+(?:Exception|Error))(?:\)|:) ([^\n]+)")
_CODES = {"BadDataException": 3, "DivergedException": 4, "StoppedEarlyException": 6, "BackendUnavailableException": 2}


def _from_text(text: str) -> KindlingError | None:
    raised = _RAISED.search(text)
    if raised is not None:
        return data(raised.group())
    found = _EXCEPTION.search(text)
    if found is None:
        return None
    return KindlingError(found.group(2).strip(), _CODES.get(found.group(1), 5))
