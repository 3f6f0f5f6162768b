"""Every solver takes the way that torch.optim takes, and goes on where it stopped."""

import json
import pickle
from copy import deepcopy
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import reference as ref
from numpy.testing import assert_allclose, assert_array_equal
from problems import assert_same_weights
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM, MLPRegressorSDM, _mini_batches, _start

# A few epochs show what is looked at.
pytestmark = pytest.mark.filterwarnings("ignore:training stopped at max_iter")

# Written by data/make_torch_trajectories.py.
RECORDED = json.loads(
    (Path(__file__).parent / "data" / "torch_trajectories.json").read_text()
)
ESTIMATORS = {"classification": MLPClassifierSDM, "regression": MLPRegressorSDM}
CONTAINERS = {"dense": np.asarray, "csr": sparse.csr_array}
TINY = 1e-300  # a learning rate at which no weight changes by a bit
N = 50

# What the first update takes off a weight whose gradient is g.
FIRST_UPDATES = {
    "sgd": lambda g, eta, epsilon, rho: eta * g,
    "adagrad": lambda g, eta, epsilon, rho: eta * g / (abs(g) + epsilon),
    "rmsprop": lambda g, eta, epsilon, rho: (
        eta * g / (np.sqrt((1 - rho) * g**2) + epsilon)
    ),
    "adadelta": lambda g, eta, epsilon, rho: (
        eta * g * np.sqrt(epsilon / ((1 - rho) * g**2 + epsilon))
    ),
    "adam": lambda g, eta, epsilon, rho: eta * g / (abs(g) + epsilon),
}
LEARNING_RATES = {
    "sgd": 0.02,
    "adagrad": 0.05,
    "rmsprop": 0.01,
    "adadelta": 1.0,
    "adam": 0.01,
}

every_solver = pytest.mark.parametrize("solver", FIRST_UPDATES)
every_change_of_solver = pytest.mark.parametrize(
    ("before", "after"), list(permutations(FIRST_UPDATES, 2))
)
every_estimator = pytest.mark.parametrize("task", ESTIMATORS)
every_batch_size = pytest.mark.parametrize("batch_size", [1, 5, "full"])
every_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])
with_and_without_early_stopping = pytest.mark.parametrize(
    "early_stopping", [False, True], ids=["no stopping", "early stopping"]
)


def make_data(task, dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 6)) * (rng.random((N, 6)) < 0.7)
    noise = rng.normal(size=(N, 2))
    values = X[:, :2] - X[:, 2:4] + 0.3 * noise
    y = np.digitize(values[:, 0], [-0.5, 0.5]) if task == "classification" else values
    return X.astype(dtype), y


def make_mlp(task, solver, **parameters):
    defaults = {
        "hidden_layer_sizes": 5,
        "activation": "tanh",
        "batch_size": 5,
        "learning_rate_init": LEARNING_RATES[solver],
        "max_iter": 5,
        "n_iter_no_change": np.inf,
        "random_state": 0,
    }
    return ESTIMATORS[task](solver=solver, **defaults | parameters)


def through_pickle(mlp):
    return pickle.loads(pickle.dumps(mlp))


def weights(mlp):
    return [w.copy() for w in mlp.coefs_ + mlp.intercepts_]


def partial_fit(mlp, X, y, sample_weight=None):
    classes = {"classes": [0, 1, 2]} if isinstance(mlp, MLPClassifierSDM) else {}
    return mlp.partial_fit(X, y, sample_weight=sample_weight, **classes)


def assert_close(actual, expected, tolerance):
    """Agreement relative to the largest of all weights."""
    largest = max(abs(np.asarray(e)).max() for e in expected)
    for a, e in zip(actual, expected, strict=True):
        assert_allclose(a, e, rtol=0, atol=tolerance * largest)


def assert_same(actual, expected):
    """Bit for bit."""
    assert_same_weights(actual, expected)
    assert actual.history_ == expected.history_
    assert actual.t_ == expected.t_


# --- torch.optim ---


