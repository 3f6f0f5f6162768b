"""Training agrees with the lecture in plain NumPy, whose every row order is known."""

from itertools import pairwise

import numpy as np
import pytest
import reference as ref
from numpy.testing import assert_allclose, assert_array_equal
from problems import (
    CONTAINERS,
    PAIRS,
    TINY,
    Problem,
    assert_trains_like_the_lecture,
    assert_weights_close,
    unaligned,
)
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM, MLPRegressorSDM
from skmlp._mini_batches import auto_batch_size

# Training here ends after a handful of epochs, long before it has converged.
pytestmark = [
    pytest.mark.filterwarnings("ignore:training stopped at max_iter"),
    pytest.mark.usefixtures("short_rows_sit_out"),
]

every_pair = pytest.mark.parametrize("pair", PAIRS)
every_container = pytest.mark.parametrize("container", CONTAINERS)
some_pairs = pytest.mark.parametrize(
    "pair", ["multiclass log loss", "multilabel squared error", "tanh regression of 3"]
)


@pytest.mark.parametrize("activation", ref.ACTIVATIONS)
@every_container
@every_pair
def test_every_output_and_loss_with_every_activation(pair, container, activation):
    problem = Problem(pair, container=container)
    mlp = problem.mlp(activation=activation, batch_size=7, weight_decay=0.01)
    assert_trains_like_the_lecture(problem, mlp, problem.weights)


@every_pair
def test_every_output_trains_every_layer(pair):
    # Dead units would agree with the oracle and prove nothing.
    problem = Problem(pair)
    mlp = problem.mlp(batch_size=7)
    first = clone(mlp).set_params(learning_rate_init=TINY).fit(problem.X, problem.y)
    mlp.fit(problem.X, problem.y)
    for before, after in zip(
        first.coefs_ + first.intercepts_, mlp.coefs_ + mlp.intercepts_, strict=True
    ):
        assert abs(after - before).max() > 1e-3


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("weight_decay", [0, 0.1])
@pytest.mark.parametrize(
    "momentum",
    [
        {"momentum": 0},
        {"momentum": 0.9},
        {"momentum": 0.9, "nesterovs_momentum": True},
    ],
    ids=["no momentum", "momentum", "nesterov"],
)
@pytest.mark.parametrize("batch_size", [1, 7, "full", "auto"])
@every_container
@pytest.mark.parametrize("pair", ["multiclass log loss", "tanh regression of 3"])
def test_every_batch_size_and_update(
    pair, container, batch_size, momentum, weight_decay, weighted
):
    problem = Problem(pair, container=container)
    mlp = problem.mlp(
        activation="tanh", batch_size=batch_size, weight_decay=weight_decay, **momentum
    )
    assert_trains_like_the_lecture(problem, mlp, problem.weights if weighted else None)


@pytest.mark.parametrize("batch_size", [1, 7, "full"])
@pytest.mark.parametrize(
    ("hidden_layer_sizes", "activation"),
    [
        ((), "relu"),
        (9, ["logistic"]),
        ((6, 5, 7), ("tanh", "relu", "logistic")),
        ((3, 3), ["identity", "tanh"]),
        ((1, 1), "tanh"),
        ((300,), "logistic"),
        ((40, 35, 8), "tanh"),
    ],
    ids=str,
)
@every_container
@some_pairs
def test_every_shape(pair, container, hidden_layer_sizes, activation, batch_size):
    problem = Problem(pair, container=container)
    mlp = problem.mlp(
        hidden_layer_sizes=hidden_layer_sizes,
        activation=activation,
        batch_size=batch_size,
    )
    assert_trains_like_the_lecture(problem, mlp, problem.weights)


@pytest.mark.parametrize("batch_size", [1, 7, "full"])
@pytest.mark.parametrize(
    ("pair", "shape"),
    [
        ("multiclass log loss", {"n_features": 1}),
        ("multiclass log loss", {"n_features": 400}),
        ("multiclass log loss", {"n": 200, "n_outputs": 50}),
        ("multiclass squared error", {"n": 200, "n_outputs": 50}),
        ("identity regression of 3", {"n_outputs": 100}),
        ("identity regression of 1", {"n_features": 1}),
        ("identity regression of 1", {"n": 1}),
        ("identity regression of 1", {"n": 2}),
        ("multilabel log loss", {"n": 1}),
        ("multilabel log loss", {"n": 8}),  # the last batch of 7 has one row
    ],
    ids=str,
)
@every_container
def test_few_and_many_rows_features_and_outputs(pair, container, shape, batch_size):
    problem = Problem(pair, container=container, **shape)
    mlp = problem.mlp(
        activation="tanh", batch_size=min(batch_size, problem.X.shape[0], key=str)
    )
    assert_trains_like_the_lecture(problem, mlp)


