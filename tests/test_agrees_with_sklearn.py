"""Where scikit-learn's perceptrons mean the same, training takes the same way."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.neural_network import MLPClassifier, MLPRegressor

from skmlp import MLPClassifierSDM, MLPRegressorSDM

pytestmark = [
    # Both sides train for a given number of epochs.
    pytest.mark.filterwarnings("ignore:training stopped at max_iter"),
    pytest.mark.filterwarnings("ignore:Stochastic Optimizer"),
]

# Our estimator, scikit-learn's, the loss of both where it is not the default.
TASKS = {
    "binary": (MLPClassifierSDM, MLPClassifier, {}),
    "multiclass": (MLPClassifierSDM, MLPClassifier, {}),
    "multilabel": (MLPClassifierSDM, MLPClassifier, {}),
    "regression": (MLPRegressorSDM, MLPRegressor, {"loss": "squared_error"}),
    "multi-output": (MLPRegressorSDM, MLPRegressor, {"loss": "squared_error"}),
    "poisson": (MLPRegressorSDM, MLPRegressor, {"loss": "poisson"}),
}
MOMENTUM = {
    "plain": {"momentum": 0.0, "nesterovs_momentum": False},
    "momentum": {"momentum": 0.9, "nesterovs_momentum": False},
    "nesterov": {"momentum": 0.9, "nesterovs_momentum": True},
}
N = 60
CONTAINERS = {"dense": np.asarray, "csr": sparse.csr_array}

every_task = pytest.mark.parametrize("task", TASKS)
every_container = pytest.mark.parametrize("container", CONTAINERS)


def make_data(task, container="dense"):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 6)) * (rng.random((N, 6)) < 0.7)
    score = X @ rng.normal(size=(6, 3)) + 0.3 * rng.normal(size=(N, 3))
    y = {
        "binary": np.array(["no", "yes"])[(score[:, 0] > 0).astype(int)],
        "multiclass": score.argmax(axis=1),
        "multilabel": (score > 0).astype(int),
        "regression": score[:, 0],
        "multi-output": score,
        "poisson": rng.poisson(np.exp(score[:, 0] / 4)),
    }[task]
    return CONTAINERS[container](X), y


def train_both(
    task, X, y, *, decay=0.0, batch_size=20, weights=None, max_iter=8, **parameters
):
    """Both estimators, after the same number of epochs from the same first weights."""
    ours, theirs, loss = TASKS[task]
    parameters = {
        "hidden_layer_sizes": (7,),
        "activation": "tanh",
        "shuffle": False,
        "n_iter_no_change": 1000,
        "random_state": 0,
        "batch_size": batch_size,
        "warm_start": True,
        "max_iter": 1,
        "learning_rate_init": 1e-300,  # changes no weight
        **MOMENTUM["momentum"],
        **loss,
        **parameters,
    }
    ours = ours(**parameters, weight_decay=decay).fit(X, y, weights)
    # A batch's gradient has alpha w / (sum of its weights) there, lambda w here.
    theirs = theirs(**parameters, solver="sgd", alpha=decay * batch_size).fit(X, y)
    rng = np.random.default_rng(1)
    for b, theirs_b in zip(ours.intercepts_, theirs.intercepts_, strict=True):
        b[:] = rng.normal(scale=0.1, size=b.shape)
        theirs_b[:] = b
    for W, theirs_W in zip(ours.coefs_, theirs.coefs_, strict=True):
        theirs_W[:] = W
    eta = 0.002 if batch_size == 1 else 0.02
    for mlp in ours, theirs:
        mlp.set_params(learning_rate_init=eta, max_iter=max_iter).fit(X, y, weights)
    return ours, theirs


def assert_agree(ours, theirs, X):
    close = {"rtol": 1e-10, "atol": 1e-10}  # all of these are of order 1
    for actual, expected in zip(
        ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True
    ):
        assert_allclose(actual, expected, **close)
    assert ours.out_activation_ == theirs.out_activation_
    if hasattr(theirs, "classes_"):
        assert_array_equal(ours.predict(X), theirs.predict(X))
        assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), **close)
        assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), **close)
    else:
        assert_allclose(ours.predict(X), theirs.predict(X), **close)


@pytest.mark.parametrize("batch_size", [1, 20, N])
@pytest.mark.parametrize("momentum", MOMENTUM)
@every_container
@every_task
def test_same_trajectory(task, container, momentum, batch_size):
    X, y = make_data(task, container)
    both = train_both(
        task, X, y, decay=0.05, batch_size=batch_size, **MOMENTUM[momentum]
    )
    assert_agree(*both, X)


@every_container
@every_task
def test_same_short_last_batch(task, container):
    # Without decay, which scikit-learn divides by the rows of the batch.
    X, y = make_data(task, container)
    assert_agree(*train_both(task, X, y, batch_size=7), X)


@pytest.mark.parametrize("hidden_layer_sizes", [(), (5,), (6, 5, 4)])
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@every_task
def test_same_layers_and_activations(task, activation, hidden_layer_sizes):
    X, y = make_data(task)
    both = train_both(
        task,
        X,
        y,
        decay=0.05,
        activation=activation,
        hidden_layer_sizes=hidden_layer_sizes,
    )
    assert_agree(*both, X)


@every_container
@every_task
def test_same_weighted_full_batch(task, container):
    # A full batch divided by its sum of weights is what weights of mean 1 mean.
    X, y = make_data(task, container)
    weights = np.arange(N) % 4.0
    weights /= weights.mean()
    both = train_both(task, X, y, decay=0.05, batch_size=N, weights=weights)
    assert_agree(*both, X)
