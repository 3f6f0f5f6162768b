"""Targets, outputs and their activations of the regressor."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from problems import assert_same_weights, small_mlp
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_friedman1
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import PoissonRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPRegressorSDM
from skmlp.inspection import loss_gradient

# A few epochs show what is looked at.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 4))
y = np.sin(X[:, 0]) + X[:, 1] / 2
Y = np.c_[y, X[:, 2], X[:, 3] ** 2]
OUTPUTS = {
    "identity": ({}, -np.inf, np.inf),
    "logistic": ({"out_activation": "logistic"}, 0, 1),
    "tanh": ({"out_activation": "tanh"}, -1, 1),
    "relu": ({"out_activation": "relu"}, 0, np.inf),
    "exp": ({"loss": "poisson"}, 0, np.inf),
}


def small(**parameters):
    return small_mlp(MLPRegressorSDM, **parameters)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("target", [y, Y], ids=["one output", "several outputs"])
@pytest.mark.parametrize("n", [1, 90])
def test_shapes_and_dtypes_are_as_documented(dtype, target, n):
    x = X.astype(dtype)
    mlp = small().fit(x, target)
    assert mlp.predict(x[:n]).shape == target[:n].shape
    assert mlp.predict(x).dtype == dtype
    assert isinstance(mlp.score(x, target), float)


@pytest.mark.parametrize(
    "container", [np.float32, np.ndarray.tolist, np.asfortranarray, pd.DataFrame]
)
def test_targets_of_any_kind_are_read(container):
    T = np.round(4 * Y) / 4
    assert_same_weights(small().fit(X, container(T)), small().fit(X, T))


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool])
def test_whole_targets_are_read_as_numbers(dtype):
    t = (y > 0).astype(dtype)
    assert_same_weights(small().fit(X, t), small().fit(X, t.astype(float)))


@pytest.mark.parametrize(("parameters", "low", "high"), OUTPUTS.values(), ids=OUTPUTS)
@pytest.mark.parametrize("several", [False, True])
def test_outputs_stay_where_their_activation_reaches(parameters, low, high, several):
    target = np.clip(Y if several else y, max(low, -9), min(high, 9))
    o = small(**parameters).fit(X, target).predict(10 * X)
    assert np.isfinite(o).all()
    assert low <= o.min() < o.max() <= high


@pytest.mark.parametrize("name", OUTPUTS)
def test_output_is_its_activation_of_the_net_input(name):
    activate = {
        "identity": lambda z: z,
        "logistic": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": np.tanh,
        "relu": lambda z: np.maximum(z, 0),
        "exp": np.exp,
    }
    mlp = small(hidden_layer_sizes=(), **OUTPUTS[name][0]).fit(X, y > 0)
    z = X @ mlp.coefs_[0][:, 0] + mlp.intercepts_[0]
    assert_allclose(mlp.predict(X), activate[name](z), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", OUTPUTS)
def test_every_output_activation_learns(name):
    z = X[:, 0] / 2
    target = {
        "identity": z,
        "logistic": 1 / (1 + np.exp(-z)),
        "tanh": np.tanh(z),
        "relu": np.maximum(z, 0),
        "exp": np.exp(z),
    }[name]
    parameters = OUTPUTS[name][0] | {"learning_rate_init": 0.05, "batch_size": 10}
    mlp = small(max_iter=200, activation="tanh", **parameters)
    assert mlp.fit(X, target).score(X, target) > 0.9


def test_network_without_hidden_units_is_ridge_regression():
    parameters = {"hidden_layer_sizes": (), "batch_size": "full", "weight_decay": 0.1}
    mlp = small(
        **parameters,
        learning_rate_init=0.1,
        max_iter=500,
        n_iter_no_change=np.inf,
    ).fit(X, y)
    ridge = Ridge(alpha=0.1 * len(X)).fit(X, y)
    assert_allclose(mlp.coefs_[0][:, 0], ridge.coef_, rtol=1e-8)
    assert_allclose(mlp.intercepts_[0], ridge.intercept_, rtol=1e-8)


def test_poisson_network_without_hidden_units_is_poisson_regression():
    counts = rng.poisson(np.exp(X[:, 0] / 2))
    parameters = {"hidden_layer_sizes": (), "batch_size": "full", "weight_decay": 0.1}
    mlp = small(
        **parameters,
        loss="poisson",
        learning_rate_init=0.05,
        max_iter=1000,
        n_iter_no_change=np.inf,
    ).fit(X, counts)
    glm = PoissonRegressor(alpha=0.1, solver="newton-cholesky", tol=1e-10).fit(
        X, counts
    )
    assert_allclose(mlp.coefs_[0][:, 0], glm.coef_, rtol=1e-4)
    assert_allclose(mlp.intercepts_[0], glm.intercept_, rtol=1e-4)


def test_several_outputs_are_learnt_together():
    mlp = small(max_iter=300, hidden_layer_sizes=30, batch_size=10).fit(X, Y)
    residuals = ((mlp.predict(X) - Y) ** 2).mean(axis=0) / Y.var(axis=0)
    assert (residuals < 0.1).all()


def test_defaults_learn_friedmans_function_with_scaled_inputs_and_targets():
    features, target = make_friedman1(1000, noise=1, random_state=0)
    mlp = make_pipeline(StandardScaler(), MLPRegressorSDM(random_state=0))
    model = TransformedTargetRegressor(mlp, transformer=StandardScaler())
    model.fit(features[:500], target[:500])
    assert model.score(features[500:], target[500:]) > 0.8


@pytest.mark.parametrize("size", [1e20, 1e-24])
def test_squares_are_float64_with_weights_too(size):
    x = np.zeros((90, 4), np.float32)  # outputs are 0
    target = (size * Y[:, :2]).astype(np.float32)
    mlp = MLPRegressorSDM((), max_iter=1, learning_rate_init=1e-40 / size)
    alone = mlp.fit(x, target).loss_
    assert alone > 0
    assert mlp.fit(x, target, np.ones(90)).loss_ == pytest.approx(alone)


def test_poisson_loss_of_large_counts_in_float32():
    counts = np.random.default_rng(0).poisson(1e6, 90)
    mlp = MLPRegressorSDM((), loss="poisson", max_iter=1, learning_rate_init=1e-30)
    mlp.partial_fit(X, counts)
    mlp.coefs_, mlp.intercepts_ = [np.zeros((4, 1))], [np.log([1e6])]
    expected = loss_gradient(mlp, X, counts)[0]
    mlp.coefs_[0], mlp.intercepts_[0] = (
        a.astype(np.float32) for a in (mlp.coefs_[0], mlp.intercepts_[0])
    )
    actual = loss_gradient(mlp, X.astype(np.float32), counts)[0]
    assert actual == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("s", [None, np.linspace(1, 2, 90)], ids=["", "weighted"])
@pytest.mark.parametrize("outputs", [1, 2])
def test_score_of_a_constant_that_is_not_met_is_0(outputs, s):
    target = np.full((90, outputs), 0.1)
    mlp = small(learning_rate_init=1e-3, max_iter=2).fit(X, target.squeeze(), s)
    assert mlp.history_["score"] == [0.0, 0.0]


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize(("mean", "spread"), [(12, 0.4), (0, 0.001)])
def test_patience_with_a_useless_network_is_a_warning(mean, spread, early_stopping):
    X = np.random.default_rng(0).normal(size=(160, 6))
    y = mean + spread * X[:, 0]
    mlp = MLPRegressorSDM(
        batch_size="full", early_stopping=early_stopping, random_state=0
    )
    with pytest.warns(ConvergenceWarning, match="worse than the mean of y: R.*scale y"):
        assert mlp.fit(X, y).stop_reason_ == "patience"
    assert mlp.score(X, y) < 0
    mlp.fit(X, X[:, 0])
    assert mlp.score(X, X[:, 0]) > 0.5


def test_an_output_that_hardly_varies_is_no_reason_for_a_warning():
    X = np.random.default_rng(0).normal(size=(160, 6))
    Y = np.c_[X[:, :3], 1e-3 * X[:, 3]]
    mlp = MLPRegressorSDM(random_state=0).fit(X, Y)
    assert mlp.stop_reason_ == "patience"
    assert mlp.history_["score"][mlp.best_epoch_ - 1] < -0.5
