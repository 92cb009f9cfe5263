"""Estimators and models with Spark Connect, whose local server pyspark starts in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import connect_program
import pyspark
import pytest


@pytest.mark.skipif(
    pyspark.__version__.startswith(("3.", "4.0.")) or find_spec("grpc") is None, reason="Spark Connect of Spark 4.1 or newer"
)
def test_estimators_and_models_work_with_spark_connect(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(connect_program.__file__), "local[2]"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-len(connect_program.EXPECTED) :] == connect_program.EXPECTED
