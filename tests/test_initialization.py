"""First weights, as one epoch at a vanishing learning rate leaves them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# A few epochs show what is looked at.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

X = np.random.default_rng(0).normal(size=(12, 30))
CLASSES = np.arange(12) % 3


def first_weights(estimator=MLPRegressorSDM, X=X, y=CLASSES / 2, **parameters):
    parameters = {"hidden_layer_sizes": (50, 40), "random_state": 0} | parameters
    mlp = estimator(**parameters, learning_rate_init=1e-200, max_iter=1).fit(X, y)
    return mlp.coefs_, mlp.intercepts_


@pytest.mark.parametrize(
    ("estimator", "parameters"),
    [
        (MLPRegressorSDM, {"activation": "identity"}),
        (MLPRegressorSDM, {"activation": "logistic"}),
        (MLPRegressorSDM, {"activation": ("tanh", "relu")}),
        (MLPRegressorSDM, {"activation": "relu", "out_activation": "relu"}),
        (MLPRegressorSDM, {"activation": "tanh", "loss": "poisson"}),
        (MLPClassifierSDM, {"activation": "relu"}),
    ],
)
def test_weights_fill_glorots_range(estimator, parameters):
    y = CLASSES if estimator is MLPClassifierSDM else CLASSES / 2
    coefs, _ = first_weights(estimator, y=y, **parameters)
    for W in coefs:
        r = np.sqrt(6 / sum(W.shape))
        assert 0.85 * r < abs(W).max() <= r
        assert abs(W.mean()) < 4 * r / np.sqrt(3 * W.size)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_biases_start_at_zero(activation):
    _, intercepts = first_weights(activation=activation)
    for b in intercepts:
        assert_allclose(b, 0, atol=1e-190)


def test_float32_and_float64_start_from_the_same_numbers():
    double, _ = first_weights()
    single, _ = first_weights(X=X.astype(np.float32))
    for W, w in zip(double, single, strict=True):
        assert w.dtype == np.float32
        assert_array_equal(w, W.astype(np.float32))


def test_random_state_decides_the_weights():
    assert_array_equal(first_weights()[0][0], first_weights()[0][0])
    assert (first_weights(random_state=1)[0][0] != first_weights()[0][0]).all()
    shared = np.random.RandomState(0)
    assert_array_equal(first_weights(random_state=shared)[0][0], first_weights()[0][0])
    assert (first_weights(random_state=shared)[0][0] != first_weights()[0][0]).all()


def test_layers_start_from_different_weights():
    coefs, _ = first_weights(
        X=X[:, :10], hidden_layer_sizes=(10, 10), activation="tanh"
    )
    assert (coefs[0] != coefs[1]).all()
