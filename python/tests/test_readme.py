"""The lines of the READMEs run in a fresh virtual environment that has the wheel and pyspark alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from made_tables import visits

READMES = [ROOT / "README.md", ROOT / "python" / "README.md", ROOT / "docs" / "python.md"]


def lines(readme: Path) -> list[str]:
    """The first Python block that imports the package; empty without one."""
    blocks = re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
    return next((block.splitlines() for block in blocks if "import kindling_ml" in block), [])


@pytest.mark.skipif("KINDLING_WHEEL" not in os.environ, reason="build.py names the wheel")
def test_the_first_lines_run_in_a_fresh_environment(spark: Any, tmp_path: Path) -> None:
    visits(spark, patients=45).write.parquet(str(tmp_path / "visits"))
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", os.environ["KINDLING_WHEELS"]]
    subprocess.run([*install, os.environ["KINDLING_WHEEL"], "pyspark"], check=True)
    blocks = {tuple(lines(readme)) for readme in READMES}
    assert len(blocks - {()}) == 1, "the READMEs show different lines"
    code = "\n".join(max(blocks, key=len))
    environment = {**os.environ, "PYSPARK_PYTHON": python, "PYTHONPATH": ""}
    done = subprocess.run([python, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\|\s*patient\|\s*prediction\|\s*stddev\|", done.stdout)
    assert (tmp_path / "models" / "visits" / "metadata").is_dir()
