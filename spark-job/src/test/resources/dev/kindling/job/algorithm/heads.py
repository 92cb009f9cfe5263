"""Writes heads.txt, predictions of the closed-form heads by NumPy and SciPy: python3 heads.py > heads.txt.

A line is a name, the extents and the numbers of an array, row-major; the first array of a case is its kind, 0 for gaussian, 1 for laplace, 2 for ridge,
3 and 4 for the first two with a process in the order of the rows, 5 for a softmax with such a process. The Bayesian
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


def ordered(random, support, queries, width):
    """psi and an order of support and queries, with their covariances: linear plus variance * exp(-rate * distance)."""
    psi, order = 0.6 * random.standard_normal((support + queries, width)), random.standard_normal(support + queries)
    variance, rate = 0.5, 1.7
    k = psi @ psi.T + variance * np.exp(-rate * np.abs(order[:, None] - order))
    show("psi", psi[:support])
    show("query-psi", psi[support:])
    show("order", order[:support])
    show("query-order", order[support:])
    show("variance-of-order", [variance])
    show("rate", [rate])
    return k[:support, :support], k[support:, :support], np.diag(k)[support:]


def gaussian_ordered(random, support, queries, width):
    show("kind", [3])
    kss, kqs, kqq = ordered(random, support, queries, width)
    noise, weights, residual = np.exp(random.standard_normal(support)), random.uniform(0.5, 2, support), random.standard_normal(support)
    weights[1] = 0
    there = weights > 0
    inverse = np.linalg.inv(kss[np.ix_(there, there)] + np.diag(noise[there] / weights[there]))
    show("weights", weights)
    show("residual", residual)
    show("noise", noise)
    show("mean", kqs[:, there] @ inverse @ residual[there])
    show("variance", kqq - np.diag(kqs[:, there] @ inverse @ kqs[:, there].T))


def laplace_ordered(random, support, queries, width):
    show("kind", [4])
    kss, kqs, kqq = ordered(random, support, queries, width)
    prior, weights = 0.5 * random.standard_normal(support), random.uniform(0.5, 2, support)
    weights[0] = 0
    labels = (random.uniform(size=support) < 0.5) * 1.0

    def loss(a):
        z = prior + kss @ a
        return np.sum(weights * (np.logaddexp(0, z) - labels * z)) + a @ kss @ a / 2, kss @ (weights * (sigmoid(z) - labels) + a)

    def hessian(a):
        p = sigmoid(prior + kss @ a)
        return kss @ np.diag(weights * p * (1 - p)) @ kss + kss

    a = minimiser(loss, hessian, np.zeros(support))
    p = sigmoid(prior + kss @ a)
    w = np.diag(weights * p * (1 - p))
    show("weights", weights)
    show("prior", prior)
    show("labels", labels)
    show("mean", kqs @ a)
    show("variance", kqq - np.diag(kqs @ w @ np.linalg.inv(np.eye(support) + kss @ w) @ kqs.T))
    show("mode", kss @ a)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax_ordered(random, support, queries, width, classes):
    """The whole system of classes times support rows: the mode by SciPy, the covariance of all logits of a query by a dense inverse."""
    show("kind", [5])
    kss, kqs, kqq = ordered(random, support, queries, width)
    prior, query_prior = 0.5 * random.standard_normal((support, classes)), 0.5 * random.standard_normal((queries, classes))
    weights, labels = random.uniform(0.5, 2, support), random.integers(0, classes, support)
    weights[-1] = 0
    y = np.eye(classes)[labels]
    k = np.kron(kss, np.eye(classes))

    def curvature(z):
        p = softmax(z.reshape(support, classes))
        w = np.zeros((support * classes, support * classes))
        for i in range(support):
            r = slice(i * classes, (i + 1) * classes)
            w[r, r] = weights[i] * (np.diag(p[i]) - np.outer(p[i], p[i]))
        return w

    def loss(a):
        z = (prior.ravel() + k @ a).reshape(support, classes)
        p = softmax(z)
        value = -np.sum(weights * np.log(p[np.arange(support), labels])) + a @ k @ a / 2
        return value, k @ ((weights[:, None] * (p - y)).ravel() + a)

    a = minimiser(loss, lambda a: k @ curvature(prior.ravel() + k @ a) @ k + k, np.zeros(support * classes))
    w = curvature(prior.ravel() + k @ a)
    inverse = w @ np.linalg.inv(np.eye(len(w)) + k @ w)
    against = classes / (classes - 1) * (np.eye(classes) - 1 / classes)
    logits = []
    for i in range(queries):
        cross = np.kron(kqs[i], np.eye(classes))
        mean = query_prior[i] + cross @ a
        covariance = kqq[i] * np.eye(classes) - cross @ inverse @ cross.T
        g = against @ mean / np.sqrt(1 + np.pi / 8 * np.diag(against @ covariance @ against.T))
        logits.append((classes - 1) / classes * g)
    show("weights", weights)
    show("prior", prior)
    show("query-prior", query_prior)
    show("labels", labels)
    show("logits", logits)


random = np.random.default_rng(7)
for support, features in ((4, 6), (9, 6), (30, 6), (11, 2)):
    gaussian(random, support, 5, 2, features)
for support, width in ((6, 4), (4, 6), (20, 5)):
    laplace(random, support, 3, width)
for support, width in ((6, 4), (4, 6)):
    ridge(random, support, 3, width, 2)
for support, width in ((5, 3), (12, 3)):
    gaussian_ordered(random, support, 4, width)
    laplace_ordered(random, support, 4, width)
for support, width, classes in ((6, 3, 3), (9, 2, 4), (7, 2, 2)):
    softmax_ordered(random, support, 4, width, classes)
