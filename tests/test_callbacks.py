"""scikit-learn's callbacks: a task per epoch."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from problems import tiny_mlp
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

from skmlp import MLPClassifierSDM, MLPRegressorSDM

callback = pytest.importorskip("sklearn.callback", reason="callbacks came with 1.9")

pytestmark = [
    # A few epochs are enough to be told of, at any learning rate.
    pytest.mark.filterwarnings(
        "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
    ),
    pytest.mark.filterwarnings(
        "ignore:training diverged:sklearn.exceptions.ConvergenceWarning"
    ),
]

X, labels = load_iris(return_X_y=True)
X = scale(X)
weights = 1.0 + np.arange(len(X)) % 3
TARGETS = {MLPClassifierSDM: labels, MLPRegressorSDM: X[:, 0] * X[:, 1]}
both = pytest.mark.parametrize("estimator", TARGETS)
SOLVERS = ["sgd", "adam", "lbfgs"]


class Recorder:
    """Keeps what it is told; ends training after some epochs, or with an error."""

    def __init__(self, stop_after=np.inf, fail_after=np.inf):
        self.stop_after, self.fail_after = stop_after, fail_after
        self.events = []
        self.told = []
        self.at_end = {}

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"{context.task_name} {context.task_id} begins")

    def on_fit_task_end(
        self,
        estimator,
        context,
        *,
        X=None,
        y=None,
        metadata=None,
        fitted_estimator=None,
    ):
        self.events.append(f"{context.task_name} {context.task_id} ends")
        if context.task_name != "epoch":
            self.at_end[context.task_name, context.task_id] = fitted_estimator
            return False
        self.told.append((X, y, metadata, fitted_estimator))
        if len(self.told) >= self.fail_after:
            raise RuntimeError("the callback has failed")
        return len(self.told) >= self.stop_after


def small(estimator, *callbacks, **parameters):
    return tiny_mlp(estimator, **parameters).set_callbacks(*callbacks)


@pytest.mark.parametrize("solver", SOLVERS)
@both
def test_each_epoch_is_a_task(estimator, solver):
    recorder = Recorder()
    small(estimator, recorder, solver=solver).fit(X, TARGETS[estimator])
    epochs = [f"epoch {n} {what}" for n in range(3) for what in ("begins", "ends")]
    expected = ["setup", "fit 0 begins", *epochs, "fit 0 ends", "teardown"]
    assert recorder.events == expected


@pytest.mark.parametrize("solver", SOLVERS)
@both
def test_training_is_the_same_with_a_callback(estimator, solver):
    y = TARGETS[estimator]
    told = small(estimator, Recorder(), solver=solver).fit(X, y)
    alone = small(estimator, solver=solver).fit(X, y)
    assert_array_equal(told.coefs_[0], alone.coefs_[0])
    assert told.history_.keys() == alone.history_.keys()


@pytest.mark.parametrize("solver", SOLVERS)
@both
def test_hooks_are_given_data_weights_and_a_fitted_estimator(estimator, solver):
    y = TARGETS[estimator]
    recorder = Recorder()
    mlp = small(estimator, recorder, solver=solver).fit(X, y, weights)
    for epoch, (X_told, y_told, metadata, fitted) in enumerate(recorder.told):
        assert X_told is X
        assert y_told is y
        assert_array_equal(metadata["sample_weight"], weights)
        shorter = small(estimator, solver=solver, max_iter=epoch + 1).fit(X, y, weights)
        assert_array_equal(fitted.predict(X), shorter.predict(X))
        assert len(fitted.history_["loss"]) == fitted.n_iter_ == epoch + 1
        assert fitted.best_epoch_ == epoch + 1
    assert fitted is not mlp


def test_a_network_that_diverges_ends_its_tasks():
    recorder = Recorder()
    mlp = small(MLPRegressorSDM, recorder, n_init=8, learning_rate_init=0.7)
    with pytest.warns(ConvergenceWarning, match="of 8 networks diverged"):
        mlp.fit(X, TARGETS[MLPRegressorSDM])
    for what in "restart", "epoch":
        events = [event for event in recorder.events if event.startswith(what)]
        begun = [event for event in events if event.endswith("begins")]
        assert len(events) == 2 * len(begun) >= 16


@pytest.mark.parametrize("n_init", [1, 3])
@both
def test_the_estimator_at_the_end_is_the_one_that_fit_returns(estimator, n_init):
    """With early stopping that of the best epoch, here of noise."""
    y = np.random.default_rng(0).permutation(TARGETS[estimator])
    recorder = Recorder()
    mlp = small(estimator, recorder, early_stopping=True, n_init=n_init)
    mlp.set_params(learning_rate_init=0.1, max_iter=30, batch_size=20).fit(X, y)
    assert mlp.best_epoch_ < mlp.n_iter_
    fitted = recorder.at_end["fit", 0]
    assert fitted.best_epoch_ == mlp.best_epoch_
    assert fitted.validation_loss_ == mlp.validation_loss_
    assert_array_equal(fitted.predict(X), mlp.predict(X))
    assert {name for name in vars(mlp) if name.endswith("_")} <= vars(fitted).keys()
    for name in "t_", "n_iter_", "stop_reason_", "history_":
        assert getattr(fitted, name) == getattr(mlp, name)
    for each in fitted, mlp:
        each.set_callbacks().set_params(warm_start=True).fit(X, y)
    assert fitted.history_ == mlp.history_
    assert_array_equal(fitted.coefs_[0], mlp.coefs_[0])
    restarts = [each for (task, _), each in recorder.at_end.items() if task != "fit"]
    assert len(restarts) == (n_init if n_init > 1 else 0)
    if restarts:
        best = min(restarts, key=lambda each: each.validation_loss_)
        assert_array_equal(best.predict(X), mlp.predict(X))


@pytest.mark.parametrize("solver", SOLVERS)
@both
def test_an_estimator_that_was_kept_is_that_of_its_epoch(estimator, solver):
    y = TARGETS[estimator]
    recorder = Recorder()
    parameters = {"solver": solver, "warm_start": True, "early_stopping": True}
    small(estimator, recorder, **parameters).fit(X, y)
    fitted = recorder.told[0][-1].set_callbacks().set_params(max_iter=2).fit(X, y)
    mlp = small(estimator, **parameters, max_iter=1).fit(X, y)
    mlp.set_params(max_iter=2).fit(X, y)
    assert fitted.history_ == mlp.history_
    assert_array_equal(fitted.coefs_[0], mlp.coefs_[0])


@both
def test_hooks_are_given_the_training_part_of_the_data(estimator):
    recorder = Recorder()
    small(estimator, recorder, early_stopping=True).fit(X, TARGETS[estimator])
    X_told, y_told, metadata, _ = recorder.told[0]
    assert len(X_told) == len(y_told) == 135
    assert metadata is None
    assert recorder.told[-1][0] is X_told  # which is copied once


@pytest.mark.parametrize("solver", SOLVERS)
@both
def test_a_callback_ends_training(estimator, solver):
    y = TARGETS[estimator]
    recorder = Recorder(stop_after=2)
    mlp = small(estimator, recorder, solver=solver, max_iter=100).fit(X, y)
    assert mlp.stop_reason_ == "callback"
    assert mlp.n_iter_ == 2
    shorter = small(estimator, solver=solver, max_iter=2).fit(X, y)
    assert_array_equal(mlp.coefs_[0], shorter.coefs_[0])


@pytest.mark.parametrize("solver", SOLVERS)
@both
def test_an_error_in_a_callback_leaves_the_estimator_as_it_was(estimator, solver):
    y = TARGETS[estimator]
    mlp = small(estimator, solver=solver, warm_start=True).fit(X, y)
    before = pickle.dumps(vars(mlp))
    recorder = Recorder(fail_after=2)
    with pytest.raises(RuntimeError, match="the callback has failed"):
        mlp.set_callbacks(recorder).fit(X, y)
    assert recorder.events[-1] == "teardown"
    assert pickle.dumps(vars(mlp.set_callbacks())) == before


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_restarts_are_tasks_of_their_own(n_jobs):
    recorder = Recorder()
    small(MLPClassifierSDM, recorder, n_init=3, n_jobs=n_jobs).fit(X, labels)
    assert len(recorder.told) == 3 * 3
    for number in range(3):
        assert recorder.events.count(f"restart {number} begins") == 1
        assert recorder.events.count(f"restart {number} ends") == 1
        assert recorder.events.count(f"epoch {number} ends") == 3


@both
def test_lbfgs_that_has_converged_ends_all_its_tasks(estimator):
    recorder = Recorder()
    parameters = {"solver": "lbfgs", "max_iter": 1000, "tol": 1e-2}
    mlp = small(estimator, recorder, **parameters).fit(X, TARGETS[estimator])
    assert mlp.stop_reason_ == "converged"
    begun = sum(event.endswith("begins") for event in recorder.events)
    assert begun == sum(event.endswith("ends") for event in recorder.events)


def test_epochs_that_diverged_before_starting_anew_are_tasks_without_a_result():
    recorder = Recorder()
    mlp = small(MLPRegressorSDM, recorder).fit(X, 1e6 * TARGETS[MLPRegressorSDM])
    assert mlp.n_iter_ == 3
    begun = sum(event.endswith("begins") for event in recorder.events)
    assert begun == sum(event.endswith("ends") for event in recorder.events)
    assert len(recorder.told) > 3
    assert any(fitted is None for *_, fitted in recorder.told)


def test_scoring_monitor_in_a_pipeline_in_a_grid_search():
    monitor = callback.ScoringMonitor(scoring="accuracy")
    pipeline = make_pipeline(StandardScaler(), small(MLPClassifierSDM, monitor))
    grid = {"mlpclassifiersdm__weight_decay": [1e-4, 1e-1]}
    search = GridSearchCV(pipeline, grid, cv=4, n_jobs=2, refit=False)
    search.fit(X, labels)
    log = monitor.get_logs().data_as_pandas
    epochs = log[log["task_name"] == "epoch"]
    assert len(epochs) == 2 * 4 * 3  # candidates, folds, epochs
    assert len(set(epochs["parent_task_id_path"])) == 2 * 4
    assert sorted(epochs["task_id"].value_counts()) == [8, 8, 8]
    assert epochs["accuracy"].between(0, 1).all()


def test_scoring_monitor_knows_what_each_epoch_reached():
    monitor = callback.ScoringMonitor(scoring=["accuracy", "neg_log_loss"])
    small(MLPClassifierSDM, monitor, solver="lbfgs").fit(X, labels)
    log = monitor.get_logs().data_as_pandas
    epochs = log[log["task_name"] == "epoch"]
    mlp = small(MLPClassifierSDM, solver="lbfgs").fit(X, labels)
    assert (-epochs["neg_log_loss"]).tolist() == pytest.approx(mlp.history_["loss"])
    assert epochs["accuracy"].tolist() == pytest.approx(mlp.history_["score"])


def test_progress_bar_shows_nested_tasks(capsys):
    pytest.importorskip("rich", reason="scikit-learn's progress bar is drawn by rich")
    pipeline = make_pipeline(StandardScaler(), small(MLPClassifierSDM))
    grid = {"mlpclassifiersdm__weight_decay": [1e-4, 1e-1]}
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2)
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None))
    search.fit(X, labels)
    output = capsys.readouterr().out
    for level in "GridSearchCV", "Pipeline", "MLPClassifierSDM":
        assert level in output, output


def test_callbacks_survive_clone_and_leave_no_trace():
    recorder = Recorder()
    mlp = small(MLPClassifierSDM, recorder).fit(X, labels)
    attributes = {name for name in vars(mlp) if "callback" in name or "task" in name}
    assert attributes <= {"_skl_callbacks"}
    copy.deepcopy(mlp).fit(X, labels)
    once = recorder.events.copy()
    clone(mlp).fit(X, labels)
    assert recorder.events == 2 * once
