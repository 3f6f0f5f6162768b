"""Several networks from different first weights, of which the best is kept."""

import contextlib
import copy
import gc
import threading
import tracemalloc
import weakref
from concurrent.futures import CancelledError

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from problems import assert_same_weights
from sklearn import config_context, get_config
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from skmlp import MLPClassifierSDM, MLPRegressorSDM
from skmlp._training import Training

# A few epochs show what is looked at.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

X, labels = load_iris(return_X_y=True)
X = scale(X)
TARGETS = {MLPClassifierSDM: labels, MLPRegressorSDM: X[:, 0] * X[:, 1]}
both = pytest.mark.parametrize("estimator", TARGETS)

XNOR = [[0, 0], [0, 1], [1, 0], [1, 1]]
SAME = ["same", "different", "different", "same"]


def small(estimator, **parameters):
    defaults = {"hidden_layer_sizes": 3, "max_iter": 8, "random_state": 0, "n_init": 4}
    return estimator(**{**defaults, **parameters})


def assert_same(a, b):
    assert_same_weights(a, b)
    assert a.history_ == b.history_
    assert a.n_init_history_ == b.n_init_history_


@pytest.mark.parametrize(
    "parameters", [{"solver": "lbfgs"}, {"learning_rate_init": 0.5, "max_iter": 500}]
)
def test_xnor_comes_out_right_for_every_seed(parameters):
    for seed in range(100):
        mlp = MLPClassifierSDM(
            2, activation="tanh", n_init=10, random_state=seed, **parameters
        ).fit(XNOR, SAME)
        assert mlp.predict(XNOR).tolist() == SAME, f"random_state={seed}"


@both
def test_first_network_is_the_one_of_a_single_start(estimator):
    y = TARGETS[estimator]
    single = small(estimator, n_init=1).fit(X, y)
    several = small(estimator).fit(X, y)
    objective = single.history_["loss"][-1] + single.history_["penalty"][-1]
    assert several.n_init_history_["reached"][0] == objective
    assert not hasattr(single, "n_init_history_")


@pytest.mark.parametrize("watched", ["objective", "given", "held out", "score"])
@both
def test_network_with_the_best_watched_value_is_kept(estimator, watched):
    parameters, validation = {}, {}
    if watched == "given":
        validation = {"X_val": X[1::2], "y_val": TARGETS[estimator][1::2]}
    elif watched != "objective":
        parameters["early_stopping"] = True
    if watched == "score":
        scoring = "accuracy" if estimator is MLPClassifierSDM else "r2"
        parameters["scoring"] = scoring
    mlp = small(estimator, **parameters).fit(X, TARGETS[estimator], **validation)
    history = {name: np.array(curve) for name, curve in mlp.history_.items()}
    reached = {
        "objective": lambda h: (h["loss"] + h["penalty"])[-1],
        "given": lambda h: h["validation_loss"][-1],
        "held out": lambda h: h["validation_loss"].min(),
        "score": lambda h: -h["validation_score"].max(),
    }[watched](history)
    all_reached = mlp.n_init_history_["reached"]
    assert len(all_reached) == 4
    assert len(set(all_reached)) > 1
    assert reached == min(all_reached)
    assert mlp.n_init_history_["n_iter"] == [8] * 4
    assert mlp.n_init_history_["stop_reason"] == ["max_iter"] * 4


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@both
def test_n_jobs_does_not_change_a_bit(estimator, solver):
    y = TARGETS[estimator]
    fits = [
        small(estimator, solver=solver, early_stopping=True, n_jobs=n_jobs).fit(X, y)
        for n_jobs in (None, 1, 2, 3)
    ]
    for other in fits[1:]:
        assert_same(other, fits[0])


def test_n_jobs_is_how_many_train_side_by_side():
    both_are_there = threading.Barrier(2)

    def scoring(mlp, X, y):
        both_are_there.wait(60)
        return 0.0

    mlp = small(MLPClassifierSDM, early_stopping=True, scoring=scoring, max_iter=1)
    mlp.set_params(n_init=2, n_jobs=2).fit(X, labels)


def test_each_training_has_a_network_of_its_own(monkeypatch):
    seen = []

    def run_all(trainings, *args):
        seen.extend(trainings)

    monkeypatch.setattr("skmlp._base.run_all", run_all)
    small(MLPClassifierSDM, n_jobs=2).fit(X, labels)
    assert len({id(training.network) for training in seen}) == len(seen) == 4


def test_of_many_networks_few_take_the_memory_of_training():
    wide = np.random.default_rng(0).standard_normal((60, 2000))
    peaks = {}
    for n_init in 1, 11:
        mlp = small(MLPRegressorSDM, hidden_layer_sizes=50, n_init=n_init, max_iter=2)
        tracemalloc.start()
        mlp.fit(wide, wide[:, 0])
        peaks[n_init] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # Each waits with its first weights and the room for its velocities.
    assert peaks[11] - peaks[1] < 10 * 2.2 * 8 * mlp.n_parameters_


