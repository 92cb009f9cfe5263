"""The notebooks of docs/notebooks run, and are stored without paths of a machine."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def run(notebook: Path) -> list[Any]:
    """Runs the code cells one after another; returns the value of each cell's last line, None where it has none."""
    names: dict[str, Any] = {"__name__": "__main__"}
    values: list[Any] = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]), str(notebook))
        value = None
        last = tree.body[-1]
        if isinstance(last, ast.Expr):
            tree.body.pop()
            exec(compile(tree, str(notebook), "exec"), names)
            value = eval(compile(ast.Expression(last.value), str(notebook), "eval"), names)
        else:
            exec(compile(tree, str(notebook), "exec"), names)
        values.append(value)
    return values


def percentages(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"([\d.]+)%", text)]


def test_new_images_are_recognised(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    texts = [value for value in run(ROOT / "docs" / "notebooks" / "own-images.ipynb") if isinstance(value, str)]
    accuracy, recognised = (percentages(text)[0] for text in texts)
    assert accuracy > 60 and recognised > 50


def test_patients_are_predicted(spark: Any) -> None:
    values = run(ROOT / "docs" / "notebooks" / "patients.ipynb")
    text = next(value for value in values if isinstance(value, str))
    error, mean = (float(number) for number in re.findall(r"(\d+\.\d+)", text)[:2])
    assert error < 0.7 * mean
    assert percentages(text)[0] > 85


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.name)
def test_a_notebook_has_no_path_of_a_machine(notebook: Path) -> None:
    assert not re.search(r"(?<![\w.])/(tmp|home|root|Users|work|var|opt)/", notebook.read_text(encoding="utf-8"))
