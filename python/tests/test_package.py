"""The package itself: types, docstrings, files."""

from __future__ import annotations

import inspect
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from os import environ
from pathlib import Path

import pytest
from conftest import ROOT

import kindling_ml as kd


def documented() -> Iterator[tuple[str, object]]:
    for name in kd.__all__:
        found = getattr(kd, name)
        if name.startswith("_"):
            continue
        yield name, found
        if inspect.isclass(found):
            for member, value in vars(found).items():
                if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                    yield f"{name}.{member}", value


def test_everything_public_has_a_docstring_with_an_example() -> None:
    pytest.importorskip("pyspark")
    without = [name for name, found in documented() if ">>>" not in (inspect.getdoc(found) or "") and name != "KindlingError.kind"]
    assert not without


def test_the_types_are_strict(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        str(ROOT / "python" / "pyproject.toml"),
        "--cache-dir",
        str(tmp_path),
    ]
    checked = subprocess.run(command, cwd=ROOT / "python", capture_output=True, text=True, check=False)
    problems = [line for line in checked.stdout.splitlines() if "_version" not in line and "missing-imports" not in line]
    assert [line for line in problems if ": error:" in line] == []


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["rules", "format"])
def test_the_code_is_formatted_and_without_findings(command: list[str]) -> None:
    pytest.importorskip("ruff")
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--no-cache", "src", "tests", "build.py"],
        cwd=ROOT / "python",
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


@pytest.mark.skipif("KINDLING_WHEEL" not in environ, reason="build.py names the wheel")
def test_the_wheel_has_the_jar_the_licences_and_type_markers() -> None:
    wheel = Path(environ["KINDLING_WHEEL"])
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = f"kindling_ml-{kd.__version__}.dist-info"
        assert names >= {
            f"kindling_ml/jars/{Path(kd.jar_path()).name}",
            "kindling_ml/py.typed",
            "dev/kindling/ml/py.typed",
            f"{info}/licenses/LICENSE",
            f"{info}/licenses/NOTICE",
        }
        # Namespace packages, which other distributions may share.
        assert not names & {"dev/__init__.py", "dev/kindling/__init__.py"}
        requirements = [line for line in archive.read(f"{info}/METADATA").decode().splitlines() if line.startswith("Requires-Dist")]
        assert [line for line in requirements if "extra ==" not in line] == ["Requires-Dist: numpy>=1.22"]
    assert wheel.stat().st_size < 8_000_000
