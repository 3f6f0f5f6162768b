"""Problems, the oracle's way to train on them, small networks, layouts, comparisons."""

from copy import deepcopy

import numpy as np
import pytest
import reference as ref
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# Estimator, its parameters, outputs or classes, output activation, score of the oracle.
PAIRS = {
    "binary log loss": (MLPClassifierSDM, {}, 2, "logistic", "accuracy"),
    "multiclass log loss": (MLPClassifierSDM, {}, 4, "softmax", "accuracy"),
    "multilabel log loss": (MLPClassifierSDM, {}, 3, "logistic", "multilabel"),
    "binary squared error": (
        MLPClassifierSDM,
        {"loss": "squared_error"},
        2,
        "logistic",
        "accuracy",
    ),
    "multiclass squared error": (
        MLPClassifierSDM,
        {"loss": "squared_error"},
        4,
        "logistic",
        "accuracy",
    ),
    "multilabel squared error": (
        MLPClassifierSDM,
        {"loss": "squared_error"},
        3,
        "logistic",
        "multilabel",
    ),
    **{
        f"{g} regression of {K}": (MLPRegressorSDM, {"out_activation": g}, K, g, "r2")
        for g in ref.ACTIVATIONS
        for K in (1, 3)
    },
    **{
        f"poisson regression of {K}": (
            MLPRegressorSDM,
            {"loss": "poisson"},
            K,
            "exp",
            "r2",
        )
        for K in (1, 3)
    },
}
RANGES = {"identity": (-2, 2), "logistic": (0, 1), "tanh": (-1, 1), "relu": (0, 3)}
CONTAINERS = {"dense": np.asarray, "csr": sparse.csr_array}
# A learning rate at which no weight changes by a bit (a bias does, where it was 0).
TINY = 1e-300


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def packed_with_another_field(X):
    """The rows of X with three bytes between them, as a structured array has them."""
    records = np.zeros(len(X), dtype=[("x", X.dtype, X.shape[1:]), ("tag", "S3")])
    records["x"] = X
    return records["x"]


LAYOUTS = {
    "C order": np.ascontiguousarray,
    "Fortran order": np.asfortranarray,
    "every second row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "every second column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "every third column of Fortran order": lambda X: np.asfortranarray(
        np.repeat(X, 3, axis=1)
    )[:, ::3],
    "backwards": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "read-only": read_only,
    "packed with another field": packed_with_another_field,
    "unaligned": lambda X: np.frombuffer(b"-" + X.tobytes(), X.dtype, offset=1).reshape(
        X.shape
    ),
}


