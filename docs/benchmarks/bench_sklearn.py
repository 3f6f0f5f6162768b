"""Time per epoch of scikit-learn's multi-layer perceptron and of skmlp, side by side.

Both train the same network from the same first weights on the same data, with the
same batch size, learning rate, classical momentum and objective (scikit-learn divides
``alpha`` by the batch size, so it gets ``alpha = weight_decay * batch_size``), shuffle
in every epoch and have one BLAS thread on one core.

A time is the CPU time of ``fit``, which other programs on the machine do not lengthen,
divided by the number of epochs, with the stopping rules switched off. What ``fit``
does once (validation, some milliseconds) must not count, so fits are long:
scikit-learn's has the case's number of epochs, and skmlp's as many more as it needs to
take ``FIT_SECONDS``. Every repetition runs scikit-learn, skmlp and the floor in turn;
ratios are taken within a repetition, medians and quartiles over the repetitions.

The floor is the time of an epoch's matrix products alone, on preallocated arrays that
are hot in cache, by the gemm that SciPy exports to compiled code, which is the one that
skmlp calls. A call from Python costs about a microsecond, so the same calls with an
empty dimension, from which BLAS returns at once, are timed in turn with the real ones,
and the medians subtracted. A floor smaller than what was subtracted is marked ``~``.
It comes from minima, which are steadier, and was still 1.0 to 1.6 times the time of a
compiled loop over the same calls, so it is divided by ``ROUGH_FACTOR`` before anything
counts as close to it.

A row is met if its median ratio reaches the case's target (DESIGN.md, section 4), or if
skmlp's time is within ``FLOOR_FACTOR`` times the floor; a case without a target cannot
miss it.

The final losses are computed from both models' weights by one function here: data loss
plus penalty over all training rows. Both sides train the case's number of epochs, every
time with the rows in another order but from the same first weights, so that a side's
losses differ by their shuffles only. Their means must agree within that noise: a t test
at ``P_VALUE``. Means closer than ``LOSS_TOLERANCE`` agree anyway: over many shuffles a
test would see that scikit-learn divides ``alpha`` by the rows of a short last batch.
The exit code is 1 if a target is missed or losses differ.
"""

import argparse
import ctypes
import datetime
import functools
import itertools
import math
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys
import time
import warnings
from fnmatch import fnmatch
from typing import NamedTuple

import numpy as np
import scipy
import sklearn
from scipy.linalg import cython_blas
from scipy.special import expit, logsumexp
from scipy.stats import t as student_t
from sklearn.datasets import load_digits, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info, threadpool_limits

import skmlp

WEIGHT_DECAY = 1e-4
MOMENTUM = 0.9
FIT_SECONDS = 0.25
MAX_EPOCHS = 200
FLOOR_SECONDS = 0.1
FLOOR_FACTOR = 1.3
ROUGH_FACTOR = 1.6
SINGLE_ROW_REPETITIONS = 5
SHUFFLES = 10
P_VALUE = 1e-3
LOSS_TOLERANCE = 5e-3
FAILED = "**no**"


class Case(NamedTuple):
    """One network on one data set, with the ratio to reach in each dtype."""

    data: str
    hidden: tuple
    activation: str
    batch_size: int
    learning_rate: float
    epochs: int
    float64: float | None = None
    float32: float | None = None

    @property
    def name(self):
        return f"{self.data}-{self.batch_size}"


