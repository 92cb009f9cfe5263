"""Writes baselines.json, predictions of baselines by scikit-learn, NumPy and SciPy: python3 baselines.py > baselines.json.

Training groups and test groups of a regression and of two classes, rows with weights; predictions of the last rows of each
test group from its first k rows.
"""
import json
import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import Ridge

random = np.random.default_rng(11)
FEATURES, QUERIES, ROUNDS = 3, 4, 100
SUPPORT = [0, 1, 3, 6]


def single(array):
    return np.asarray(array, dtype=np.float32).astype(float)


def group(binary, rows):
    x = single(random.standard_normal((rows, FEATURES)))
    u = 0.7 * random.standard_normal(FEATURES + 1)
    y = 0.3 + x @ [1, -0.5, 0.2] + u[0] + x @ u[1:] + 0.4 * random.standard_normal(rows)
    return x, (y > 0).astype(float) if binary else single(y), single(random.uniform(0.5, 2, rows))


def with_one(x):
    return np.column_stack([np.ones(len(x)), x])


def mixed(groups):
    """The linear mixed model of mixed.py on rows times the roots of their weights."""
    data = [(with_one(x) * np.sqrt(w)[:, None], y * np.sqrt(w)) for x, y, w in groups]
    x, y = np.vstack([a for a, _ in data]), np.concatenate([b for _, b in data])
    columns = x.shape[1]
    square = x.T @ x + 1e-3 * np.eye(columns)
    beta = np.linalg.solve(square, x.T @ y)
    variance = (y - x @ beta).var()
    s2, d = 0.7 * variance, 0.3 * variance / columns * np.eye(columns)
    d[0, 0] = 0.3 * variance
    for _ in range(ROUNDS):
        sums, noise, step = np.zeros_like(d), 0.0, np.zeros(columns)
        for z, t in data:
            r = t - z @ beta
            c = np.linalg.inv(z.T @ z / s2 + np.linalg.inv(d))
            u = c @ z.T @ r / s2
            sums += np.outer(u, u) + c
            step += z.T @ (r - z @ u)
            noise += ((r - z @ u) ** 2).sum() + np.trace(z.T @ z @ c)
        beta = beta + np.linalg.solve(square, step)
        d, s2 = sums / len(data), noise / len(y)
    return beta, d, s2


def ridge(x, y, w, queries):
    return Ridge(alpha=1).fit(x, y, sample_weight=w).predict(queries)


def regression(train, test):
    everything = np.concatenate([y for _, y, _ in train]), np.concatenate([w for _, _, w in train])
    mean = np.average(everything[0], weights=everything[1])
    variance = np.average((everything[0] - mean) ** 2, weights=everything[1])
    beta, d, s2 = mixed(train)
    own, blup, spread = [], [], []
    for x, y, w in test:
        q = x[-QUERIES:]
        for k in SUPPORT:
            own.append(ridge(x[:k], y[:k], w[:k], q) if k else np.full(QUERIES, mean))
            z, zq = with_one(x[:k]), with_one(q)
            precision = np.linalg.inv(d) + (z.T * w[:k]) @ z / s2
            u = np.linalg.solve(precision, (z.T * w[:k]) @ (y[:k] - z @ beta) / s2)
            blup.append(zq @ (beta + u))
            spread.append(np.einsum("ij,jk,ik->i", zq, np.linalg.inv(precision), zq) + s2)
    return dict(mean=mean, variance=variance, own=own, mixed=blup, mixed_variance=spread)


def classes(train, test):
    everything = np.concatenate([y for _, y, _ in train]), np.concatenate([w for _, _, w in train])
    mean = np.average(everything[0], weights=everything[1])
    beta, d, _ = mixed([(x, y - mean, w) for x, y, w in train])
    slope = mean * (1 - mean)
    beta, d = beta / slope, d / slope**2
    beta[0] += np.log(mean / (1 - mean))
    own, laplace = [], []
    for x, y, w in test:
        q = x[-QUERIES:]
        for k in SUPPORT:
            if k:
                both = np.column_stack([ridge(x[:k], y[:k] == c, w[:k], q) for c in [0, 1]]).clip(0.01, 0.99)
                own.append(both[:, 1] / both.sum(1))
            else:
                own.append(np.full(QUERIES, mean))
            z, zq = with_one(x[:k]), with_one(q)

            def objective(u):
                logits = z @ (beta + u)
                return (w[:k] * (np.logaddexp(0, logits) - y[:k] * logits)).sum() + u @ np.linalg.solve(d, u) / 2

            u = minimize(objective, np.zeros(len(beta)), method="BFGS", options=dict(gtol=1e-9)).x
            p = 1 / (1 + np.exp(-z @ (beta + u)))
            covariance = np.linalg.inv(np.linalg.inv(d) + (z.T * (w[:k] * p * (1 - p))) @ z)
            variance = np.einsum("ij,jk,ik->i", zq, covariance, zq)
            laplace.append(1 / (1 + np.exp(-zq @ (beta + u) / np.sqrt(1 + np.pi / 8 * variance))))
    return dict(mean=mean, own=own, mixed=laplace)


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (list, tuple, np.ndarray)) else float(value)


def case(binary, expected):
    train = [group(binary, rows) for rows in random.integers(3, 12, 40)]
    test = [group(binary, SUPPORT[-1] + QUERIES) for _ in range(3)]
    shown = [[dict(x=x.ravel(), y=y, w=w) for x, y, w in groups] for groups in [train, test]]
    return dict(train=shown[0], test=shown[1], expected=expected(train, test))


print(json.dumps(plain(dict(support=SUPPORT, queries=QUERIES, regression=case(False, regression), classes=case(True, classes)))))
