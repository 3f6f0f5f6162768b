"""Ctrl-C: re-raised, with the estimator left usable at the last update's weights."""

import ctypes
import os
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from joblib.externals.loky.process_executor import TerminatedWorkerError
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info, threadpool_limits

from skmlp import MLPClassifierSDM, MLPRegressorSDM, _sklearn_compat


def stacks():
    """The frames of all threads."""
    for frame in sys._current_frames().values():
        while frame:
            yield frame
            frame = frame.f_back


def training_is_under_way():
    return any(
        (frame.f_globals.get("__name__"), frame.f_code.co_name)
        == ("skmlp._training", "run")
        for frame in stacks()
    )


@pytest.fixture
def interrupt_soon():
    """Send SIGINT to this thread, as Ctrl-C does, when the test's fit is under way."""
    # A shell that starts the tests in the background has them ignore Ctrl-C.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    this_thread = threading.get_ident()
    test_ended = threading.Event()

    def interrupt():
        while not training_is_under_way():
            if test_ended.wait(0.05):
                return
        if not test_ended.wait(0.2):
            signal.pthread_kill(this_thread, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    yield thread.start
    test_ended.set()
    thread.join()
    signal.signal(signal.SIGINT, handler)


def endless(estimator, batch_size, **parameters):
    return estimator(
        batch_size=batch_size,
        learning_rate_init=1e-6,
        max_iter=10**9,
        tol=0,
        n_iter_no_change=np.inf,
        random_state=0,
        **parameters,
    )


def make_data():
    X = np.random.default_rng(0).standard_normal((20_000, 20))
    return X, (X[:, 0] > 0).astype(int)


def assert_usable(mlp, X, y):
    """It predicts, and a warm start goes on from the weights that it shows."""
    assert mlp.stop_reason_ == "interrupt"
    assert np.isfinite(mlp.predict(X[:10])).all()
    assert {len(curve) for curve in mlp.history_.values()} == {mlp.n_iter_}

    weights = [W.copy() for W in mlp.coefs_]
    n_epochs = mlp.n_iter_
    mlp.set_params(warm_start=True, max_iter=1, learning_rate_init=1e-300, momentum=0)
    with pytest.warns(match="max_iter"):
        mlp.fit(X, y)
    assert len(mlp.history_["loss"]) == n_epochs + 1
    assert_array_equal(mlp.coefs_[0], weights[0])


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("batch_size", [1, 32, "full"])
@pytest.mark.parametrize("estimator", [MLPClassifierSDM, MLPRegressorSDM])
def test_ctrl_c_leaves_the_last_weights(
    estimator, batch_size, early_stopping, interrupt_soon
):
    X, y = make_data()
    mlp = endless(estimator, batch_size, early_stopping=early_stopping)
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        mlp.fit(X, y)
    assert_usable(mlp, X, y)


class InterruptAt:
    """Raise KeyboardInterrupt the nth time that Python looks for one between epochs.

    It does when a function begins, and when one written in C has ended.
    """

    def __init__(self, n):
        self.n = n

    def __enter__(self):
        sys.setprofile(self.count)

    def __exit__(self, *error):
        sys.setprofile(None)

    def count(self, frame, event, argument):
        if event not in ("call", "c_return"):
            return
        while frame and frame.f_code.co_name not in ("record_epoch", "end_epoch"):
            frame = frame.f_back
        if frame and frame.f_globals["__name__"] == "skmlp._training":
            self.n -= 1
            if self.n == 0:
                raise KeyboardInterrupt


def assert_best_is_kept(mlp, weights):
    """Weights, value and number of the best epoch belong together."""
    state = mlp._state
    if state.best_parameters is None:
        assert not mlp.early_stopping or state.patience.best == np.inf
        return
    best = state.best_epoch - 1
    assert state.patience.best == mlp.history_["validation_loss"][best]
    W = state.best_parameters[: weights[best].size]
    assert_array_equal(W, weights[best].ravel())


@pytest.mark.parametrize("early_stopping", [False, True])
def test_ctrl_c_between_epochs(early_stopping):
    X = np.random.default_rng(0).standard_normal((40, 3))
    y = X[:, 0]
    weights = []

    def fit(n_epochs):
        mlp = endless(
            MLPRegressorSDM, 10, early_stopping=early_stopping, hidden_layer_sizes=4
        )
        mlp.set_params(record_batches=True, max_iter=n_epochs)
        try:
            with pytest.warns(match="before it converged"):
                mlp.fit(X, y)
        except KeyboardInterrupt:
            sys.setprofile(None)
            assert_best_is_kept(mlp, weights)
            assert_usable(mlp, X, y)
            return None
        return mlp.coefs_[0]

    weights = [fit(1), fit(2)]
    for n in range(1, 1000):
        with InterruptAt(n):
            if fit(2) is not None:
                break
    assert 50 < n < 999


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("batch_size", [1, "full"])
def test_ctrl_c_reaches_the_main_thread_while_another_one_trains(
    batch_size, early_stopping, interrupt_soon
):
    X, y = make_data()
    mlp = endless(MLPRegressorSDM, batch_size, early_stopping=early_stopping)
    ended = threading.Event()

    def train():
        try:
            mlp.fit(X, y)
        except KeyboardInterrupt:
            ended.set()

    thread = threading.Thread(target=train)
    thread.start()
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        ended.wait(60)
    assert not ended.is_set()
    # Python tells no thread but the main one; whoever wants the other to end tells it.
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt)
    )
    assert ended.wait(60)
    assert_usable(mlp, X, y)


