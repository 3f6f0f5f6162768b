"""Sparse data with many columns, and data that are larger than memory has to be.

Sparse: 10,000 x 50,000 with 80 non-zeros per row, in CSR, as of words in texts; network
(100,), batches of 32, momentum and weight decay. The times are CPU times on one core
and elapsed times on two, of the epochs after the first, so that the first weights do
not count. scikit-learn's cost follows the columns, so it gets only a few of the rows;
its time is scaled. The cost is skmlp's time relative to that with 5,000 columns and as
many non-zeros.

Mapped: 2,000,000 x 50 float32 in a file, in memory (`numpy.load`) or mapped into it
(`mmap_mode="r"`), where the pages of the file are in the system's cache already. The
times are elapsed times of one epoch and of `predict`, in turn. What is added to memory
is the highest of the process' own, without pages of the file.
"""

import contextlib
import functools
import os
import pathlib
import sys
import tempfile
import threading
import time
import warnings

import numpy as np
import report
from bench_memory import resident, trim
from report import Report
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from skmlp import MLPClassifierSDM

N_ROWS, N_NONZERO = 10_000, 80
N_COLUMNS = 5_000, 50_000
THEIR_ROWS = 320
SETTINGS = dict(
    hidden_layer_sizes=(100,),
    solver="sgd",
    batch_size=32,
    learning_rate_init=0.01,
    momentum=0.9,
    nesterovs_momentum=False,
    random_state=0,
)
LARGE = 2_000_000, 50


def texts(n_columns, dtype):
    """Return sparse rows with as many non-zeros each, and two classes."""
    rng = np.random.default_rng(0)
    # One column in each stretch of columns: no row names one twice.
    width = n_columns // N_NONZERO
    columns = rng.integers(width, size=(N_ROWS, N_NONZERO))
    columns += width * np.arange(N_NONZERO)
    indptr = np.arange(0, columns.size + 1, N_NONZERO)
    values = rng.random(columns.size, dtype)
    shape = N_ROWS, n_columns
    X = csr_array((values, columns.ravel(), indptr), shape=shape)
    return X, (columns[:, 0] < width // 2).astype(int)


@contextlib.contextmanager
def running_on(n_cores):
    """Give this process and its threads so many cores; yield the clock that counts."""
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_cores)[-n_cores:])
    with threadpool_limits(n_cores):
        yield time.process_time if n_cores == 1 else time.perf_counter
    os.sched_setaffinity(0, all_cores)


def seconds(clock, mlp, X, y, epochs):
    """Return the time per epoch after the first, which bears what fit does once."""
    mlp.set_params(tol=0, n_iter_no_change=10**6)
    times = []
    for n in 1, 1 + epochs:
        begin = clock()
        mlp.set_params(max_iter=n).fit(X, y)
        times.append(clock() - begin)
    return (times[1] - times[0]) / epochs


def sparse(n_cores, dtype, repetitions):
    """Yield the row of each sparse matrix; they take turns."""
    data = {n_columns: texts(n_columns, dtype) for n_columns in N_COLUMNS}
    few = slice(THEIR_ROWS)
    turns = []
    with running_on(n_cores) as clock:
        for _ in range(repetitions):
            turns.append([])
            for X, y in data.values():
                mlp = MLPClassifierSDM(**SETTINGS, weight_decay=1e-4)
                ours = seconds(clock, mlp, X, y, 3)
                mlp = MLPClassifier(**SETTINGS, alpha=1e-4 * SETTINGS["batch_size"])
                theirs = seconds(clock, mlp, X[few], y[few], 2)
                turns[-1].append((ours, theirs * N_ROWS / THEIR_ROWS))
    times = np.array(turns) * 1e3
    for i, n_columns in enumerate(N_COLUMNS):
        ours, theirs = times[:, i].T
        yield {
            "columns": f"{n_columns:,}",
            "cores": n_cores,
            "dtype": dtype,
            "skmlp ms/epoch": f"{np.median(ours):.4g}",
            "scikit-learn ms/epoch": f"{np.median(theirs):.4g}",
            "ratio": f"{np.median(theirs / ours):.3g}",
            "cost": f"{np.median(ours / times[:, 0, 0]):.2f}",
        }


def measured(call):
    """Return the elapsed seconds of a call, and what it adds to memory in MiB."""
    trim()  # else it would be given what earlier calls had
    before, peak, over = resident("RssAnon"), 0, threading.Event()

    def watch():
        nonlocal peak
        while not over.wait(0.002):
            peak = max(peak, resident("RssAnon"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = time.perf_counter()
    call()
    elapsed = time.perf_counter() - begin
    over.set()
    watcher.join()
    return elapsed, max(peak - before, 0)


def mapped(folder, repetitions, n_rows):
    """Yield a row for each call."""
    file = pathlib.Path(folder) / "X.npy"
    rng = np.random.default_rng(0)
    np.save(file, rng.standard_normal((n_rows, LARGE[1]), np.float32))
    data = {"memory": np.load(file), "mapped": np.load(file, mmap_mode="r")}
    y = (data["memory"][:, :5].sum(axis=1) > 0).astype(int)
    mlp = MLPClassifierSDM(**SETTINGS | {"batch_size": 200}, max_iter=1)
    mlp.fit(data["mapped"], y)
    for name, call in (
        ("fit, 1 epoch", lambda X: mlp.fit(X, y)),
        ("predict", mlp.predict),
    ):
        turns = [
            [measured(functools.partial(call, X)) for X in data.values()]
            for _ in range(repetitions)
        ]
        times = np.array(turns)
        (memory, _), (file_s, added) = np.median(times, axis=0)
        ratio = np.median(times[:, 1, 0] / times[:, 0, 0])
        yield {
            "call": name,
            "in memory s": f"{memory:.3g}",
            "mapped s": f"{file_s:.3g}",
            "mapped / in memory": f"{ratio:.2f}",
            "added to memory, mapped, MiB": f"{added:.1f}",
        }


def main(arguments):
    """Print both tables as they grow."""
    parser = report.parser(__doc__, 5)
    parser.add_argument("--rows", type=int, default=LARGE[0], help="of the mapped data")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    results = Report(options.output, "Sparse and large data")
    results.section("Sparse data")
    for n_cores in 2, 1:  # skmlp counts the processors once
        for dtype in "float64", "float32":
            for row in sparse(n_cores, dtype, options.repetitions):
                results.row(row)
    results.section("Memory-mapped data")
    with running_on(1), tempfile.TemporaryDirectory() as folder:
        for row in mapped(folder, options.repetitions, options.rows):
            results.row(row)


if __name__ == "__main__":
    main(sys.argv[1:])