@pytest.fixture
def start_from(monkeypatch):
    """Give a network its first weights: call it with coefs and intercepts."""

    def start_from(coefs, intercepts):
        first = [[np.array(w) for w in arrays] for arrays in (coefs, intercepts)]
        monkeypatch.setattr(_start, "initial_weights", lambda *args: deepcopy(first))

    return start_from


def name_of(trajectory):
    names = [str(trajectory[key]) for key in ("problem", "rule", "batch_size")]
    return "-".join([*names, "decay" if trajectory["weight_decay"] else "no decay"])


def follow(trajectory, dtype, container):
    """Our weights after the recorded number of updates."""
    problem = RECORDED["problems"][trajectory["problem"]]
    X = CONTAINERS[container](np.array(problem["X"], dtype=dtype))
    n_rows, batch_size = X.shape[0], trajectory["batch_size"]
    per_epoch = 1 if batch_size == "full" else -(-n_rows // batch_size)
    n_epochs, rest = divmod(RECORDED["n_updates"], per_epoch)
    assert rest == 0
    mlp = ESTIMATORS[trajectory["problem"]](
        [len(problem["intercepts"][0])],
        activation="tanh",
        **RECORDED["rules"][trajectory["rule"]],
        weight_decay=trajectory["weight_decay"],
        batch_size=batch_size,
        shuffle=False,
        max_iter=n_epochs,
        tol=0,
        n_iter_no_change=np.inf,
    )
    return weights(mlp.fit(X, problem["y"]))


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)]
)
@pytest.mark.parametrize("trajectory", RECORDED["trajectories"], ids=name_of)
def test_weights_after_20_updates_are_those_of_torch(
    trajectory, dtype, tolerance, container, start_from
):
    problem = RECORDED["problems"][trajectory["problem"]]
    start_from(problem["coefs"], problem["intercepts"])
    recorded = trajectory["coefs"] + trajectory["intercepts"]
    assert_close(follow(trajectory, dtype, container), recorded, tolerance)


def test_every_solver_is_recorded_with_and_without_decay():
    seen = {
        (t["problem"], t["rule"], t["batch_size"], t["weight_decay"] > 0)
        for t in RECORDED["trajectories"]
    }
    rules = RECORDED["rules"]
    assert {rule["solver"] for rule in rules.values()} == FIRST_UPDATES.keys()
    assert len(seen) == len(RECORDED["trajectories"]) == 2 * len(rules) * 2 * 2


# --- The gradient, its decay and its weights are the same for all ---


@pytest.mark.parametrize("weight", [None, 1.5])
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("n_rows", [1, N])
@every_estimator
@every_solver
def test_first_update_is_that_of_the_gradient_with_decay(
    solver, task, n_rows, weight_decay, weight
):
    X, y = make_data(task)
    X, y = X[:n_rows], y[:n_rows]
    s = None if weight is None else weight * (1 + np.arange(n_rows) % 2)
    mlp = make_mlp(
        task, solver, batch_size="full", weight_decay=weight_decay, epsilon=1e-3
    )
    first = partial_fit(clone(mlp).set_params(learning_rate_init=TINY), X, y)
    T = np.eye(3)[y] if task == "classification" else y
    loss = "log_loss" if task == "classification" else "squared_error"
    dW, db = ref.gradient(
        X,
        T,
        first.coefs_,
        first.intercepts_,
        ref.Network(("tanh",), first.out_activation_, loss),
        weight_decay=weight_decay,
        sample_weight=s,
    )
    partial_fit(mlp, X, y, s)
    for w, w_0, g in zip(weights(mlp), weights(first), dW + db, strict=True):
        update = FIRST_UPDATES[solver](g, mlp.learning_rate_init, 1e-3, mlp.rho)
        assert_allclose(w_0 - w, update, rtol=1e-9, atol=1e-14)


