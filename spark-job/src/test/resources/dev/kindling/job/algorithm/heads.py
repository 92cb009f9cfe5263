"""Writes heads.txt, predictions of the closed-form heads by NumPy and SciPy: python3 heads.py > heads.txt.

A line is a name, the extents and the numbers of an array, row-major; the first array of a case is its kind, 0 for gaussian, 1 for laplace, 2 for ridge. The Bayesian
head is computed as a Gaussian process with its covariance matrix, the Laplace approximation by SciPy's minimiser in weight
space, the ridge head by its normal equations, the logistic head by SciPy's minimiser.
"""
import numpy as np
from scipy.optimize import minimize


def show(name, array):
    array = np.asarray(array, dtype=float)
    print(name, "x".join(map(str, array.shape)) or "-", *(repr(float(number)) for number in array.ravel()))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def minimiser(value_and_gradient, hessian, start):
    """The minimum of a convex function to rounding: SciPy's trust region, then Newton steps."""
    w = minimize(value_and_gradient, start, jac=True, hess=hessian, method="trust-exact", options={"gtol": 1e-12}).x
    for _ in range(20):
        w = w - np.linalg.solve(hessian(w), value_and_gradient(w)[1])
    return w


def gaussian(random, support, queries, inputs, features):
    f, fq = np.tanh(random.standard_normal((support, features))), np.tanh(random.standard_normal((queries, features)))
    x, xq = random.standard_normal((support, inputs)), random.standard_normal((queries, inputs))
    phi, phiq = (np.column_stack([np.ones(len(a)), a, c]) for a, c in ((x, f), (xq, fq)))
    factor = 0.3 * random.standard_normal((phi.shape[1], phi.shape[1]))
    mean = random.standard_normal(phi.shape[1])
    noise, weights, y = np.exp(random.standard_normal(support)), random.uniform(0.5, 2, support), random.standard_normal(support)
    weights[1] = 0
    covariance = factor @ factor.T
    there = weights > 0
    kss = phi[there] @ covariance @ phi[there].T + np.diag(noise[there] / weights[there])
    kqs = phiq @ covariance @ phi[there].T
    residual = (y - phi @ mean)[there]
    show("kind", [0])
    show("psi", phi @ factor)
    show("query-psi", phiq @ factor)
    show("weights", weights)
    show("residual", y - phi @ mean)
    show("noise", noise)
    show("mean", kqs @ np.linalg.solve(kss, residual))
    show("variance", np.diag(phiq @ covariance @ phiq.T - kqs @ np.linalg.solve(kss, kqs.T)))


def laplace(random, support, queries, width):
    psi, psiq = 0.6 * random.standard_normal((support, width)), 0.6 * random.standard_normal((queries, width))
    prior, weights = 0.5 * random.standard_normal(support), random.uniform(0.5, 2, support)
    weights[0] = 0
    labels = (random.uniform(size=support) < 0.5) * 1.0

    def loss(a):
        z = prior + psi @ a
        value = np.sum(weights * (np.logaddexp(0, z) - labels * z)) + a @ a / 2
        return value, psi.T @ (weights * (sigmoid(z) - labels)) + a

    def hessian(a):
        p = sigmoid(prior + psi @ a)
        return psi.T @ ((weights * p * (1 - p))[:, None] * psi) + np.eye(width)

    a = minimiser(loss, hessian, np.zeros(width))
    show("kind", [1])
    show("psi", psi)
    show("query-psi", psiq)
    show("weights", weights)
    show("prior", prior)
    show("labels", labels)
    show("mean", psiq @ a)
    show("variance", np.diag(psiq @ np.linalg.inv(hessian(a)) @ psiq.T))
    show("mode", psi @ a)


def ridge(random, support, queries, width, outputs):
    psi, psiq = random.standard_normal((support, width)), random.standard_normal((queries, width))
    weights, y = random.uniform(0.5, 2, support), random.standard_normal((support, outputs))
    weights[-1] = 0
    w = np.linalg.solve(psi.T @ (weights[:, None] * psi) + np.eye(width), psi.T @ (weights[:, None] * y))
    show("kind", [2])
    show("psi", psi)
    show("query-psi", psiq)
    show("weights", weights)
    show("targets", y)
    show("mean", psiq @ w)
    show("fitted", psi @ w)


random = np.random.default_rng(7)
for support, features in ((4, 6), (9, 6), (30, 6), (11, 2)):
    gaussian(random, support, 5, 2, features)
for support, width in ((6, 4), (4, 6), (20, 5)):
    laplace(random, support, 3, width)
for support, width in ((6, 4), (4, 6)):
    ridge(random, support, 3, width, 2)
