"""Memory of fit and predict above that of the data, by the figures of Linux.

    python docs/benchmarks/bench_memory.py

Each case runs in a process of its own, which makes the data and trains a little, so
that libraries and their buffers are there; then it gives freed memory back, sets the
peak of its resident memory back, makes the call and says how far the peak rose above
what was resident before. `tests/test_memory.py` runs the same cases, against bounds.
"""

import ctypes
import gc
import pathlib
import resource
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import report
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from skmlp import MLPClassifierSDM, MLPRegressorSDM

N_ROWS, N_FEATURES = 200_000, 100
N_FITS = 1000


def resident(field):
    """Return a figure of this process in MiB: VmRSS is now, VmHWM the peak."""
    status = pathlib.Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def trim():
    """Give freed memory back to the system, so that none of it serves a call unseen."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def risen(call):
    """Return what the call adds to the resident memory at its peak."""
    trim()
    before = resident("VmRSS")
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak is now
    result = call()
    rise = resident("VmHWM") - before
    del result
    return rise


def make_X(kind, n_rows=N_ROWS):
    if kind == "float32":
        return np.random.default_rng(0).random((n_rows, N_FEATURES), np.float32)
    if kind == "CSR":
        return sparse.random_array(
            (n_rows, N_FEATURES), density=0.1, format="csr", random_state=0
        )
    X = np.random.default_rng(0).random((n_rows, N_FEATURES))
    return np.asfortranarray(X) if kind == "float64, Fortran order" else X


def fit(kind, estimator, **parameters):
    """Memory that fit adds to that of X and y."""
    X = make_X(kind)
    y = np.arange(N_ROWS) % 10
    y = y if estimator is MLPClassifierSDM else y.astype(X.dtype)
    defaults = {"max_iter": 2, "learning_rate_init": 1e-4}
    mlp = estimator(**defaults | parameters)
    mlp.fit(X[:1000], y[:1000])
    return risen(lambda: mlp.fit(X, y))


def predict(method):
    """Memory that the prediction of a million rows adds to X and to its result."""
    X = make_X("float64", 1_000_000)
    mlp = MLPClassifierSDM(max_iter=1).fit(X[:1000], np.arange(1000) % 10)
    predict = getattr(mlp, method)
    result = predict(X[:5000])
    return risen(lambda: predict(X)) - result.nbytes * len(X) / 5000 / 2**20


def memory_mapped():
    """Memory of a fit on a mapped file, where half of its size may be allocated.

    Linux counts the pages of a mapped file in RLIMIT_AS, but not in RLIMIT_DATA.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "X.npy"
        X = np.lib.format.open_memmap(file, "w+", shape=(N_ROWS, N_FEATURES))
        X[:] = make_X("float64")
        n_bytes = X.nbytes
        del X
        X = np.load(file, mmap_mode="r")
        y = np.arange(N_ROWS) % 10
        mlp = MLPClassifierSDM(max_iter=2).fit(X[:1000], y[:1000])
        trim()
        allocated = resident("VmData") * 2**20
        limit = int(allocated + n_bytes / 2)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        before = resident("RssAnon")
        mlp.fit(X, y)
        return resident("RssAnon") - before


def many_fits():
    """What a thousand fits leave behind, after ten."""
    X = make_X("float64", 200)
    y = np.arange(200) % 10
    mlp = MLPClassifierSDM(max_iter=2, early_stopping=True)
    for _ in range(10):
        mlp.fit(X, y).predict(X)
    trim()
    before = resident("VmRSS")
    for _ in range(N_FITS):
        mlp.fit(X, y).predict(X)
    trim()
    return resident("VmRSS") - before


BOTH = {"classifier": MLPClassifierSDM, "regressor": MLPRegressorSDM}
FITS = {
    f"fit {name}, {kind}, batch size {batch_size}{', early stopping' * stopping}": (
        fit,
        (kind, estimator),
        {"batch_size": batch_size, "early_stopping": stopping},
    )
    for name, estimator in BOTH.items()
    for kind, batch_size, stopping in [
        ("float64", 1, False),
        ("float64", 200, False),
        ("float64", "full", False),
        ("float64", "full", True),
        ("float64, Fortran order", 200, False),
        ("float32", "full", False),
        ("CSR", 200, True),
    ]
}
PREDICTIONS = {
    f"{method}, 1,000,000 rows, above its output": (predict, (method,), {})
    for method in ("predict", "predict_proba")
}
MAPPED = "fit classifier, memory-mapped float64"
LEFT_BEHIND = f"left behind by {N_FITS} fits and predictions"
CASES = {
    **FITS,
    **PREDICTIONS,
    MAPPED: (memory_mapped, (), {}),
    LEFT_BEHIND: (many_fits, (), {}),
}


def run(name):
    """MiB of a case, in this process."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    function, arguments, keywords = CASES[name]
    return function(*arguments, **keywords)


def measure(name):
    """MiB of a case, in a process of its own."""
    command = [sys.executable, __file__, "--case", name]
    return float(subprocess.check_output(command, text=True))


def main(arguments):
    """Print a table as it grows, or the figure of the one case that is named."""
    parser = report.parser(__doc__, 1)
    parser.add_argument("--case", choices=CASES)
    options = parser.parse_args(arguments)
    if options.case:
        print(run(options.case))
        return
    results = report.Report(options.output, "Memory")
    for name in CASES:
        cells = {f"{N_ROWS:,} x {N_FEATURES}": name, "MiB": f"{measure(name):.1f}"}
        results.row(cells)


if __name__ == "__main__":
    main(sys.argv[1:])