@every_solver
def test_decay_alone_moves_the_weights_towards_zero_and_leaves_the_biases(solver):
    """Inputs and targets that are 0 give no error, so that only the decay is left."""
    X, y = np.zeros((1, 6)), np.zeros((1, 2))
    mlp = make_mlp("regression", solver, weight_decay=0.5, max_iter=1, warm_start=True)
    first = weights(clone(mlp).set_params(learning_rate_init=TINY).fit(X, y))
    last = weights(mlp.fit(X, y))
    for w, w_0 in zip(last[:2], first[:2], strict=True):
        assert_array_equal(np.sign(w_0 - w), np.sign(w_0))
    for b in last[2:]:
        assert_array_equal(b, 0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@every_solver
def test_denormal_epsilon_is_not_zero(solver, dtype):
    """The derivatives of one input are, and are divided by their size."""
    X, y = make_data("regression", dtype)
    X[:, 2] = 0
    denormal = float(np.finfo(dtype).smallest_subnormal)
    mlp = make_mlp("regression", solver, epsilon=denormal, weight_decay=0).fit(X, y)
    assert all(np.isfinite(w).all() for w in weights(mlp))


@every_batch_size
@every_solver
def test_weights_of_an_input_that_is_always_0_stay_without_decay(solver, batch_size):
    X, y = make_data("regression")
    X[:, 2] = 0
    mlp = make_mlp("regression", solver, batch_size=batch_size, weight_decay=0)
    first = weights(clone(mlp).set_params(learning_rate_init=TINY).fit(X, y))
    last = weights(mlp.fit(X, y))
    assert_array_equal(last[0][2], first[0][2])
    assert (last[0][[0, 1, 3, 4, 5]] != first[0][[0, 1, 3, 4, 5]]).all()


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@every_estimator
@every_solver
def test_batch_of_one_case_is_a_batch_of_the_case_twice(solver, task, weight_decay):
    X, y = make_data(task)
    mlp = make_mlp(task, solver, shuffle=False, weight_decay=weight_decay)
    ones = clone(mlp).set_params(batch_size=1).fit(X, y)
    twos = mlp.set_params(batch_size=2).fit(X.repeat(2, axis=0), y.repeat(2, axis=0))
    assert_close(weights(ones), weights(twos), 1e-9)


@every_estimator
@every_solver
def test_weight_of_a_case_is_how_often_it_occurs(solver, task):
    X, y = make_data(task)
    s = np.arange(N) % 3
    mlp = make_mlp(task, solver, batch_size="full", weight_decay=0.1)
    weighted = clone(mlp).fit(X, y, 7.0 * s)
    repeated = clone(mlp).fit(X.repeat(s, axis=0), y.repeat(s, axis=0))
    plain = mlp.fit(X, y)
    assert_close(weights(weighted), weights(repeated), 1e-9)
    assert abs(weighted.coefs_[0] - plain.coefs_[0]).max() > 1e-4


@pytest.mark.parametrize("weighted", [False, True])
@every_batch_size
@every_estimator
@every_solver
def test_csr_is_dense(solver, task, batch_size, weighted):
    X, y = make_data(task)
    s = np.arange(N) % 3 if weighted else None
    mlp = make_mlp(task, solver, batch_size=batch_size, weight_decay=0.01)
    dense = clone(mlp).fit(X, y, s)
    csr = mlp.fit(sparse.csr_array(X), y, s)
    assert_close(weights(csr), weights(dense), 1e-9)


@every_batch_size
@every_dtype
@every_estimator
@every_solver
def test_dtype_of_X_is_that_of_the_weights(solver, task, dtype, batch_size):
    X, y = make_data(task, dtype)
    mlp = make_mlp(task, solver, batch_size=batch_size, warm_start=True)
    for train in (mlp.fit, mlp.fit, mlp.partial_fit):
        train(X, y)
        assert {w.dtype for w in weights(mlp)} == {np.dtype(dtype)}
        assert np.isfinite(np.concatenate([w.ravel() for w in weights(mlp)])).all()
    outputs = mlp.predict_proba if task == "classification" else mlp.predict
    assert outputs(X).dtype == dtype


# --- Parameters ---


OWN_PARAMETERS = {
    "sgd": {"momentum", "nesterovs_momentum"},
    "adagrad": {"epsilon"},
    "rmsprop": {"rho", "epsilon"},
    "adadelta": {"rho", "epsilon"},
    "adam": {"beta_1", "beta_2", "epsilon"},
}
OTHER_VALUES = {
    "momentum": 0.5,
    "nesterovs_momentum": True,
    "rho": 0.5,
    "beta_1": 0.5,
    "beta_2": 0.5,
    "epsilon": 0.1,
}


@pytest.mark.parametrize("batch_size", [1, 5])
@pytest.mark.parametrize("name", OTHER_VALUES)
@every_solver
def test_parameter_matters_to_its_own_solvers_only(solver, name, batch_size):
    X, y = make_data("regression")
    mlp = make_mlp("regression", solver, batch_size=batch_size)
    default = clone(mlp).fit(X, y)
    changed = mlp.set_params(**{name: OTHER_VALUES[name]}).fit(X, y)
    if name in OWN_PARAMETERS[solver]:
        assert abs(changed.coefs_[0] - default.coefs_[0]).max() > 1e-6
    else:
        assert_same(changed, default)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("rho", "beta_1", "beta_2") for value in (-0.1, 1)),
        *((name, np.nan) for name in ("rho", "beta_1", "beta_2", "epsilon")),
        *(("epsilon", value) for value in (-1e-8, 0, np.inf)),
    ],
)
@every_estimator
@every_solver
def test_parameter_out_of_its_range_is_an_error(solver, task, name, value):
    X, y = make_data(task)
    mlp = make_mlp(task, solver, **{name: value})
    with pytest.raises(ValueError, match=f"'{name}'.*{value}"):
        mlp.fit(X, y)
    with pytest.raises(ValueError, match=f"'{name}'.*{value}"):
        partial_fit(mlp, X, y)


