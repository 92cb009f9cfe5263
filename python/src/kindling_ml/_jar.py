"""The jar of Kindling that the package carries."""

from __future__ import annotations

from pathlib import Path

from kindling_ml._errors import KindlingError

_FOLDER = Path(__file__).resolve().parent / "jars"


def jar_path() -> str:
    """The path of Kindling's jar, for ``spark-submit --jars`` and for a Spark Connect server.

    >>> kd.jar_path()
    '.../site-packages/kindling_ml/jars/kindling-0.2.0.jar'
    """
    jars = sorted(_FOLDER.glob("kindling-*.jar"))
    if len(jars) != 1:
        found = "no jar" if not jars else f"{len(jars)} jars"
        raise KindlingError(
            f"the installation of kindling-ml is damaged: {_FOLDER} holds {found} of Kindling and must hold one; install it again",
            5,
        )
    return str(jars[0])


def jar_version() -> str:
    """The version of Kindling's jar."""
    return Path(jar_path()).stem[len("kindling-") :]
