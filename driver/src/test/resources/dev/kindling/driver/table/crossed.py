"""Writes crossed.csv and crossed-effects.csv beside this file: rows of a made-up table, and the effect of each item by NumPy.

y = mu + u_group + b_item, both shrunk, with variances by expectation maximisation over fifteen rounds.
"""
from pathlib import Path
import numpy as np


def crossed(y, g, i, rounds=15):
    groups, items = g.max() + 1, i.max() + 1
    mu, u, b = y.mean(), np.zeros(groups), np.zeros(items)
    ng, ni = np.bincount(g, minlength=groups), np.bincount(i, minlength=items)
    s2, tu, tb = y.var() * 0.7, y.var() * 0.15, y.var() * 0.15
    for _ in range(rounds):
        cb = 1 / (ni / s2 + 1 / tb)
        b = cb * np.bincount(i, y - mu - u[g], items) / s2
        cu = 1 / (ng / s2 + 1 / tu)
        u = cu * np.bincount(g, y - mu - b[i], groups) / s2
        mu = (y - u[g] - b[i]).mean()
        tb = (b**2 + cb)[ni > 0].mean()
        tu = (u**2 + cu)[ng > 0].mean()
        s2 = ((y - mu - u[g] - b[i]) ** 2 + cb[i] + cu[g]).mean()
    return b


rng = np.random.default_rng(1)
G, I = 60, 40
u, b = rng.normal(0, 1.0, G), rng.normal(0, 0.7, I)
g = np.repeat(np.arange(G), rng.integers(3, 12, G))
i = rng.integers(0, I, len(g))
y = np.round(10 + u[g] + b[i] + rng.normal(0, 0.8, len(g)), 4)
here = Path(__file__).parent
(here / "crossed.csv").write_text("g,item,y\n" + "".join(f"g{a:02d},i{c:02d},{v}\n" for a, c, v in zip(g, i, y)))
z = (y - y.mean()) / y.std()
known = sorted(set(i))
effect = crossed(z, g, np.searchsorted(known, i))
(here / "crossed-effects.csv").write_text("item,count,effect\n" + "".join(
    f"i{c:02d},{int((i == c).sum())},{e!r}\n" for c, e in zip(known, map(float, effect))))