@pytest.mark.parametrize(
    ("solver", "epsilon"),
    [("adagrad", 1e-8), ("rmsprop", 1e-8), ("adadelta", 1e-6), ("adam", 1e-8)],
)
def test_automatic_epsilon_is_the_documented_number(solver, epsilon):
    X, y = make_data("regression")
    auto = make_mlp("regression", solver).fit(X, y)
    assert_same(auto, make_mlp("regression", solver, epsilon=epsilon).fit(X, y))


# Not beta_2: m / |g| is large wherever g happens to be small.
@pytest.mark.parametrize(
    ("solver", "name"), [("rmsprop", "rho"), ("adadelta", "rho"), ("adam", "beta_1")]
)
def test_solver_without_memory_learns(solver, name):
    X, y = make_data("regression")
    mlp = make_mlp("regression", solver, max_iter=20, **{name: 0}).fit(X, y)
    losses = mlp.history_["loss"]
    assert losses[-1] < 0.8 * losses[0]


@pytest.fixture(scope="module")
def digits():
    return train_test_split(*load_digits(return_X_y=True), random_state=0)


@pytest.mark.parametrize("batch_size", ["auto", 32])
@every_dtype
@every_solver
def test_automatic_learning_rate_learns_digits(solver, dtype, batch_size, digits):
    X, X_test, y, y_test = digits
    mlp = MLPClassifierSDM(
        solver=solver,
        max_iter=30,
        n_iter_no_change=np.inf,
        batch_size=batch_size,
        random_state=0,
    )
    pipeline = make_pipeline(StandardScaler(), mlp).fit(X.astype(dtype), y)
    assert pipeline.score(X_test.astype(dtype), y_test) > 0.93


# --- Going on ---

THROUGH = {"same object": lambda mlp: mlp, "pickle": through_pickle}
through_a_pickle_or_not = pytest.mark.parametrize("through", THROUGH)


@through_a_pickle_or_not
@with_and_without_early_stopping
@every_batch_size
@every_dtype
@every_estimator
@every_solver
def test_5_and_5_epochs_are_10(
    solver, task, dtype, batch_size, early_stopping, through
):
    X, y = make_data(task, dtype)
    mlp = make_mlp(
        task,
        solver,
        batch_size=batch_size,
        early_stopping=early_stopping,
        warm_start=True,
    )
    whole = clone(mlp).set_params(max_iter=10).fit(X, y)
    parts = THROUGH[through](mlp.fit(X, y)).fit(X, y)
    assert (parts.n_iter_, whole.n_iter_) == (5, 10)
    assert_same(parts, whole)
    # Where the best epoch's weights are shown, the last ones are in the next epochs.
    assert_same(parts.fit(X, y), whole.set_params(max_iter=5).fit(X, y))


