"""Writes measures.json, measures of predictions by scikit-learn, SciPy and NumPy: python3 measures.py > measures.json.

Cases of a regression with variances, of two classes and of three, each with weights; probabilities have ties, and one of the
two classes is missing in one group. The measures are those of all rows and those of each group.
"""
import json
import numpy as np
from scipy.stats import norm
from sklearn.metrics import accuracy_score, log_loss, mean_absolute_error, mean_squared_error, roc_auc_score

random = np.random.default_rng(5)
SIZES = [5, 1, 7, 12, 3]
STARTS = np.concatenate([[0], np.cumsum(SIZES)])
ROWS = STARTS[-1]
SCALE = 2.5


def single(array):
    return np.asarray(array, dtype=np.float32).astype(float)


def parts(measure):
    """A measure of all rows, then of each group."""
    return [measure(slice(0, ROWS))] + [measure(slice(a, b)) for a, b in zip(STARTS, STARTS[1:])]


def regression():
    y, mean = single(random.standard_normal(ROWS)), single(random.standard_normal(ROWS))
    variance, w = single(random.uniform(0.2, 2, ROWS)), single(random.uniform(0.5, 2, ROWS))
    label, prediction, deviation = SCALE * y, SCALE * mean, SCALE * np.sqrt(variance)
    measures = {
        "rmse": lambda s: np.sqrt(mean_squared_error(label[s], prediction[s], sample_weight=w[s])),
        "mae": lambda s: mean_absolute_error(label[s], prediction[s], sample_weight=w[s]),
        "log_density": lambda s: np.average(norm.logpdf(label[s], prediction[s], deviation[s]), weights=w[s]),
    }
    for p in [50, 80, 90, 95]:
        low, high = norm.interval(p / 100, prediction, deviation)
        inside = (label >= low) & (label <= high)
        measures[f"coverage_{p}"] = lambda s, inside=inside: np.average(inside[s], weights=w[s])
    z = (label - prediction) / deviation
    edges = np.concatenate([[-np.inf], np.arange(-3.5, 4, 0.5), [np.inf]])
    fractions = np.histogram(z, edges, weights=w)[0] / w.sum()
    return dict(classes=0, targets=y, weights=w, outputs=mean, variances=variance, scale=SCALE,
                measures={k: parts(m) for k, m in measures.items()},
                bins=[list(fractions), list(np.diff(norm.cdf(edges)))])


def bins(p, event, w):
    """Weight, mean prediction and frequency of ten bins, and the expected calibration error."""
    number = np.minimum(np.floor(p * 10).astype(int), 9)
    rows = []
    for b in range(10):
        inside = number == b
        rows.append((w[inside].sum() / w.sum(),
                     *((np.average(p[inside], weights=w[inside]), np.average(event[inside], weights=w[inside]))
                       if inside.any() else (np.nan, np.nan))))
    return rows, sum(f * abs(p - o) for f, p, o in rows if f > 0)


def classification(classes):
    y = random.integers(0, classes, ROWS)
    y[STARTS[2]:STARTS[3]] = 0
    w = single(random.uniform(0.5, 2, ROWS))
    p = random.dirichlet(np.ones(classes), ROWS)
    if classes == 2:
        second = single(np.round(p[:, 1], 1) * 0.98 + 0.01)
        p = np.column_stack([1 - second, second])
    p = single(p)
    names = np.arange(classes)
    # scikit-learn refuses probabilities that do not add up to 1 in double precision; their sum is divided out here alone.
    measures = {
        "log_loss": lambda s: log_loss(y[s], p[s] / p[s].sum(1, keepdims=True), labels=names, sample_weight=w[s]),
        "accuracy": lambda s: accuracy_score(y[s], p[s].argmax(1), sample_weight=w[s]),
    }
    if classes == 2:
        measures["auc"] = lambda s: roc_auc_score(y[s], p[s, 1], sample_weight=w[s]) if len(set(y[s])) > 1 else np.nan
    best = p.argmax(1)
    at, event = (p[:, 1], y == 1) if classes == 2 else (p[np.arange(ROWS), best], y == best)
    measures["calibration_error"] = lambda s: bins(at[s], event[s], w[s])[1]
    table = np.array(bins(at, event, w)[0])
    return dict(classes=classes, targets=y, weights=w, outputs=p.ravel(), variances=[], scale=1,
                measures={k: parts(m) for k, m in measures.items()}, bins=[list(column) for column in table.T])


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    return None if np.isnan(value) else float(value)


print(json.dumps(plain(dict(starts=STARTS, cases=[regression(), classification(2), classification(3)]))))