class Problem:
    """Data of one pair of output and loss, as `fit` and as the oracle take it."""

    def __init__(
        self, pair, n=40, n_features=5, n_outputs=None, container="dense", seed=0
    ):
        self.estimator, self.parameters, K, self.out_activation, self.score = PAIRS[
            pair
        ]
        K = K if n_outputs is None else n_outputs
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, n_features)) * (rng.random((n, n_features)) < 0.7)
        self.X = CONTAINERS[container](X)
        if self.score == "accuracy":
            numbers = rng.permutation(np.arange(n) % K)
            self.y, self.T = 10 + 3 * numbers, ref.one_of_k(numbers, K)
        else:
            if self.score == "multilabel":
                self.T = rng.integers(2, size=(n, K))
            elif self.out_activation == "exp":
                self.T = rng.poisson(2.0, size=(n, K))
            else:
                self.T = rng.uniform(*RANGES[self.out_activation], size=(n, K))
            self.y = self.T[:, 0] if K == 1 else self.T
        self.weights = rng.permutation(np.arange(n) % 4 / 2)  # a quarter of them zero

    def mlp(self, **parameters):
        defaults = {
            "hidden_layer_sizes": (6,),
            # With momentum 0.9 ten times as much: training that is not stable blows
            # up rounding errors as well.
            "learning_rate_init": 0.003 if parameters.get("batch_size") == 1 else 0.03,
            "max_iter": 5,
            "shuffle": False,
            "random_state": 0,
            "n_iter_no_change": np.inf,
        }
        return self.estimator(**{**defaults, **self.parameters, **parameters})

    def train(self, mlp, sample_weight=None, etas=None):
        """What the oracle makes of the first weights of `mlp` in the same epochs."""
        first = clone(mlp).set_params(
            learning_rate="constant", learning_rate_init=TINY, max_iter=1
        )
        first.fit(self.X, self.y)
        n = self.X.shape[0]
        n_layers = len(first.coefs_)
        names = mlp.activation
        names = [names] * (n_layers - 1) if isinstance(names, str) else names
        etas = [mlp.learning_rate_init] * mlp.max_iter if etas is None else etas
        # "auto" of no more than 2,000 rows.
        sizes = {"full": n, "auto": -(-n // min(10, -(-n // 32)))}
        return ref.train(
            self.X.astype(np.float64),
            self.T,
            first.coefs_,
            [np.zeros_like(b) for b in first.intercepts_],
            ref.Network(tuple(names), self.out_activation, mlp.loss),
            orders=[np.arange(n)] * len(etas),
            batch_size=sizes.get(mlp.batch_size, mlp.batch_size),
            eta=etas,
            gamma=mlp.momentum,
            nesterov=mlp.nesterovs_momentum,
            weight_decay=mlp.weight_decay,
            sample_weight=None
            if sample_weight is None
            else sample_weight / np.mean(sample_weight),
            score_kind=self.score if n > 1 else None,
            solver=mlp.solver,
            epsilon=mlp.epsilon,
        )


def small_mlp(estimator, **parameters):
    """A network of 8 hidden units, trained for 5 epochs."""
    defaults = {"hidden_layer_sizes": 8, "max_iter": 5, "random_state": 0}
    return estimator(**defaults | parameters)


def tiny_mlp(estimator, **parameters):
    """A network of 5 hidden units, trained for 3 epochs."""
    defaults = {"hidden_layer_sizes": 5, "max_iter": 3, "random_state": 0}
    return estimator(**defaults | parameters)


def early_stopper(estimator, **parameters):
    """A network of 10 hidden units that stops early, unless it is told otherwise."""
    defaults = {
        "hidden_layer_sizes": 10,
        "learning_rate_init": 0.05,
        "early_stopping": True,
        "random_state": 0,
    }
    return estimator(**defaults | parameters)


class Script:
    """A scorer that says what it is told, epoch after epoch, and keeps what it saw."""

    def __init__(self, scores=(0.0,)):
        self.scores = list(scores)
        self.calls = []

    def __call__(self, mlp, X, y, sample_weight=None):
        self.calls.append((X, y, sample_weight))
        return self.scores[min(len(self.calls), len(self.scores)) - 1]


def outputs(mlp, X):
    return mlp.predict_proba(X) if hasattr(mlp, "predict_proba") else mlp.predict(X)


def assert_same_weights(actual, expected, rtol=0):
    for a, e in zip(
        [*actual.coefs_, *actual.intercepts_],
        [*expected.coefs_, *expected.intercepts_],
        strict=True,
    ):
        assert a.dtype == e.dtype
        assert_allclose(a, e, rtol=rtol, atol=rtol)


def assert_same_curves(actual, expected):
    assert actual.history_.keys() == expected.history_.keys()
    for name, curve in actual.history_.items():
        assert curve == pytest.approx(expected.history_[name], nan_ok=True)


def attributes(mlp):
    """The public attributes of a fitted estimator, copied."""
    return deepcopy({k: v for k, v in vars(mlp).items() if k.endswith("_")})


def state(mlp, X):
    """All that a user sees of a fitted estimator, copied."""
    return attributes(mlp) | {"prediction": mlp.predict(X)}


def assert_same_state(actual, expected):
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(value, list):
            for a, e in zip(actual[name], value, strict=True):
                assert_array_equal(a, e)
        else:
            assert_array_equal(actual[name], value)


def assert_weights_close(mlp, coefs, intercepts, tolerance):
    # A weight near 0 is the sum of larger terms, and rounding is relative to these:
    # hence the largest weight of its layer sets the absolute error.
    assert len(mlp.coefs_) == len(coefs)
    for actual, expected in zip(
        zip(mlp.coefs_, mlp.intercepts_, strict=True),
        zip(coefs, intercepts, strict=True),
        strict=True,
    ):
        atol = tolerance * abs(expected[0]).max()
        for a, e in zip(actual, expected, strict=True):
            assert_allclose(a, e, rtol=tolerance, atol=atol)


def assert_trains_like_the_lecture(
    problem, mlp, sample_weight=None, etas=None, tolerance=1e-10
):
    coefs, intercepts, _, history = problem.train(mlp, sample_weight, etas)
    mlp.fit(problem.X, problem.y, sample_weight)
    assert mlp.out_activation_ == problem.out_activation
    assert_weights_close(mlp, coefs, intercepts, tolerance)
    for curve, values in history.items():
        if values:
            assert_allclose(mlp.history_[curve], values, rtol=tolerance, atol=tolerance)
    etas = [mlp.learning_rate_init] * mlp.max_iter if etas is None else etas
    assert_allclose(mlp.history_["learning_rate"], etas, rtol=1e-14)


def put(array, value):
    """Copy an array, with `value` in its first place."""
    array = np.array(array, dtype=float)
    array.flat[0] = value
    return array


def unaligned(array):
    """A copy that starts a byte behind where its numbers should."""
    copy = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype)
    copy = copy.reshape(array.shape)
    copy[...] = array
    return copy


def wide_indices(X):
    """CSR with 64-bit indices."""
    X = sparse.csr_array(X)
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X