@through_a_pickle_or_not
@every_batch_size
@every_estimator
@every_solver
def test_partial_fit_5_times_is_fit_for_5_epochs(solver, task, batch_size, through):
    X, y = make_data(task)
    mlp = make_mlp(task, solver, batch_size=batch_size)
    fitted = clone(mlp).fit(X, y)
    for _ in range(5):
        mlp = THROUGH[through](partial_fit(mlp, X, y))
    assert_same(mlp, fitted)


@through_a_pickle_or_not
@every_solver
def test_fit_and_partial_fit_continue_each_other(solver, through):
    X, y = make_data("classification")
    mlp = make_mlp("classification", solver, warm_start=True)
    whole = clone(mlp).set_params(max_iter=8).fit(X, y)
    mlp = THROUGH[through](partial_fit(mlp, X, y)).fit(X, y)
    for _ in range(2):
        mlp = partial_fit(THROUGH[through](mlp), X, y)
    assert_same(mlp, whole)


@every_solver
def test_without_warm_start_fit_starts_anew(solver):
    X, y = make_data("regression")
    mlp = make_mlp("regression", solver)
    once = clone(mlp).fit(X, y)
    assert_same(mlp.fit(X, y).fit(X, y), once)


@pytest.mark.parametrize("copy", [deepcopy, through_pickle])
@every_solver
def test_training_a_copy_leaves_the_original_alone(solver, copy):
    X, y = make_data("regression")
    mlp = make_mlp("regression", solver, warm_start=True)
    whole = clone(mlp).set_params(max_iter=10).fit(X, y)
    copy(mlp.fit(X, y)).fit(X[:20], y[:20])
    assert_same(mlp.fit(X, y), whole)


@every_batch_size
@every_solver
def test_call_that_fails_leaves_no_trace(solver, batch_size):
    X, y = make_data("regression")
    mlp = make_mlp("regression", solver, batch_size=batch_size, warm_start=True)
    whole = clone(mlp).set_params(max_iter=10).fit(X, y)
    mlp.fit(X, y).set_params(learning_rate_init=1e200)
    with pytest.raises(ValueError, match=r"diverged in epoch [67]:"):
        mlp.fit(X, y)
    mlp.set_params(learning_rate_init=LEARNING_RATES[solver])
    assert_same(mlp.fit(X, y), whole)


# --- Another solver under a warm start: its state starts anew, the weights go on ---


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@through_a_pickle_or_not
@every_change_of_solver
def test_other_solver_goes_on_from_the_last_weights(before, after, through, method):
    X, y = make_data("regression")
    mlp = make_mlp("regression", before, batch_size="full", warm_start=True).fit(X, y)
    mlp, last = THROUGH[through](mlp), weights(mlp)
    dW, db = ref.gradient(
        X,
        y,
        mlp.coefs_,
        mlp.intercepts_,
        ref.Network(("tanh",), "identity", "squared_error"),
        weight_decay=mlp.weight_decay,
    )
    eta = LEARNING_RATES[after]
    mlp.set_params(solver=after, learning_rate_init=eta, epsilon=1e-3, max_iter=1)
    getattr(mlp, method)(X, y)
    for w, w_0, g in zip(weights(mlp), last, dW + db, strict=True):
        update = FIRST_UPDATES[after](g, eta, 1e-3, mlp.rho)
        assert_allclose(w_0 - w, update, rtol=1e-9, atol=1e-14)
    assert len(mlp.history_["loss"]) == 6


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@through_a_pickle_or_not
@every_solver
def test_solver_begins_anew_after_its_state_was_discarded(solver, through, method):
    X, y = make_data("regression")
    mlp = make_mlp("regression", solver, batch_size="full", warm_start=True).fit(X, y)
    mlp, last = THROUGH[through](mlp.discard_training_state()), weights(mlp)
    dW, db = ref.gradient(
        X,
        y,
        mlp.coefs_,
        mlp.intercepts_,
        ref.Network(("tanh",), "identity", "squared_error"),
        weight_decay=mlp.weight_decay,
    )
    getattr(mlp.set_params(epsilon=1e-3, max_iter=1), method)(X, y)
    for w, w_0, g in zip(weights(mlp), last, dW + db, strict=True):
        update = FIRST_UPDATES[solver](g, LEARNING_RATES[solver], 1e-3, mlp.rho)
        assert_allclose(w_0 - w, update, rtol=1e-9, atol=1e-14)
    assert len(mlp.history_["loss"]) == 6


