"""Threads that share a large update: the same bits for any number of them."""

import ctypes
import multiprocessing
import platform
import sys
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import threadpoolctl
from numpy.testing import assert_array_equal
from scipy.sparse import random_array
from sklearn.datasets import make_regression

from skmlp import MLPRegressorSDM, _threads
from skmlp._network import kernel
from skmlp._threads import SharedCores

# Products on both sides of the size from which BLAS does them, all worth threads.
HIDDEN = {"small": (240, 200), "large": (520, 520)}


@pytest.fixture
def n_threads(monkeypatch):
    """A function that sets the number of threads, whatever the machine has."""

    def set_number(n):
        monkeypatch.setattr("skmlp._base.update_threads", lambda: n)

    return set_number


def problem(dtype):
    X, Y = make_regression(700, 150, n_targets=2, random_state=0)
    return X.astype(dtype), (Y / Y.std()).astype(dtype)


def assert_same_bits(n_threads, mlp, X, Y):
    """Fit and predict with one to three threads, and compare."""
    results = []
    for n in (1, 2, 3):
        n_threads(n)
        with pytest.warns(match="before it converged"):
            mlp.fit(X, Y)
        results.append([*mlp.coefs_, *mlp.intercepts_, mlp.predict(X)])
    for others in results[1:]:
        for first, other in zip(results[0], others, strict=True):
            assert_array_equal(first, other)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_bits_do_not_depend_on_the_number_of_threads(n_threads, solver, hidden, dtype):
    mlp = MLPRegressorSDM(
        HIDDEN[hidden],
        activation=["tanh", "relu"],
        solver=solver,
        batch_size=300,
        random_state=0,
        max_iter=2,
    )
    assert_same_bits(n_threads, mlp, *problem(dtype))


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64", "aarch64", "arm64"),
    reason="denormal numbers are flushed on these only",
)
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_denormal_numbers_are_zero_in_each_thread_until_the_call_ends(
    n_threads, dtype, n
):
    n_threads(n)
    X, Y = problem(dtype)
    mlp = MLPRegressorSDM(
        HIDDEN["large"], activation="identity", momentum=0, batch_size=350, max_iter=1
    )
    with pytest.warns(match="before it converged"):
        mlp.fit(X, Y)
    denormal = np.finfo(dtype).smallest_subnormal
    for W, b in zip(mlp.coefs_, mlp.intercepts_, strict=True):
        W[:], b[:] = np.sqrt(np.finfo(dtype).max), 0
    mlp.coefs_[0][:] = denormal
    assert_array_equal(mlp.predict(X), 0)
    for W in mlp.coefs_[1:]:
        W[:] = 0
    assert_array_equal(mlp.partial_fit(X, Y).coefs_[0], 0)
    assert np.all(np.full(9, denormal) * dtype(1) > 0)


def test_threads_keep_denormal_numbers_for_others(n_threads):
    """GNU OpenMP's are also those of other packages."""
    libraries = [
        ctypes.CDLL(library["filepath"])
        for library in threadpoolctl.threadpool_info()
        if library["prefix"] == "libgomp"
    ]
    if not libraries:
        pytest.skip("threads of another OpenMP")
    denormal = np.full(9, np.finfo(np.float64).smallest_subnormal)
    kept = []

    @ctypes.CFUNCTYPE(None, ctypes.c_void_p)
    def look(_):
        kept.append(bool(np.all(denormal * 1.0 > 0)))

    n_threads(3)
    mlp = MLPRegressorSDM(HIDDEN["large"], max_iter=1)
    for library in libraries:
        library.omp_set_dynamic(1)  # a loop may have fewer threads than it asks for
    with pytest.warns(match="before it converged"):
        mlp.fit(*problem(np.float64))
    for library in libraries:
        assert library.omp_get_dynamic() == 1
        library.omp_set_dynamic(0)
        library.GOMP_parallel(look, None, 3, 0)
    assert kept == [True] * 3 * len(libraries)


