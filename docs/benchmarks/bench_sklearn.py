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
are hot in cache, by the gemm that SciPy exports to compiled code. A call from Python
costs about a microsecond, so the same calls with an empty dimension, from which BLAS
returns at once, are timed in turn with the real ones, and the medians subtracted.
A floor smaller than what was subtracted is marked ``~``.
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

import itertools
import math
import os
import sys
import warnings

import numpy as np
import report
from cases import Case, allowed_difference, load, matching, objective
from estimators import fit_sklearn, fit_skmlp
from floor import epoch_products, time_floor
from report import FAILED, Report
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

FIT_SECONDS = 0.25
MAX_EPOCHS = 200
FLOOR_FACTOR = 1.3
ROUGH_FACTOR = 1.6
SINGLE_ROW_REPETITIONS = 5
SHUFFLES = 10


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


def parse(arguments):
    """Return the options, with the cases that their patterns select."""
    parser = report.parser(__doc__, 9)
    names = f"names or patterns of {', '.join(case.name for case in CASES)}"
    parser.add_argument("--cases", nargs="+", default=["*"], help=names)
    dtypes = ["float64", "float32"]
    parser.add_argument("--dtypes", nargs="+", default=dtypes, choices=dtypes)
    options = parser.parse_args(arguments)
    options.cases = matching(CASES, options.cases)
    if options.repetitions < 1:
        parser.error("there is nothing to run")
    return options


def main(arguments):
    """Run the cases, print the table as it grows, and return the exit code."""
    options = parse(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    note = (
        "losses: mean over shuffles of data loss + penalty over all training rows, "
        "after the\n  given number of epochs on both sides"
    )
    with threadpool_limits(1):
        results = Report(options.output, "Time per epoch: scikit-learn and skmlp", note)
        for case, dtype in itertools.product(options.cases, options.dtypes):
            results.row(run(case, dtype, options.repetitions))
    return results.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
