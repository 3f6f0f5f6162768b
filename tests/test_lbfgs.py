"""Full-batch training by L-BFGS."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
    make_friedman1,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import mean_poisson_deviance
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler, scale

from skmlp import MLPClassifierSDM, MLPRegressorSDM
from skmlp.inspection import loss_gradient

DATA = {
    "iris": load_iris,
    "wine": load_wine,
    "breast cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": load_diabetes,
    "friedman": lambda return_X_y: make_friedman1(300, random_state=0),
}
REGRESSION = "diabetes", "friedman"

X, labels = load_iris(return_X_y=True)
X = scale(X)
values = X @ [1.0, -1.0, 0.5, 0.0] + np.sin(3 * X[:, 0])
TARGETS = {MLPClassifierSDM: labels, MLPRegressorSDM: values}
both = pytest.mark.parametrize("estimator", TARGETS)


def small(estimator, **parameters):
    defaults = {"solver": "lbfgs", "hidden_layer_sizes": 6, "random_state": 0}
    return estimator(**{**defaults, "weight_decay": 1e-2, **parameters})


def largest_derivative(mlp, X, y):
    gradient = loss_gradient(mlp, X, y)
    return max(abs(g).max() for g in gradient.coefs + gradient.intercepts)


# With less decay there are long flat valleys, where the rounding of a sum decides which
# of two ways is taken.
@pytest.mark.parametrize("name", DATA)
def test_objective_is_no_higher_than_scikit_learns(name):
    X, y = DATA[name](return_X_y=True)
    X = StandardScaler().fit_transform(X)
    ours, theirs = MLPClassifierSDM, MLPClassifier
    if name in REGRESSION:
        ours, theirs, y = MLPRegressorSDM, MLPRegressor, scale(y)
    parameters = {
        "hidden_layer_sizes": (10,),
        "activation": "logistic",
        "solver": "lbfgs",
        "tol": 1e-7,
        "random_state": 0,
        "warm_start": True,
        "max_iter": 1,
    }
    ours = ours(**parameters, weight_decay=3e-2)
    theirs = theirs(**parameters, alpha=3e-2 * len(X))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ours.fit(X, y)
        theirs.fit(X, y)
    rng = np.random.default_rng(0)
    for a, b in zip(
        ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True
    ):
        a[:] = b[:] = rng.normal(scale=0.3, size=b.shape)
    for mlp in ours, theirs:
        mlp.set_params(max_iter=10000).fit(X, y)
    objective = loss_gradient(ours, X, y).loss
    ours.coefs_, ours.intercepts_ = theirs.coefs_, theirs.intercepts_
    assert objective <= loss_gradient(ours, X, y).loss * (1 + 1e-6)


@both
def test_training_ends_where_the_gradient_is_small(estimator):
    y = TARGETS[estimator]
    mlp = small(estimator, activation="tanh", tol=1e-3).fit(X, y)
    assert mlp.stop_reason_ == "converged"
    assert largest_derivative(mlp, X, y) < 1e-3
    assert mlp.n_iter_ == len(mlp.history_["loss"]) < 200


@both
def test_history_holds_the_objective_of_each_iteration(estimator):
    y = TARGETS[estimator]
    mlp = small(estimator, max_iter=7)
    with pytest.warns(ConvergenceWarning, match="max_iter=7 .* raise max_iter, or"):
        mlp.fit(X, y)
    assert mlp.stop_reason_ == "max_iter"
    assert mlp.n_iter_ == mlp.best_epoch_ == len(mlp.history_["loss"]) == 7
    objectives = np.add(mlp.history_["loss"], mlp.history_["penalty"])
    assert (np.diff(objectives) < 0).all()
    assert_allclose(objectives[-1], loss_gradient(mlp, X, y).loss, rtol=1e-12)
    assert mlp.history_["score"][-1] == pytest.approx(mlp.score(X, y))
    assert np.isnan(mlp.history_["learning_rate"]).all()


def test_max_fun_limits_the_evaluations():
    mlp = small(MLPClassifierSDM, max_fun=5)
    with pytest.warns(ConvergenceWarning, match="max_fun=5 .* raise max_fun, or"):
        mlp.fit(X, labels)
    assert mlp.stop_reason_ == "max_fun"
    assert 1 <= mlp.n_iter_ <= 5


@both
def test_validation_data_are_watched_with_patience(estimator):
    y = TARGETS[estimator]
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(len(X), 20))
    noisy = np.hstack([X, noise])
    mlp = small(
        estimator,
        hidden_layer_sizes=50,
        weight_decay=0,
        early_stopping=True,
        validation_fraction=0.5,
        n_iter_no_change=5,
        tol=1e-6,
    ).fit(noisy, y)
    losses = mlp.history_["validation_loss"]
    assert mlp.stop_reason_ == "patience"
    assert mlp.best_epoch_ == 1 + np.argmin(losses)
    assert mlp.n_iter_ == len(losses) == mlp.best_epoch_ + 5


@both
def test_validation_curves_without_early_stopping(estimator):
    y = TARGETS[estimator]
    mlp = small(estimator, max_iter=1000)  # compilers differ in how many it takes
    mlp.fit(X[::2], y[::2], X_val=X[1::2], y_val=y[1::2])
    alone = small(estimator, max_iter=1000).fit(X[::2], y[::2])
    assert len(mlp.history_["validation_loss"]) == mlp.n_iter_
    assert_array_equal(mlp.coefs_[0], alone.coefs_[0])


@both
def test_warm_start_goes_on_from_the_weights(estimator):
    y = TARGETS[estimator]
    mlp = small(estimator, activation="tanh", warm_start=True, max_iter=1000)
    before = loss_gradient(mlp.fit(X, y), X, y).loss
    n_recorded = len(mlp.history_["loss"])
    mlp.fit(X, y)
    assert loss_gradient(mlp, X, y).loss <= before
    assert len(mlp.history_["loss"]) == n_recorded + mlp.n_iter_
    assert mlp.n_iter_ < 0.2 * n_recorded


def test_sgd_can_go_on_where_lbfgs_ended():
    mlp = small(MLPClassifierSDM, warm_start=True, max_iter=1000).fit(X, labels)
    before = mlp.history_["loss"][-1]
    mlp.set_params(solver="sgd", learning_rate_init=1e-3, tol=1).fit(X, labels)
    assert mlp.history_["loss"][-1] == pytest.approx(before, rel=0.01)
    mlp.set_params(solver="lbfgs", tol=1e-4).fit(X, labels)
    assert mlp.stop_reason_ == "converged"


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@both
def test_float32_stays_float32(estimator, container):
    y = TARGETS[estimator]
    mlp = small(estimator, activation="tanh", max_iter=1000, tol=1e-3)
    double = mlp.fit(container(X), y).score(X, y)
    single = mlp.fit(container(X.astype(np.float32)), y)
    assert {a.dtype for a in single.coefs_ + single.intercepts_} == {
        np.dtype("float32")
    }
    assert single.score(X, y) == pytest.approx(double, abs=0.02)


@both
def test_repeated_rows_count_as_weights(estimator):
    y = TARGETS[estimator]
    times = np.arange(len(X)) % 3
    weighted = small(estimator, activation="tanh", tol=1e-6, max_iter=5000)
    repeated = small(estimator, activation="tanh", tol=1e-6, max_iter=5000)
    weighted.fit(X, y, sample_weight=times)
    repeated.fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    objective = loss_gradient(weighted, X, y, times).loss
    assert objective == pytest.approx(loss_gradient(repeated, X, y, times).loss)


@both
def test_there_is_no_partial_fit(estimator):
    assert not hasattr(small(estimator), "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        small(estimator).partial_fit(X, TARGETS[estimator])


def test_parameters_of_other_solvers_have_no_part():
    alone = small(MLPClassifierSDM).fit(X, labels)
    mlp = small(
        MLPClassifierSDM,
        batch_size=1,
        shuffle=False,
        learning_rate="adaptive",
        learning_rate_init=1e6,
        momentum=0.0,
        record_batches=True,
    ).fit(X, labels)
    assert_array_equal(mlp.coefs_[0], alone.coefs_[0])
    assert not hasattr(mlp, "batch_loss_curve_")


@pytest.mark.filterwarnings(
    "ignore:training stopped:sklearn.exceptions.ConvergenceWarning"
)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("dtype", "count", "x"), [(np.float32, 1e5, 1.0), (np.float64, 10.0, 20.0)]
)
def test_a_line_search_that_meets_overflow_steps_back(dtype, count, x, seed):
    """exp(z) overflows far from the minimum of a Poisson loss, or is large at first."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(300, 3))
    counts = rng.poisson(count * np.exp(0.3 * inputs[:, 0])).astype(dtype)
    mlp = small(MLPRegressorSDM, loss="poisson", max_iter=500, max_fun=10**6)
    mlp.fit((x * inputs).astype(dtype), counts)
    least = PoissonRegressor(alpha=0, max_iter=10**4).fit(inputs, counts)
    deviance = mean_poisson_deviance(counts, least.predict(inputs)) / 2
    assert mlp.loss_ < 2 * deviance


def test_objective_that_overflows_at_the_start_is_an_error():
    mlp = small(MLPRegressorSDM, loss="poisson", max_iter=1000)
    with pytest.raises(ValueError, match="not finite; scale X"):
        mlp.fit(X * 1e6, np.exp(values))


@pytest.mark.filterwarnings("ignore:training stopped by patience")  # tol is that high
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_call_that_starts_at_a_minimum(early_stopping):
    mlp = small(
        MLPClassifierSDM, warm_start=True, early_stopping=early_stopping, tol=0.5
    )
    mlp.set_params(n_iter_no_change=1)
    n_epochs = len(mlp.fit(X, labels).history_["loss"])
    for n_calls in range(1, 4):
        mlp.fit(X, labels)
        assert mlp.n_iter_ == 1
        assert mlp.stop_reason_ == ("patience" if early_stopping else "converged")
        assert len(mlp.history_["loss"]) == n_epochs + n_calls