@every_change_of_solver
def test_other_solver_has_its_own_automatic_learning_rate(before, after):
    X, y = make_data("regression")
    mlp = make_mlp("regression", before, learning_rate_init="auto", warm_start=True)
    fresh = clone(mlp).set_params(solver=after).fit(X, y)
    mlp = pickle.loads(pickle.dumps(mlp.fit(X, y)))
    mlp.set_params(solver=after).fit(X, y)
    assert mlp.history_["learning_rate"][5:] == fresh.history_["learning_rate"]


@every_change_of_solver
def test_other_solver_that_fails_leaves_no_trace(before, after):
    X, y = make_data("regression")
    mlp = make_mlp("regression", before, warm_start=True)
    whole = clone(mlp).set_params(max_iter=10).fit(X, y)
    mlp.fit(X, y).set_params(solver=after, learning_rate_init=1e200)
    with pytest.raises(ValueError, match="diverged"):
        mlp.fit(X, y)
    mlp.set_params(solver=before, learning_rate_init=LEARNING_RATES[before])
    assert_same(mlp.fit(X, y), whole)


@through_a_pickle_or_not
@every_change_of_solver
def test_other_solver_after_early_stopping_goes_on_from_the_last_update(
    before, after, through
):
    X, y = make_data("regression")
    y = np.random.default_rng(1).permutation(y)  # soon gets worse on validation data
    mlp = make_mlp("regression", before, max_iter=30, warm_start=True)
    mlp.set_params(batch_size=1, early_stopping=True).fit(X, y)
    last = deepcopy(mlp).set_params(learning_rate_init=TINY, early_stopping=False)
    last.set_params(momentum=0, solver=after, max_iter=1).fit(X, y)
    assert abs(last.coefs_[0] - mlp.coefs_[0]).max() > 1e-6
    mlp = THROUGH[through](mlp).set_params(solver=after, learning_rate_init=TINY)
    partial_fit(mlp, X, y)
    assert_close(weights(mlp), weights(last), 0)


# --- Divergence ---


@every_batch_size
@every_dtype
@every_estimator
def test_adam_that_diverges_is_an_error(task, dtype, batch_size):
    """Its steps are bounded, so that nothing need overflow."""
    X, y = make_data(task, dtype)
    mlp = make_mlp(task, "adam", batch_size=batch_size, learning_rate_init=1e6)
    with pytest.raises(ValueError, match=r"diverged in epoch [12]:.*rate 1e\+06"):
        mlp.fit(X, y)
    assert not hasattr(mlp, "coefs_")


@every_batch_size
@every_solver
def test_automatic_learning_rate_that_diverges_starts_the_state_anew(
    solver, batch_size, monkeypatch
):
    X, y = make_data("regression")
    mlp = make_mlp("regression", solver, batch_size=batch_size)
    auto = clone(mlp).set_params(learning_rate_init="auto")
    monkeypatch.setattr(_mini_batches, "auto_learning_rate", lambda *_: 1e200)
    with pytest.warns(ConvergenceWarning, match="started anew"):
        auto.fit(X, y)
    monkeypatch.undo()
    eta = auto.history_["learning_rate"][0]
    assert eta < 1e200
    assert_same(auto, mlp.set_params(learning_rate_init=eta).fit(X, y))