CASES = [
    Case("digits", (100,), "relu", 1, 0.0003, 2, 42, 48),
    Case("digits", (100,), "relu", 32, 0.01, 20, 7, 10),
    Case("digits", (100,), "relu", 200, 0.05, 60, 3.2, 4.9),
    Case("20000x50", (50, 50), "relu", 1, 0.0002, 1, 48, 86),
    Case("20000x50", (50, 50), "relu", 32, 0.01, 2, 8, 13),
    Case("20000x50", (50, 50), "relu", 256, 0.05, 6, 3.3, 5.5),
    Case("5000x10", (32,), "tanh", 1, 0.0003, 2, 290, 700),
    Case("5000x10", (32,), "tanh", 32, 0.01, 10, 22, 40),
    Case("10000x784", (256, 128), "relu", 32, 0.005, 2, 2.6, 2.1),
    Case("10000x784", (256, 128), "relu", 128, 0.02, 2, 2.2, 2.5),
    Case("10000x784", (256, 128), "relu", 1024, 0.1, 3, 2.0, 1.8),
    Case("2000x200", (1024, 1024), "relu", 256, 0.02, 3, 1.8, 1.7),
    Case("wide", (200,), "tanh", 128, 0.005, 8),
]


def regression(n_rows, n_features, n_outputs, seed):
    """Outputs of a random tanh network, with noise of a tenth of their spread."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, n_features))
    hidden = np.tanh(X @ rng.standard_normal((n_features, 20)) / n_features**0.5)
    Y = StandardScaler().fit_transform(hidden @ rng.standard_normal((20, n_outputs)))
    Y += 0.1 * rng.standard_normal(Y.shape)
    return X, Y.ravel() if n_outputs == 1 else Y


def classification(n_rows, n_features, n_informative, n_classes, separation, seed):
    """Gaussian clusters, two for each class; a twentieth of the labels is random."""
    return make_classification(
        n_rows,
        n_features,
        n_informative=n_informative,
        n_redundant=n_features // 5,
        n_classes=n_classes,
        class_sep=separation,
        flip_y=0.05,
        random_state=seed,
    )


DATA = {
    "digits": functools.partial(load_digits, return_X_y=True),
    "20000x50": functools.partial(classification, 20000, 50, 10, 2, 1.0, 0),
    "5000x10": functools.partial(regression, 5000, 10, 1, 1),
    "10000x784": functools.partial(classification, 10000, 784, 20, 10, 2.0, 2),
    "2000x200": functools.partial(classification, 2000, 200, 40, 10, 2.0, 3),
    "wide": functools.partial(regression, 4000, 100, 50, 4),
}


def is_regression(y):
    """Tell values from labels."""
    return y.dtype.kind == "f"


def load(case, dtype):
    """Return standardised inputs and targets."""
    X, y = DATA[case.data]()
    X = StandardScaler().fit_transform(X).astype(dtype)
    return X, y.astype(dtype) if is_regression(y) else y


def starting_from(cls, start):
    """Return a model of scikit-learn's that starts from the given weights."""
    layers = iter(start)

    def first_weights(self, fan_in, fan_out, dtype):
        return [array.copy() for array in next(layers)]

    return type(cls.__name__, (cls,), {"_init_coef": first_weights})()


def fit_sklearn(case, X, y, start, **changes):
    """Return scikit-learn's fitted model and its seconds per epoch."""
    model = starting_from(MLPRegressor if is_regression(y) else MLPClassifier, start)
    alpha = WEIGHT_DECAY * case.batch_size
    return fit(model, case, X, y, max_iter=case.epochs, alpha=alpha, **changes)


def fit_skmlp(case, X, y, **changes):
    """Return our fitted model and its seconds per epoch."""
    cls = skmlp.MLPRegressorSDM if is_regression(y) else skmlp.MLPClassifierSDM
    return fit(cls(), case, X, y, weight_decay=WEIGHT_DECAY, **changes)


def fit(model, case, X, y, **changes):
    """Return the model, fitted for exactly max_iter epochs, and seconds per epoch."""
    shared = dict(
        hidden_layer_sizes=case.hidden,
        activation=case.activation,
        solver="sgd",
        batch_size=case.batch_size,
        learning_rate_init=case.learning_rate,
        momentum=MOMENTUM,
        nesterovs_momentum=False,
        random_state=0,
        tol=0,
        n_iter_no_change=10**6,
    )
    model.set_params(**shared | changes)
    begin = time.process_time()
    model.fit(X, y)
    seconds = time.process_time() - begin
    if model.n_iter_ != model.max_iter:
        raise RuntimeError(f"{model} stopped after {model.n_iter_} epochs")
    return model, seconds / model.max_iter