# Where a batch is one block, rows of weights wait for their update: to the end of the
# epoch, until there is no room, or not at all.
@pytest.mark.parametrize(
    ("n_features", "density", "batch_size"),
    [(20000, 0.0125, 64), (4000, 0.01, 128), (20000, 0.0025, 300)],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("solver", ["sgd", "adagrad"])
def test_nor_do_they_with_sparse_batches(
    n_threads, monkeypatch, solver, dtype, n_features, density, batch_size
):
    share = "skmlp._mini_batches.MiniBatchTraining.worth_sharing"
    monkeypatch.setattr(share, lambda training: True)
    rng = np.random.default_rng(0)
    X = random_array(
        (300, n_features), density=density, format="csr", dtype=dtype, random_state=0
    )
    mlp = MLPRegressorSDM(
        80, solver=solver, weight_decay=0, batch_size=batch_size, random_state=0
    )
    mlp.set_params(max_iter=2)
    assert_same_bits(n_threads, mlp, X, rng.normal(size=300).astype(dtype))


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_nor_do_they_where_cores_are_taken_meanwhile(n_threads, monkeypatch, solver):
    """The number of threads changes while training and predicting."""
    X, Y = problem(np.float64)
    mlp = MLPRegressorSDM(HIDDEN["small"], solver=solver, random_state=0, max_iter=5)
    used = []

    class Cores(SharedCores):
        def limit(self, n_threads):
            used.append(1 + len(used) % 3)
            return used[-1]

    for module in "_forward", "_lbfgs", "_mini_batches":
        monkeypatch.setattr(f"skmlp.{module}.shared_cores", Cores())
    assert_same_bits(n_threads, mlp, X, Y)
    assert set(used) == {1, 2, 3}


def test_threads_of_sparse_batches_are_judged_within_an_epoch(n_threads, monkeypatch):
    n_threads(2)
    slices = []

    class Cores(SharedCores):
        def timed(self, network, n_threads):
            slices.append(n_threads)
            return super().timed(network, n_threads)

    monkeypatch.setattr("skmlp._mini_batches.shared_cores", Cores())
    X = random_array((1280, 20_000), density=0.005, format="csr", random_state=0)
    y = X.sum(axis=1)
    mlp = MLPRegressorSDM(64, batch_size=32, max_iter=1, random_state=0)
    with pytest.warns(match="before it converged"):
        mlp.fit(X, y)
    assert slices == [2] * 5  # of 40 batches eight at a time


class Clocks:
    """Time that passes as a test says."""

    def __init__(self):
        self.wall = self.cpu = 0.0

    def perf_counter(self):
        return self.wall

    def thread_time(self):
        return self.cpu


@pytest.fixture
def clocks(monkeypatch):
    clocks = Clocks()
    monkeypatch.setattr(_threads, "time", clocks)
    return clocks


@pytest.fixture
def cores():
    return SharedCores()


@pytest.fixture
def work(clocks, cores):
    network = SimpleNamespace(n_threads=None)

    def work(n_times, share=1.0):
        """The threads used, where one runs for this share of the time."""
        used = []
        for _ in range(n_times):
            with cores.timed(network, 8):
                clocks.wall += 2 * _threads.WINDOW
                clocks.cpu += share * 2 * _threads.WINDOW
            used.append(network.n_threads)
        return used

    return work


def test_fewer_threads_while_other_programs_take_the_cores(clocks, cores, work):
    assert work(1000) == [8] * 1000
    assert work(4, 0.5) == [8, 4, 2, 1]
    assert work(10, 0.5) == [1] * 10
    for n in 2, 4, 8:
        clocks.wall += _threads.LONGEST_HOLD
        assert work(1) == [n]
    assert work(1000) == [8] * 1000
    # A try in vain is the longer away the more there were.
    waits = []
    for _ in range(8):
        assert work(1, 0.5) == [8]
        begin = clocks.wall
        while cores.limit(8) < 8:
            clocks.wall += 0.5
        waits.append(clocks.wall - begin)
    assert waits == pytest.approx([1, 2, 4, 8, 16, 16, 16, 16])


def test_threads_of_another_restart_are_not_those_that_are_judged(clocks, cores):
    network = SimpleNamespace(n_threads=None)
    with cores.timed(network, 8):
        network.n_threads = 1  # so the other one has set it
        clocks.wall += 2 * _threads.WINDOW
        clocks.cpu += _threads.WINDOW
    assert cores.limit(8) == 4


def test_a_share_of_the_time_as_beside_one_program_is_too_little(work):
    assert work(10, 0.9) == [8] * 10
    assert work(2, 0.7) == [8, 4]


def test_more_threads_are_tried_again_after_a_hold_and_not_before(clocks, work):
    hold = _threads.SHORTEST_HOLD
    assert work(1, 0.5) == [8]
    clocks.wall += 0.9 * hold
    assert work(1, 0.5) == [4]
    clocks.wall += 1.9 * hold
    assert work(1) == [2]
    clocks.wall += hold
    assert work(2) == [4, 4]
    clocks.wall += hold
    assert work(1) == [8]


def test_cores_for_fewer_threads_are_no_reason_to_try_more_sooner(clocks, work):
    for hold in 1, 2, 4, 8:
        assert work(1, 0.5) == [8]
        n_times = int(0.9 * hold / (2 * _threads.WINDOW))
        assert work(n_times) == [4] * n_times
        clocks.wall += hold


def test_threads_are_openmp_s_but_no_more_than_processors(monkeypatch):
    monkeypatch.setattr(_threads, "max_threads", lambda: 8)
    monkeypatch.setattr(_threads, "_cpu_count", lambda: 4)
    assert _threads.update_threads() == 4
    assert _threads.update_threads(2) == 2
    assert _threads.update_threads(5) == 1
    monkeypatch.setattr(_threads, "max_threads", lambda: 1)
    assert _threads.update_threads() == 1


def test_number_of_threads_is_that_of_openmp():
    if kernel.max_threads() == 1:
        pytest.skip("one processor, or built without OpenMP")
    with threadpoolctl.threadpool_limits(1, user_api="openmp"):
        assert kernel.max_threads() == 1
    assert kernel.max_threads() > 1


def predict_and_send(mlp, X, connection):
    blas = [
        library["num_threads"]
        for library in threadpoolctl.threadpool_info()
        if library["user_api"] == "blas"
    ]
    connection.send((blas, mlp.predict(X)))


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="no safe fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:training stopped")
def test_process_forked_while_other_threads_work_predicts():
    X, Y = problem(np.float64)
    mlp = MLPRegressorSDM(8, random_state=0, max_iter=1).fit(X, Y)
    before = predict_in_fork(mlp, X)
    with stop_when_done() as done:
        for _ in range(3):
            threading.Thread(target=predict_until, args=(done, mlp, X)).start()
        for _ in range(20):
            blas, predictions = predict_in_fork(mlp, X)
            assert blas == before[0]
            assert_array_equal(predictions, before[1])