def test_an_update_is_interrupted_within_its_batch(interrupt_soon):
    """The one update of this epoch takes a minute; none has been made at the end."""
    X = np.broadcast_to(np.linspace(-1, 1, 50), (200_000, 50))
    mlp = MLPRegressorSDM((1000, 1000), batch_size="full", random_state=0)
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        mlp.fit(X, X[:, 0])
    assert mlp.n_iter_ == 0
    assert not mlp.intercepts_[0].any()
    assert np.isfinite(mlp.predict(X[:10])).all()


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_ctrl_c_ends_all_restarts(solver, n_jobs, interrupt_soon):
    X = np.random.default_rng(0).standard_normal((20_000, 20))
    mlp = endless(MLPRegressorSDM, 32, solver=solver, n_init=4, n_jobs=n_jobs)
    mlp.set_params(max_fun=10**9, weight_decay=0)
    filters = warnings.filters.copy()
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        mlp.fit(X, np.sin(X).sum(axis=1))
    assert mlp.stop_reason_ == "interrupt"
    assert np.isfinite(mlp.predict(X[:10])).all()
    assert warnings.filters == filters
    # Nothing goes on to change the weights.
    weights = mlp.coefs_[0].copy()
    time.sleep(0.2)
    assert_array_equal(mlp.coefs_[0], weights)


def blas_threads():
    return [
        library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]


# Two epochs are enough to be killed in.
@pytest.mark.filterwarnings("ignore:training stopped at max_iter")
def test_worker_killed_within_a_fit_leaves_nothing_behind():
    X, y = make_data()
    epochs = []

    def killer(mlp, X, y):
        epochs.append(1)
        if len(epochs) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0.0

    mlp = MLPClassifierSDM(early_stopping=True, scoring=killer, max_iter=2)
    search = GridSearchCV(mlp, {"momentum": [0.8, 0.9]}, cv=2, n_jobs=2)
    threads = blas_threads()
    with pytest.raises(TerminatedWorkerError):
        search.fit(X, y)
    assert blas_threads() == threads
    assert vars(mlp).keys() == mlp.get_params().keys()

    search.set_params(n_jobs=None, estimator__scoring="loss").fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


class InterruptingSplit:
    """A splitter that Ctrl-C interrupts."""

    def split(self, X, y=None, groups=None):
        raise KeyboardInterrupt

    def get_n_splits(self, X=None, y=None, groups=None):
        return 1


@pytest.mark.filterwarnings("ignore:training stopped at max_iter")
@pytest.mark.parametrize("warm_start", [False, True])
def test_ctrl_c_before_training_leaves_the_estimator_as_it_was(warm_start):
    X, y = (array[:100] for array in make_data())
    mlp = MLPClassifierSDM(max_iter=3, warm_start=warm_start, random_state=0)
    mlp.set_params(early_stopping=InterruptingSplit())
    with pytest.raises(KeyboardInterrupt):
        mlp.fit(X, y)
    with pytest.raises(NotFittedError):
        mlp.predict(X)
    mlp.set_params(early_stopping=False).fit(X, y)
    before, probabilities = vars(mlp).copy(), mlp.predict_proba(X)
    mlp.early_stopping = before["early_stopping"] = InterruptingSplit()
    with pytest.raises(KeyboardInterrupt):
        mlp.fit(X if warm_start else np.hstack([X, X]), y)
    assert vars(mlp) == before
    assert_array_equal(mlp.predict_proba(X), probabilities)


@pytest.mark.parametrize("validation", [False, True])
def test_after_ctrl_c_in_the_first_epoch_there_is_no_loss_yet(validation):
    X, y = (array[:100] for array in make_data())

    def scoring(mlp, X, y):
        raise KeyboardInterrupt

    mlp = MLPClassifierSDM(scoring=scoring, random_state=0)
    validation_data = {"X_val": X, "y_val": y} if validation else {}
    with InterruptAt(10**9 if validation else 1), pytest.raises(KeyboardInterrupt):
        mlp.fit(X, y, **validation_data)
    assert not hasattr(mlp, "loss_")
    assert not hasattr(mlp, "best_loss_")
    assert mlp.validation_loss_ is mlp.best_validation_score_ is None
    assert "history_" in dir(mlp)
    assert "MLPClassifierSDM" in mlp._repr_html_()
    assert mlp.predict(X).shape == y.shape


def test_ctrl_c_on_the_way_in_leaves_blas_its_threads(monkeypatch):
    X, y = (array[:100] for array in make_data())
    before = blas_threads()
    set_num_threads = _sklearn_compat._set_num_threads

    def interrupted(library, n_threads):
        set_num_threads(library, n_threads)
        if n_threads == 1 and not calls:
            calls.append(1)
            raise KeyboardInterrupt

    calls = []
    monkeypatch.setattr(_sklearn_compat, "_set_num_threads", interrupted)
    with threadpool_limits(2), pytest.raises(KeyboardInterrupt):
        MLPClassifierSDM().fit(X, y)
    with threadpool_limits(2):
        MLPClassifierSDM(n_iter_no_change=1).fit(X, y)
        assert set(blas_threads()) == {2}
    assert blas_threads() == before
