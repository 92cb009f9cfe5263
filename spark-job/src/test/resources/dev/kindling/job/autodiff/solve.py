"""Writes solve.txt, solutions and their derivatives by SciPy: python3 solve.py > solve.txt (needs numpy and scipy).

A line is a name, the extents and the numbers of an array, row-major. A case is the arrays a, b, da, db, w, x and
derivatives. With S(t) the symmetric part of a + t da and X(t) = S(t)^-1 (b + t db), x is X(0) and derivatives are
sum(w * X), sum(w * X'), sum(w * X''), sum(w * X''') at t = 0:

    X' = S^-1 (db - dS X),  X'' = -2 S^-1 dS X',  X''' = -3 S^-1 dS X''.
"""
import numpy as np
from scipy.linalg import cho_factor, cho_solve


def symmetric(a):
    return (a + a.T) / 2


def case(random, n, m):
    c = random.standard_normal((n, n))
    skew = random.standard_normal((n, n))
    a = c @ c.T / n + np.eye(n) + 0.3 * (skew - skew.T)
    da = random.standard_normal((n, n))
    b, db, w = (random.standard_normal((n, m)) for _ in range(3))
    factor = cho_factor(symmetric(a))
    ds = symmetric(da)
    x = cho_solve(factor, b)
    first = cho_solve(factor, db - ds @ x)
    second = -2 * cho_solve(factor, ds @ first)
    third = -3 * cho_solve(factor, ds @ second)
    derivatives = np.array([np.sum(w * y) for y in (x, first, second, third)])
    return {"a": a, "b": b, "da": da, "db": db, "w": w, "x": x, "derivatives": derivatives}


random = np.random.default_rng(20)
for n, m in [(1, 1), (3, 2), (6, 4), (12, 3), (17, 1)]:
    for name, array in case(random, n, m).items():
        print(name, "x".join(map(str, array.shape)), *(repr(float(number)) for number in array.ravel()))