def predict_until(done, mlp, X):
    while not done.is_set():
        mlp.predict(X[:10])


@contextmanager
def stop_when_done():
    done = threading.Event()
    try:
        yield done
    finally:
        done.set()


def predict_in_fork(mlp, X):
    """The numbers of BLAS threads in a forked process, and its predictions."""
    return sent_from_fork(predict_and_send, mlp, X)


def sent_from_fork(target, *args):
    """What a function sends through the connection that is its last argument."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(
        target=target, args=(*args, sender)
    )
    child.start()
    try:
        assert receiver.poll(60), "the forked process hangs"
        return receiver.recv()
    finally:
        child.kill()
        child.join()


def fit_and_send(X, Y, connection):
    mlp = MLPRegressorSDM(HIDDEN["small"], batch_size=300, random_state=0, max_iter=2)
    connection.send((_threads.update_threads(), mlp.fit(X, Y).coefs_[0]))


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
# Forking beside threads is what is tried; two epochs are enough to hang in.
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:training stopped")
def test_forked_process_trains_in_one_thread(n_threads, monkeypatch):
    X, Y = problem(np.float64)
    n_threads(2)
    here = MLPRegressorSDM(HIDDEN["small"], batch_size=300, random_state=0, max_iter=2)
    here.fit(X, Y)
    monkeypatch.setattr("skmlp._base.update_threads", _threads.update_threads)
    n, W = sent_from_fork(fit_and_send, X, Y)
    assert n == 1
    assert_array_equal(W, here.coefs_[0])
