"""Made-up tables, for tests and for Pythons that have no pytest."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any


def visits(spark: Any, patients: int = 60, seed: int = 1) -> Any:
    """A made-up table of patients: a level and a response to the dose of each, seven visits, a score at each visit."""
    draw = random.Random(seed)
    rows = []
    for patient in range(patients):
        age, ward, level, response = draw.uniform(20, 80), draw.choice("ABC"), draw.gauss(0, 2), draw.gauss(1, 0.5)
        for visit in range(7):
            dose = draw.uniform(0, 4)
            score = 10 + level + response * dose + 0.05 * age + draw.gauss(0, 0.5)
            rows.append((f"p{patient}", age, dose, ward, date(2026, 1, 1) + timedelta(days=7 * visit), score))
    return spark.createDataFrame(rows, "patient string, age double, dose double, ward string, date date, score double")