@pytest.mark.parametrize(
    ("n_features", "hidden_layer_sizes", "batch_size"),
    [
        (5, (6,), 64),
        (5, (6,), 2500),
        (5, (6,), "full"),
        (200, (250,), 2500),
        (200, (250,), "full"),
    ],
    ids=str,
)
@every_container
@pytest.mark.parametrize("pair", ["multiclass log loss", "poisson regression of 1"])
def test_thousands_of_rows(pair, container, n_features, hidden_layer_sizes, batch_size):
    problem = Problem(pair, n=3000, n_features=n_features, container=container)
    mlp = problem.mlp(
        hidden_layer_sizes=hidden_layer_sizes,
        activation="tanh",
        batch_size=batch_size,
        learning_rate_init=0.01,
        max_iter=2,
    )
    assert_trains_like_the_lecture(problem, mlp, problem.weights)


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
def test_csr_of_any_kind(make, index_dtype):
    problem = Problem("multiclass log loss")
    X = problem.X.copy()
    X[3] = 0
    problem.X = make(X)
    problem.X.indices = problem.X.indices.astype(index_dtype)
    problem.X.indptr = problem.X.indptr.astype(index_dtype)
    problem.X.data[5] = 0  # stored all the same
    assert_trains_like_the_lecture(problem, problem.mlp(batch_size=7))


def check_float32(problem, mlp):
    problem.X = problem.X.astype(np.float32)
    assert_trains_like_the_lecture(problem, mlp, problem.weights, tolerance=1e-4)
    assert {w.dtype for w in mlp.coefs_ + mlp.intercepts_} == {np.dtype(np.float32)}
    if isinstance(mlp, MLPClassifierSDM):
        assert mlp.predict_proba(problem.X).dtype == np.float32
        assert mlp.decision_function(problem.X).dtype == np.float32
    else:
        assert mlp.predict(problem.X).dtype == np.float32


@every_container
@every_pair
def test_float32_stays_float32_with_every_output_and_loss(pair, container):
    problem = Problem(pair, container=container)
    check_float32(problem, problem.mlp(activation="tanh", batch_size=7))


@pytest.mark.parametrize("activation", ref.ACTIVATIONS)
@pytest.mark.parametrize("batch_size", [1, "full"])
@every_container
def test_float32_stays_float32_with_every_activation(container, batch_size, activation):
    problem = Problem("multiclass log loss", container=container)
    mlp = problem.mlp(activation=activation, batch_size=batch_size, weight_decay=0.01)
    check_float32(problem, mlp)


# Learning rates


@pytest.mark.parametrize("power_t", [0, 0.5, 1])
@every_container
@some_pairs
def test_invscaling_divides_by_a_power_of_the_epoch(pair, container, power_t):
    problem = Problem(pair, container=container)
    mlp = problem.mlp(learning_rate="invscaling", power_t=power_t, batch_size=7)
    etas = [
        ref.learning_rate("invscaling", 0.03, epoch, power_t=power_t)
        for epoch in range(1, 6)
    ]
    assert_trains_like_the_lecture(problem, mlp, etas=etas)


@every_container
@some_pairs
def test_adaptive_divides_by_5_when_patience_runs_out(pair, container):
    problem = Problem(pair, container=container)
    # No epoch but the first, which has nothing to compare with, improves by 1000.
    mlp = problem.mlp(learning_rate="adaptive", tol=1e3, n_iter_no_change=2, max_iter=6)
    reductions = [0, 0, 0, 1, 1, 2]
    etas = [ref.learning_rate("adaptive", 0.03, 1, reductions=r) for r in reductions]
    assert_trains_like_the_lecture(problem, mlp, etas=etas)


def test_adaptive_follows_the_training_objective():
    problem = Problem("identity regression of 1")
    mlp = problem.mlp(
        learning_rate="adaptive",
        learning_rate_init=0.05,
        batch_size=7,
        tol=1e-2,
        n_iter_no_change=3,
        max_iter=60,
    )
    mlp.fit(problem.X, problem.y)
    best, wait, eta, etas = np.inf, 0, 0.05, []
    for loss, penalty in zip(
        mlp.history_["loss"], mlp.history_["penalty"], strict=True
    ):
        etas.append(eta)
        wait = 0 if loss + penalty < best - 1e-2 else wait + 1
        best = min(best, loss + penalty)
        if wait == 3:
            eta, wait = eta / 5, 0
    assert_allclose(mlp.history_["learning_rate"], etas)
    assert len(set(etas)) >= 3
    assert etas[:5] == [0.05] * 5, "the first epochs should improve"


