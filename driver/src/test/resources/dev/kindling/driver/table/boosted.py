"""Writes boosted.csv and boosted-losses.csv beside this file: rows of a made-up function, and the losses of LightGBM on the last third.

pip: numpy, lightgbm, scikit-learn. The columns are four features, a number and a class; losses are mean squared error and log loss.
"""
from pathlib import Path

import lightgbm as lgb
import numpy as np
from sklearn.metrics import log_loss

folder = Path(__file__).resolve().parent
rng = np.random.default_rng(1)
n, fitted = 1500, 1000
x = rng.normal(size=(n, 4)).round(2)
x[:, 3] = rng.integers(0, 3, n)
f = np.sin(2 * x[:, 0]) + x[:, 1] * (x[:, 3] == 1) + 0.5 * (x[:, 2] > 0.3)
y = (f + 0.5 * rng.normal(size=n)).round(3)
c = (rng.random(n) < 1 / (1 + np.exp(-2 * f))).astype(int)
np.savetxt(folder / "boosted.csv", np.column_stack([x, y, c]), fmt=["%.2f"] * 3 + ["%d", "%.3f", "%d"], delimiter=",")
options = dict(num_leaves=15, learning_rate=0.05, min_child_samples=20, feature_fraction=0.9, bagging_fraction=0.9, bagging_freq=1, verbose=-1, num_threads=1)
losses = []
for objective, label in (("regression", y), ("binary", c)):
    of_seeds = []
    for seed in range(5):
        model = lgb.train(dict(options, objective=objective, seed=seed), lgb.Dataset(x[:fitted], label[:fitted]), 80)
        guess = model.predict(x[fitted:])
        of_seeds.append(np.mean((guess - label[fitted:]) ** 2) if objective == "regression" else log_loss(label[fitted:], guess))
    losses.append(np.mean(of_seeds))
np.savetxt(folder / "boosted-losses.csv", [losses], fmt="%.6f", delimiter=",")
