"""The data and networks that the benchmarks train, and what checks the result."""

import functools
import math
from fnmatch import fnmatch
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logsumexp
from scipy.stats import t as student_t
from sklearn.datasets import load_digits, make_classification
from sklearn.preprocessing import StandardScaler

WEIGHT_DECAY = 1e-4
MOMENTUM = 0.9
P_VALUE = 1e-3
LOSS_TOLERANCE = 5e-3


class Case(NamedTuple):
    """One network on one data set, or on its first rows; the ratios to reach."""

    data: str
    hidden: tuple
    activation: str
    batch_size: int
    learning_rate: float
    epochs: int
    float64: float | None = None
    float32: float | None = None
    n_rows: int | None = None

    @property
    def name(self):
        return f"{self.data}-{self.batch_size}"


def matching(cases, patterns):
    """Return the cases whose names match one of the patterns."""
    for pattern in patterns:
        if not any(fnmatch(case.name, pattern) for case in cases):
            names = ", ".join(case.name for case in cases)
            raise SystemExit(f"No case matches {pattern}: there are {names}.")
    return [case for case in cases if any(fnmatch(case.name, p) for p in patterns)]


def regression(n_rows, n_features, n_outputs, seed):
    """Outputs of a random tanh network, with noise of a tenth of their spread."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, n_features))
    hidden = np.tanh(X @ rng.standard_normal((n_features, 20)) / n_features**0.5)
    Y = StandardScaler().fit_transform(hidden @ rng.standard_normal((20, n_outputs)))
    Y += 0.1 * rng.standard_normal(Y.shape)
    return X, Y.ravel() if n_outputs == 1 else Y


def classification(n_rows, n_features, n_informative, n_classes, separation, seed):
    """Gaussian clusters, two for each class; a twentieth of the labels is random."""
    return make_classification(
        n_rows,
        n_features,
        n_informative=n_informative,
        n_redundant=n_features // 5,
        n_classes=n_classes,
        class_sep=separation,
        flip_y=0.05,
        random_state=seed,
    )


DATA = {
    "digits": functools.partial(load_digits, return_X_y=True),
    "20000x50": functools.partial(classification, 20000, 50, 10, 2, 1.0, 0),
    "5000x10": functools.partial(regression, 5000, 10, 1, 1),
    "10000x784": functools.partial(classification, 10000, 784, 20, 10, 2.0, 2),
    "2000x200": functools.partial(classification, 2000, 200, 40, 10, 2.0, 3),
    "5000x200": functools.partial(classification, 5000, 200, 40, 10, 2.0, 3),
    "wide": functools.partial(regression, 4000, 100, 50, 4),
}


def is_regression(y):
    """Tell values from labels."""
    return y.dtype.kind == "f"


def load(case, dtype):
    """Return standardised inputs and targets."""
    X, y = (array[: case.n_rows] for array in DATA[case.data]())
    X = StandardScaler().fit_transform(X).astype(dtype)
    return X, y.astype(dtype) if is_regression(y) else y


ACTIVATIONS = {
    "relu": functools.partial(np.maximum, 0),
    "tanh": np.tanh,
    "logistic": expit,
}


def objective(model, activation, X, y, weight_decay=WEIGHT_DECAY):
    """Return data loss + penalty in float64, the same formula for both sides."""
    z = X.astype(np.float64)
    for layer, (W, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        if layer > 0:
            z = ACTIVATIONS[activation](z)
        z = z @ W.astype(np.float64) + b
    if is_regression(y):
        losses = 0.5 * ((z - y.reshape(z.shape)) ** 2).sum(axis=1)
    elif z.shape[1] == 1:
        losses = np.logaddexp(0, z[:, 0]) - y * z[:, 0]
    else:
        losses = logsumexp(z, axis=1) - z[np.arange(len(y)), y]
    squares = sum((W.astype(np.float64) ** 2).sum() for W in model.coefs_)
    return losses.mean() + weight_decay / 2 * squares


def allowed_difference(theirs, ours):
    """Return how far apart the mean losses may be if only the shuffles differ."""
    df = len(theirs) + len(ours) - 2
    squares = sum(((a - np.mean(a)) ** 2).sum() for a in (theirs, ours))
    error = math.sqrt(squares / df * (1 / len(theirs) + 1 / len(ours)))
    noise = student_t.ppf(1 - P_VALUE / 2, df) * error
    return max(noise, LOSS_TOLERANCE * np.mean(theirs))
