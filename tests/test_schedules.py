"""The learning rate of each epoch, as `history_` records it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# Rates of a few epochs are asked for.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

X = np.random.default_rng(0).normal(size=(30, 2))
y = X[:, 0] > 0
both = pytest.mark.parametrize("estimator", [MLPClassifierSDM, MLPRegressorSDM])


def rates(estimator, **parameters):
    defaults = {"hidden_layer_sizes": 3, "max_iter": 6, "random_state": 0}
    return estimator(**defaults | parameters).fit(X, y).history_["learning_rate"]


@both
def test_constant_rate_stays(estimator):
    assert rates(estimator, learning_rate_init=0.01) == [0.01] * 6


@both
@pytest.mark.parametrize("batch_size", [1, 7, "full"])
@pytest.mark.parametrize("power_t", [0, 0.5, 1, np.int64(1), np.uint8(1)])
def test_invscaling_counts_epochs_from_1(estimator, batch_size, power_t):
    eta = rates(
        estimator,
        learning_rate="invscaling",
        learning_rate_init=0.01,
        power_t=power_t,
        batch_size=batch_size,
    )
    assert_allclose(eta, 0.01 / np.arange(1, 7) ** power_t)


@both
def test_invscaling_goes_on_counting_in_later_calls(estimator):
    mlp = estimator(
        3,
        learning_rate="invscaling",
        learning_rate_init=0.01,
        max_iter=2,
        warm_start=True,
        random_state=0,
    )
    mlp.fit(X, y).fit(X, y).partial_fit(X, y)
    assert_allclose(mlp.history_["learning_rate"], 0.01 / np.sqrt(np.arange(1, 6)))


def rates_where_nothing_improves(estimator, eta_0, **parameters):
    """Adaptive rates, where only the first epoch improves by more than `tol`."""
    parameters |= {"learning_rate": "adaptive", "learning_rate_init": eta_0, "tol": 1e6}
    return rates(estimator, **parameters)


@both
@pytest.mark.parametrize("early_stopping", [False, True])
def test_adaptive_divides_by_5_each_time_that_patience_runs_out(
    estimator, early_stopping
):
    eta = rates_where_nothing_improves(
        estimator, 1e-4, n_iter_no_change=3, early_stopping=early_stopping, max_iter=100
    )
    expected = np.repeat([1e-4, 2e-5, 4e-6, 8e-7], [1 + 3, 3, 3, 3])
    assert_allclose(eta, expected)


@both
def test_adaptive_ends_below_a_millionth_and_not_at_it(estimator):
    eta = rates_where_nothing_improves(estimator, 1e-6, n_iter_no_change=1)
    assert_allclose(eta, [1e-6, 1e-6, 2e-7])


@both
def test_adaptive_keeps_the_rate_while_training_improves(estimator):
    eta = rates(
        estimator, learning_rate="adaptive", learning_rate_init=0.01, tol=0, max_iter=20
    )
    assert eta == [0.01] * 20


@both
@pytest.mark.parametrize(
    ("change", "first"),
    [
        (lambda mlp, y: y, 8e-3),
        (lambda mlp, y: 1 - y, 1.0),
        (lambda mlp, y: mlp.set_params(activation="tanh") and y, 1.0),
        (lambda mlp, y: mlp.discard_training_state() and y, 1.0),
    ],
    ids=["nothing", "targets", "activation", "discarded"],
)
def test_adaptive_begins_anew_where_patience_does(estimator, change, first):
    parameters = {"learning_rate": "adaptive", "learning_rate_init": 1.0, "tol": 1e6}
    mlp = estimator(3, n_iter_no_change=1, max_iter=4, warm_start=True, **parameters)
    mlp.fit(X, 1.0 * y)
    mlp.fit(X, change(mlp, 1.0 * y))
    assert_allclose(mlp.history_["learning_rate"][:5], [1, 1, 0.2, 0.04, first])


@both
def test_automatic_rate_falls_with_the_root_of_a_small_batch(estimator):
    auto = rates(estimator)
    assert rates(estimator, batch_size="full") == auto
    assert rates(estimator, batch_size=1000) == auto
    assert_allclose(rates(estimator, batch_size=50), np.divide(auto, 2))
    assert_allclose(rates(estimator, batch_size=2), np.divide(auto, 10))


@both
def test_new_rate_counts_from_the_next_call(estimator):
    mlp = estimator(3, learning_rate_init=0.01, max_iter=2, warm_start=True).fit(X, y)
    mlp.set_params(learning_rate_init=0.002).fit(X, y)
    assert mlp.history_["learning_rate"] == [0.01, 0.01, 0.002, 0.002]


@both
def test_a_rate_that_invscaling_takes_to_zero(estimator):
    """Its divisor is larger than any number."""
    assert rates(estimator, learning_rate="invscaling", power_t=700.0)[5] == 0