def test_adaptive_ends_below_a_millionth():
    problem = Problem("identity regression of 1")
    mlp = problem.mlp(
        learning_rate="adaptive",
        learning_rate_init=1e-3,
        tol=1e3,
        n_iter_no_change=1,
        max_iter=100,
    )
    mlp.fit(problem.X, problem.y)
    etas = [1e-3, 1e-3, 2e-4, 4e-5, 8e-6, 1.6e-6, 3.2e-7]
    assert_allclose(mlp.history_["learning_rate"], etas)
    assert mlp.stop_reason_ == "patience"


# Shuffling


@every_container
@some_pairs
def test_a_shuffled_full_batch_is_the_full_batch(pair, container):
    problem = Problem(pair, container=container)
    mlp = problem.mlp(activation="tanh", batch_size="full", shuffle=True)
    coefs, intercepts, _, _ = problem.train(mlp, problem.weights)
    mlp.fit(problem.X, problem.y, problem.weights)
    assert_weights_close(mlp, coefs, intercepts, 1e-10)


@pytest.mark.parametrize("batch_size", [1, 7, "full"])
def test_an_epoch_uses_each_row_once(batch_size):
    # With X = 0 and nothing learnt, row n has the loss 4^n / 2: no other 20 rows than
    # all of them sum to the same.
    X, y = np.zeros((20, 1)), 2.0 ** np.arange(20)
    mlp = MLPRegressorSDM(
        (), learning_rate_init=TINY, batch_size=batch_size, max_iter=3
    )
    mlp.fit(X, y)
    assert_array_equal(mlp.history_["loss"], [np.mean(y**2 / 2)] * 3)


def test_each_epoch_has_an_order_of_its_own():
    problem = Problem("multiclass log loss")
    mlp = problem.mlp(
        batch_size=1, momentum=0, shuffle=True, warm_start=True, max_iter=1
    ).set_params(learning_rate_init=TINY)
    mlp.fit(problem.X, problem.y).set_params(learning_rate_init=0.05)
    first = [W.copy() for W in mlp.coefs_]
    ends = []
    for _ in range(3):
        mlp.coefs_ = [W.copy() for W in first]
        mlp.intercepts_ = [np.zeros_like(b) for b in mlp.intercepts_]
        ends.append(mlp.fit(problem.X, problem.y).coefs_[0].copy())
    for one, other in pairwise([*ends, ends[0]]):
        assert abs(one - other).max() > 1e-6


def test_shuffle_false_keeps_the_rows_in_order():
    problem = Problem("multiclass log loss")
    ends = [
        problem.mlp(batch_size=1, random_state=0, shuffle=shuffle)
        .fit(problem.X, problem.y)
        .coefs_[0]
        for shuffle in (False, True)
    ]
    assert abs(ends[0] - ends[1]).max() > 1e-6


def test_fit_weights_have_mean_one():
    problem = Problem("multiclass log loss")
    # The last ones have no finite sum.
    ends = [
        problem.mlp(batch_size=7).fit(problem.X, problem.y, s * problem.weights)
        for s in (1, 1000, 1e308)
    ]
    for other in ends[1:]:
        assert_allclose(other.coefs_[0], ends[0].coefs_[0], rtol=1e-10)


@pytest.mark.parametrize(
    ("n", "batch_size"),
    [
        (20, "full"),
        (32, "full"),
        (33, 17),
        (150, 30),
        (320, 32),
        (459, 46),
        (2000, 200),
        (2001, 182),
        (20001, 199),
        (39801, 189),
    ],
)
def test_automatic_batches_are_ten_but_neither_small_nor_large(n, batch_size):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n, 3)), rng.normal(size=n)
    mlp = MLPRegressorSDM(3, max_iter=2, random_state=0)
    auto, told = (
        clone(mlp).set_params(batch_size=size).fit(X, y)
        for size in ("auto", batch_size)
    )
    assert auto.history_["learning_rate"] == told.history_["learning_rate"]
    assert_array_equal(auto.coefs_[0], told.coefs_[0])


