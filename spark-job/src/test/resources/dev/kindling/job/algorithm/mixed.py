"""Writes mixed.txt, a linear mixed model by NumPy: python3 mixed.py > mixed.txt.

Expectation maximisation in its textbook form, with the conditional covariance of each group's effects inverted from
X'X / s2 + D^-1. A line is a name, the extents and the numbers of an array, row-major.
"""
import numpy as np


def show(name, array):
    array = np.asarray(array, dtype=float)
    print(name, "x".join(map(str, array.shape)), *(repr(float(number)) for number in array.ravel()))


random = np.random.default_rng(3)
columns, groups, rounds = 4, 90, 25
truth = random.standard_normal((columns, columns)) * 0.5
mean = random.standard_normal(columns)
sizes = random.integers(1, 9, groups)
group = np.repeat(np.arange(groups), sizes)
x = np.column_stack([np.ones(len(group)), random.standard_normal((len(group), columns - 1))])
y = (x * (mean + (random.standard_normal((groups, columns)) @ truth)[group])).sum(1) + 0.7 * random.standard_normal(len(group))

square = x.T @ x + 1e-3 * np.eye(columns)
beta = np.linalg.solve(square, x.T @ y)
variance = (y - x @ beta).var()
s2, d = 0.7 * variance, 0.3 * variance / columns * np.eye(columns)
d[0, 0] = 0.3 * variance
for _ in range(rounds):
    sums, noise, part = np.zeros_like(d), 0.0, np.zeros(len(y))
    for g in range(groups):
        rows = group == g
        z, r = x[rows], y[rows] - x[rows] @ beta
        c = np.linalg.inv(z.T @ z / s2 + np.linalg.inv(d))
        u = c @ z.T @ r / s2
        sums += np.outer(u, u) + c
        part[rows] = z @ u
        noise += ((r - z @ u) ** 2).sum() + np.trace(z.T @ z @ c)
    # The coefficients' step is from the effects of this expectation step, as the two others.
    beta = beta + np.linalg.solve(square, x.T @ (y - x @ beta - part))
    d, s2 = sums / groups, noise / len(y)

show("sizes", sizes)
show("x", x)
show("y", y)
show("coefficients", beta)
show("covariance", d)
show("noise", [s2])