ACTIVATIONS = {
    "relu": functools.partial(np.maximum, 0),
    "tanh": np.tanh,
    "logistic": expit,
}


def objective(model, activation, X, y, weight_decay=WEIGHT_DECAY):
    """Return data loss + penalty in float64, the same formula for both sides."""
    z = X.astype(np.float64)
    for layer, (W, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        if layer > 0:
            z = ACTIVATIONS[activation](z)
        z = z @ W.astype(np.float64) + b
    if is_regression(y):
        losses = 0.5 * ((z - y.reshape(z.shape)) ** 2).sum(axis=1)
    elif z.shape[1] == 1:
        losses = np.logaddexp(0, z[:, 0]) - y * z[:, 0]
    else:
        losses = logsumexp(z, axis=1) - z[np.arange(len(y)), y]
    squares = sum((W.astype(np.float64) ** 2).sum() for W in model.coefs_)
    return losses.mean() + weight_decay / 2 * squares


def allowed_difference(theirs, ours):
    """Return how far apart the mean losses may be if only the shuffles differ."""
    df = len(theirs) + len(ours) - 2
    squares = sum(((a - np.mean(a)) ** 2).sum() for a in (theirs, ours))
    error = math.sqrt(squares / df * (1 / len(theirs) + 1 / len(ours)))
    noise = student_t.ppf(1 - P_VALUE / 2, df) * error
    return max(noise, LOSS_TOLERANCE * np.mean(theirs))


def blas_call(name, *values):
    """Return a BLAS function, pointers to its arguments, and the arguments."""
    capsule = cython_blas.__pyx_capi__[name]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    signature = api.PyCapsule_GetName(ctypes.py_object(capsule))
    address = api.PyCapsule_GetPointer(capsule, signature)
    # 64 bits serve a BLAS with 32-bit integers as well: the low half comes first.
    arrays = [np.asarray(v, "<i8" if isinstance(v, int) else None) for v in values]
    prototype = ctypes.PYFUNCTYPE(None, *[ctypes.c_void_p] * len(arrays))
    return prototype(address), [ctypes.c_void_p(a.ctypes.data) for a in arrays], arrays


def product(A, B, C, a_transposed, b_transposed, *, empty):
    """Return the call for C = A B; BLAS counts by columns, so it gets C' = B' A'."""
    kind = C.dtype.type
    rows, columns = C.shape
    inner = A.shape[0 if a_transposed else 1]
    return blas_call(
        "sgemm" if kind is np.float32 else "dgemm",
        *(b"T" if b_transposed else b"N", b"T" if a_transposed else b"N"),
        *(0 if empty else columns, rows, inner),
        *(kind(1), B, B.shape[1], A, A.shape[1], kind(0), C, columns),
    )


def update_products(sizes, rows, dtype):
    """Return the operands of all products of one mini-batch, in training's order."""
    rng = np.random.default_rng(0)

    def arrays(shapes):
        return [rng.standard_normal(s).astype(dtype) / s[1] ** 0.5 for s in shapes]

    shapes = list(itertools.pairwise(sizes))
    weights, gradients = arrays(shapes), arrays(shapes)
    h, deltas = (arrays([(rows, n) for n in sizes]) for _ in range(2))
    layers = range(len(weights))
    operands = [(h[k], weights[k], h[k + 1], False, False) for k in layers]
    for k in reversed(layers):
        operands.append((h[k], deltas[k + 1], gradients[k], True, False))
        if k > 0:
            operands.append((deltas[k + 1], weights[k], deltas[k], False, True))
    return operands


def epoch_products(sizes, n_rows, batch_size, dtype):
    """Return how often an epoch does each kind of update, and its products."""
    n_full, n_last = divmod(n_rows, batch_size)
    counts = [(n_full, batch_size)] + ([(1, n_last)] if n_last else [])
    return [(count, update_products(sizes, rows, dtype)) for count, rows in counts]


def seconds_of(calls):
    """Return the time that all the calls take."""
    begin = time.process_time()
    for function, pointers, _ in calls:
        function(*pointers)
    return time.process_time() - begin


def time_update(operands):
    """Return the seconds of an update's products, and of the bare calls from Python."""
    # gemm hands single rows on to gemv itself: calling gemv and ger gained nothing.
    real, empty = ([product(*o, empty=e) for o in operands] for e in (False, True))
    repeats = math.ceil(FLOOR_SECONDS / 100 / seconds_of(real))
    times = []
    while not times or np.sum(times) < FLOOR_SECONDS:
        times.append((seconds_of(real * repeats), seconds_of(empty * repeats)))
    both, bare = np.median(times, axis=0) / repeats
    if both < 2 * bare:
        both, bare = np.min(times, axis=0) / repeats
    return np.array([both - bare, bare])


def time_floor(products):
    """Return the same two times for an epoch."""
    return sum(count * time_update(operands) for count, operands in products)


def row(case, dtype, shape, times, losses):
    """Return the table's row as {column: cell}."""
    theirs, ours, floor, bare = 1e3 * np.transpose(times)
    rough = "~" if np.median(floor) < np.median(bare) else ""
    limit = FLOOR_FACTOR / ROUGH_FACTOR if rough else FLOOR_FACTOR
    q1, ratio, q3 = np.percentile(theirs / ours, [25, 50, 75])
    target = getattr(case, dtype)
    if target is not None and ratio >= target:
        met = "ratio"
    elif np.median(ours / floor) <= limit:
        met = "floor"
    else:
        met = "-" if target is None else FAILED
    n_rows, *sizes = shape
    network = f"{'-'.join(map(str, sizes))} {case.activation}"
    difference = abs(np.mean(losses[0]) - np.mean(losses[1]))
    allowed = allowed_difference(*losses)
    return {
        "case": f"{case.data}, {n_rows} rows: {network}",
        "batch": f"{case.batch_size}",
        "dtype": dtype,
        "scikit-learn ms/epoch": f"{np.median(theirs):.4g}",
        "skmlp ms/epoch": f"{np.median(ours):.4g}",
        "ratio (quartiles)": f"{ratio:.3g} ({q1:.3g} - {q3:.3g})",
        "target": "-" if target is None else f"{target:g}",
        "floor ms/epoch": f"{rough}{np.median(floor):.3g}",
        "skmlp / floor": f"{rough}{np.median(ours / floor):.2f}",
        "met by": met,
        "epochs": f"{case.epochs}",
        "loss scikit-learn": f"{np.mean(losses[0]):.5f}",
        "loss skmlp": f"{np.mean(losses[1]):.5f}",
        "may differ by": f"{allowed:.5f}",
        "losses agree": "yes" if difference <= allowed else FAILED,
    }


def run(case, dtype, repetitions):
    """Measure one case in one dtype; return its row."""
    X, y = load(case, dtype)
    # A learning rate too small to change a weight: what comes back is the first ones.
    frozen = dict(max_iter=case.epochs, learning_rate_init=1e-20)
    model, seconds = fit_skmlp(case, X, y, **frozen)
    start = list(zip(model.coefs_, model.intercepts_, strict=True))
    epochs = min(MAX_EPOCHS, max(case.epochs, math.ceil(FIT_SECONDS / seconds)))
    fit_sklearn(case, X[:2000], y[:2000], start)
    sizes = [len(W) for W, _ in start] + [len(start[-1][1])]
    products = epoch_products(sizes, len(X), case.batch_size, dtype)
    if case.batch_size == 1:
        repetitions = min(repetitions, SINGLE_ROW_REPETITIONS)
    times, losses = [], ([], [])
    for seed in range(max(repetitions, SHUFFLES)):
        order = np.random.default_rng(seed).permutation(len(X))
        data = X[order], y[order]
        if seed < repetitions:
            model, theirs = fit_sklearn(case, *data, start)
            losses[0].append(objective(model, case.activation, X, y))
            _, ours = fit_skmlp(case, *data, max_iter=epochs)
            times.append((theirs, ours, *time_floor(products)))
        model, _ = fit_skmlp(case, *data, max_iter=case.epochs)
        losses[1].append(objective(model, case.activation, X, y))
    return row(case, dtype, (len(X), *sizes), times, losses)


def processor():
    """Return the processor's model."""
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    model = re.search(r"model name\s*: (.+)", text)
    return model[1] if model else platform.processor() or "unknown processor"


def compiler():
    """Return the version of the C compiler that builds find here."""
    if shutil.which("cc") is None:
        return "unknown"
    done = subprocess.run(["cc", "--version"], capture_output=True, text=True)
    return done.stdout.partition("\n")[0]


def blas_of(package):
    """Return the name and version of the BLAS that a package was built with."""
    blas = package.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{blas['name']} {blas['version']}"


def preamble(command):
    """Return how the results came about, without naming the machine."""
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    kernels = sorted({pool.get("architecture", "unknown") for pool in pools})
    return f"""# Time per epoch: scikit-learn and skmlp

Made on {datetime.date.today()} by `{command}`.
How it measures, and what the columns mean, stands at the top of that script.

- Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__},
  scikit-learn {sklearn.__version__}, skmlp {skmlp.__version__}
- BLAS, with one thread: {blas_of(np)} in NumPy (scikit-learn's),
  {blas_of(scipy)} in SciPy (skmlp's and the floor's); kernels for {", ".join(kernels)}
- {processor()}, {os.cpu_count()} cores, of which one is used;
  {platform.system()} {platform.machine()}; C compiler: {compiler()}
- losses: mean over shuffles of data loss + penalty over all training rows, after the
  given number of epochs on both sides
"""


def parse(arguments):
    """Return the options, with the cases that their patterns select."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    text = f"default: 9; at batch size 1 at most {SINGLE_ROW_REPETITIONS}"
    parser.add_argument("--repetitions", type=int, default=9, help=text)
    names = f"names or patterns of {', '.join(case.name for case in CASES)}"
    parser.add_argument("--cases", nargs="+", default=["*"], help=names)
    dtypes = ["float64", "float32"]
    parser.add_argument("--dtypes", nargs="+", default=dtypes, choices=dtypes)
    parser.add_argument("--output", type=pathlib.Path, help="write the table here too")
    options = parser.parse_args(arguments)
    options.command = (
        f"python docs/benchmarks/bench_sklearn.py --repetitions {options.repetitions} "
        f"--cases {shlex.join(options.cases)} --dtypes {' '.join(options.dtypes)}"
    )
    chosen = [any(fnmatch(c.name, p) for p in options.cases) for c in CASES]
    options.cases = list(itertools.compress(CASES, chosen))
    if not options.cases or options.repetitions < 1:
        parser.error("there is nothing to run")
    return options


def main(arguments):
    """Run the cases, print the table as it grows, and return the exit code."""
    options = parse(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    lines, failed = [], False

    def emit(line):
        lines.append(line)
        print(line, flush=True)

    with threadpool_limits(1):
        emit(preamble(options.command))
        for case, dtype in itertools.product(options.cases, options.dtypes):
            cells = run(case, dtype, options.repetitions)
            if len(lines) == 1:
                emit(f"| {' | '.join(cells)} |")
                emit("|" + " --- |" * len(cells))
            emit(f"| {' | '.join(cells.values())} |")
            failed |= FAILED in cells.values()
    if options.output:
        options.output.write_text("\n".join(lines) + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