def test_the_last_automatic_batch_is_at_least_half_a_batch():
    for n in range(33, 60_000):
        size = auto_batch_size(n)
        assert n % size == 0 or n % size >= size / 2


@pytest.mark.parametrize(("n", "B"), [(36, "full"), (40, 18)])
def test_automatic_batches_are_of_the_cases_that_train(n, B):
    X = np.random.default_rng(0).normal(size=(n, 3))
    mlp = MLPRegressorSDM(3, early_stopping=True, max_iter=2, random_state=0)
    auto, told = (
        clone(mlp).set_params(batch_size=size).fit(X, X[:, 0]) for size in ("auto", B)
    )
    assert auto.history_ == told.history_


@pytest.mark.parametrize(
    ("batch_size", "B"),
    [("auto", (17, 30, 10, 1)), (50, (33, 50, 10, 1)), ("full", (200, 200, 200, 200))],
)
def test_automatic_rate_of_partial_fit_goes_by_the_rows_of_an_update(batch_size, B):
    """Those of the whole data where `batch_size` says that the part is the whole."""
    X = np.random.default_rng(0).normal(size=(300, 3))
    mlp = MLPRegressorSDM(3, batch_size=batch_size, random_state=0)
    for n_rows in (33, 300, 10, 1):
        mlp.partial_fit(X[:n_rows], X[:n_rows, 0])
    expected = 0.005 * np.sqrt(np.divide(B, 200))
    assert_allclose(mlp.history_["learning_rate"], expected)


def test_automatic_rate_of_a_warm_start_goes_by_its_own_mini_batches():
    X = np.random.default_rng(0).normal(size=(300, 3))
    mlp = MLPRegressorSDM(3, batch_size=50, warm_start=True, max_iter=1)
    mlp.fit(X, X[:, 0]).set_params(batch_size=2).fit(X, X[:, 0])
    assert_allclose(mlp.history_["learning_rate"], [0.0025, 0.0005])


@pytest.mark.parametrize("fitted_before", [False, True])
def test_single_rows_do_not_ruin_a_network(fitted_before):
    X, y = load_digits(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    mlp = MLPClassifierSDM(32, random_state=0)
    if fitted_before:
        mlp.fit(X[:1000], y[:1000])
    for row in np.random.default_rng(0).permutation(1400):
        mlp.partial_fit(X[row : row + 1], y[[row]], classes=np.arange(10))
    assert mlp.score(X[1400:], y[1400:]) > 0.75


@pytest.mark.parametrize("n", [100, 200])
def test_defaults_learn_small_data_before_patience_ends(n):
    X = np.linspace(-3, 3, n)[:, np.newaxis]
    y = np.sin(X[:, 0])
    scores = [MLPRegressorSDM(random_state=s).fit(X, y).score(X, y) for s in range(5)]
    assert min(scores) > 0.8


@every_container
def test_class_weights_multiply_sample_weights(container):
    problem = Problem("multiclass log loss", container=container)
    mlp = problem.mlp(batch_size=7, class_weight={10: 1.0, 13: 0.0, 16: 2.5, 19: 0.5})
    weights = problem.weights * np.array([1.0, 0.0, 2.5, 0.5])[(problem.y - 10) // 3]
    coefs, intercepts, _, _ = problem.train(mlp, weights)
    mlp.fit(problem.X, problem.y, problem.weights)
    assert_weights_close(mlp, coefs, intercepts, 1e-10)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("estimator", [MLPClassifierSDM, MLPRegressorSDM])
def test_arrays_that_are_not_aligned_train_as_others_do(estimator, container):
    rng = np.random.default_rng(0)
    X = container(rng.integers(0, 2, (40, 3)).astype(float))
    y = rng.integers(0, 2, (40, 2)).astype(float)
    s = rng.random(40)
    if sparse.issparse(X):
        parts = map(unaligned, (X.data, X.indices, X.indptr))
        other_X = sparse.csr_array(tuple(parts), X.shape)
        other_X.data = unaligned(X.data)
        assert not other_X.data.flags.aligned
    else:
        other_X = unaligned(X)
    mlp = estimator(3, max_iter=2, random_state=0)
    for batch_size in 1, 8:
        mlp.set_params(batch_size=batch_size)
        expected = clone(mlp).fit(X, y).partial_fit(X, y, sample_weight=s)
        mlp.fit(other_X, unaligned(y))
        mlp.partial_fit(other_X, unaligned(y), sample_weight=unaligned(s))
        assert mlp.history_ == expected.history_