def test_scorers_of_all_restarts_see_the_configuration_of_the_caller():
    seen = []

    def scoring(mlp, X, y):
        seen.append(get_config()["assume_finite"])
        return 0.0

    mlp = small(MLPClassifierSDM, early_stopping=True, scoring=scoring, max_iter=1)
    for assume_finite in (True, False):
        with config_context(assume_finite=assume_finite):
            mlp.set_params(n_jobs=2).fit(X, labels)
    assert seen == [True] * 4 + [False] * 4


@both
def test_warm_start_goes_on_with_the_network_that_was_kept(estimator):
    y = TARGETS[estimator]
    mlp = small(estimator, warm_start=True).fit(X, y)
    twin = copy.deepcopy(mlp).set_params(n_init=1)
    n_init_history = mlp.n_init_history_
    mlp.fit(X, y)
    assert_array_equal(mlp.coefs_[0], twin.fit(X, y).coefs_[0])
    assert len(mlp.history_["loss"]) == 16
    assert mlp.n_init_history_ == n_init_history


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_divergence_of_all_is_an_error_that_leaves_nothing_behind(n_jobs):
    mlp = small(MLPRegressorSDM, learning_rate_init=1e6, n_jobs=n_jobs)
    n_threads = threading.active_count()
    with pytest.raises(ValueError, match="training diverged in epoch"):
        mlp.fit(X, TARGETS[MLPRegressorSDM])
    assert not hasattr(mlp, "coefs_")
    assert threading.active_count() == n_threads


@pytest.mark.parametrize("error", [RuntimeError, CancelledError])
def test_after_an_error_no_other_network_starts(error, monkeypatch):
    started = []
    start = Training.start
    monkeypatch.setattr(
        Training, "start", lambda training: started.append(start(training))
    )

    def scoring(mlp, X, y):
        raise error("no score")

    mlp = small(MLPRegressorSDM, early_stopping=True, scoring=scoring)
    with pytest.raises(error, match="no score"):
        mlp.set_params(n_init=50, n_jobs=2).fit(X, TARGETS[MLPRegressorSDM])
    assert len(started) <= 2


def steep(**parameters):
    """A regressor that diverges from some of its first weights."""
    return small(MLPRegressorSDM, learning_rate_init=0.7, n_init=8, **parameters)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_networks_that_diverge_are_left_out(n_jobs, early_stopping):
    y = TARGETS[MLPRegressorSDM]
    mlp = steep(n_jobs=n_jobs, early_stopping=early_stopping)
    with pytest.warns(ConvergenceWarning, match=r"of 8 networks diverged.*lower lear"):
        mlp.fit(X, y)
    reasons = np.array(mlp.n_init_history_["stop_reason"])
    assert 0 < sum(reasons == "divergence") < 8
    reached = np.array(mlp.n_init_history_["reached"])
    assert_array_equal(np.isinf(reached), reasons == "divergence")
    assert mlp.stop_reason_ == reasons[reached.argmin()]
    assert np.isfinite(mlp.predict(X)).all()


@pytest.mark.parametrize("n_init", [1, 4])
def test_divergence_leaves_the_data_to_be_freed(n_init):
    data = X.copy()
    alive = weakref.ref(data)
    gc.collect()
    gc.disable()
    try:
        with contextlib.suppress(ValueError):
            small(MLPRegressorSDM, learning_rate_init=1e6, n_init=n_init).fit(
                data, TARGETS[MLPRegressorSDM]
            )
        del data
        assert alive() is None
    finally:
        gc.enable()


def test_network_that_diverged_is_not_what_ctrl_c_leaves(monkeypatch):
    run, started = Training.run, []

    def run_or_interrupt(training, max_iter):
        started.append(training)
        if len(started) == 2:
            raise KeyboardInterrupt
        run(training, max_iter)

    monkeypatch.setattr(Training, "run", run_or_interrupt)
    mlp = small(MLPRegressorSDM, learning_rate_init=1e6)
    with pytest.raises(KeyboardInterrupt):
        mlp.fit(X, TARGETS[MLPRegressorSDM])
    assert np.isfinite(mlp.predict(X)).all()


def test_warning_about_a_lower_rate_is_that_of_the_kept_network():
    y = 1e5 * TARGETS[MLPRegressorSDM]
    with pytest.warns(ConvergenceWarning, match="started anew") as caught:
        small(MLPRegressorSDM).fit(X, y)
    assert sum("started anew" in str(w.message) for w in caught) == 1


@both
def test_a_fit_of_one_network_forgets_what_several_reached(estimator):
    mlp = small(estimator).fit(X, TARGETS[estimator])
    mlp.set_params(n_init=1).fit(X, TARGETS[estimator])
    assert not hasattr(mlp, "n_init_history_")
