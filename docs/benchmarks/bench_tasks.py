"""What users wait for besides long fits: imports, small fits, predictions, a search.

Imports are timed in fresh processes in turn, after `import sklearn` in each: `skmlp`
there, `sklearn.neural_network` here. Small fits and predictions are called in turn, and
timed by CPU time, on one core. The search is the example's, plot_digits_grid_search.py,
with scikit-learn's network given the same epochs at most, the same patience, and the
learning rate that skmlp chooses for these data by itself; its time is the elapsed time,
with what BLAS does by itself, and the workers' start included. Times are medians.

The exit code is 1 if a ratio is below its target.
"""

import subprocess
import sys
import time
import warnings
from functools import partial

import numpy as np
import report
from report import FAILED, Report
from scipy.sparse import csr_array
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler, scale
from threadpoolctl import threadpool_limits

from skmlp import MLPClassifierSDM, MLPRegressorSDM

IMPORT = """
import sklearn, time
begin = time.process_time()
import {}
print(time.process_time() - begin)
"""
SIZES = [(), (8,), (32,), (128,)]
LAMBDAS = [1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]
N_PREDICTED = 100_000
CLASSIFIERS = MLPClassifierSDM, MLPClassifier
REGRESSORS = MLPRegressorSDM, MLPRegressor


def import_time(module):
    """Return a function that gives the seconds of an import after scikit-learn's."""
    command = [sys.executable, "-P", "-c", IMPORT.format(module)]
    return lambda: float(subprocess.check_output(command))


def cpu_time(call, repeats=20):
    """Return a function that gives the CPU seconds of a call."""

    def seconds():
        begin = time.process_time()
        for _ in range(repeats):
            call()
        return (time.process_time() - begin) / repeats

    return seconds


def elapsed(call):
    """Return a function that gives the elapsed seconds of a call."""

    def seconds():
        begin = time.perf_counter()
        call()
        return time.perf_counter() - begin

    return seconds


def in_turn(pair, repetitions):
    """Return the seconds of ours and theirs, in pairs."""
    return np.array([[seconds() for seconds in pair] for _ in range(repetitions)])


def small_fits():
    """Return ours and theirs: one epoch on iris."""
    X, y = load_iris(return_X_y=True)
    shared = dict(batch_size=len(X), max_iter=1, random_state=0)
    ours = MLPClassifierSDM(**shared)
    theirs = MLPClassifier(solver="sgd", **shared)
    return [cpu_time(lambda mlp=mlp: mlp.fit(X, y)) for mlp in (ours, theirs)]


def predictions(
    n_rows,
    dtype,
    repeats,
    estimators=CLASSIFIERS,
    method="predict",
    container=np.asarray,
):
    """Return ours and theirs: a prediction of so many rows, of digits' form."""
    X, y = load_digits(return_X_y=True)
    X = scale(X).astype(dtype)
    networks = [estimator(max_iter=5).fit(X, y) for estimator in estimators]
    rows = container(np.resize(X, (n_rows, X.shape[1])))
    calls = [partial(getattr(mlp, method), rows) for mlp in networks]
    return [cpu_time(call, repeats) for call in calls]


def searches(n_jobs):
    """Return ours and theirs: the example's grid search."""
    X, y = load_digits(return_X_y=True)
    shared = dict(batch_size=32, max_iter=1000, random_state=0)
    ours = MLPClassifierSDM(**shared)
    rate = ours.fit(scale(X), y).history_["learning_rate"][0]
    theirs = MLPClassifier(
        **shared, solver="sgd", learning_rate_init=rate, nesterovs_momentum=False
    )
    alphas = [32 * weight_decay for weight_decay in LAMBDAS]
    grids = {"mlp__weight_decay": LAMBDAS}, {"mlp__alpha": alphas}
    calls = []
    for mlp, grid in zip((ours, theirs), grids, strict=True):
        pipeline = Pipeline([("scaler", StandardScaler()), ("mlp", mlp)])
        grid = {"mlp__hidden_layer_sizes": SIZES} | grid
        search = GridSearchCV(pipeline, grid, cv=5, n_jobs=n_jobs)
        calls.append(elapsed(lambda search=search: search.fit(X, y)))
    return calls


def cells(task, times, target):
    """Return {column: cell}; the target is a ratio, or for imports milliseconds."""
    ours, theirs = np.transpose(times) * 1e3
    q1, ratio, q3 = np.percentile(theirs / ours, [25, 50, 75])
    if target.endswith("ms"):
        met = np.median(ours) <= float(target[:-2])
    else:
        met = ratio >= float(target)
    return {
        "task": task,
        "skmlp ms": f"{np.median(ours):.3g}",
        "scikit-learn ms": f"{np.median(theirs):.3g}",
        "ratio (quartiles)": f"{ratio:.3g} ({q1:.3g} - {q3:.3g})",
        "target": target,
        "met": "yes" if met else FAILED,
    }


def main(arguments):
    """Run all and print the table as it grows."""
    parser = report.parser(__doc__, 21)
    parser.add_argument("--no-search", action="store_true", help="it takes minutes")
    options = parser.parse_args(arguments)
    n = options.repetitions
    for category in ConvergenceWarning, FutureWarning:
        warnings.simplefilter("ignore", category)
    results = Report(options.output, "Imports, small fits, predictions, a search")
    pair = import_time("skmlp"), import_time("sklearn.neural_network")
    results.row(cells("import, after scikit-learn", in_turn(pair, n), "30 ms"))
    with threadpool_limits(1):
        times = in_turn(small_fits(), n)
        results.row(cells("fit, iris, 1 epoch", times, "1"))
        for n_rows, repeats, repetitions in (1, 100, n), (N_PREDICTED, 1, min(n, 5)):
            for dtype in "float64", "float32":
                pair = predictions(n_rows, dtype, repeats)
                times = in_turn(pair, repetitions)
                task = f"predict, {n_rows:,} row{'s' * (n_rows > 1)}, {dtype}"
                results.row(cells(task, times, "1"))
        for task, *what in (
            ("predict_proba", CLASSIFIERS, "predict_proba"),
            ("the regressor's predict", REGRESSORS, "predict"),
            ("the same with CSR", REGRESSORS, "predict", csr_array),
        ):
            times = in_turn(predictions(1, "float64", 100, *what), n)
            results.row(cells(f"{task}, 1 row, float64", times, "1"))
    for n_jobs in () if options.no_search else (1, 2):
        times = in_turn(searches(n_jobs), 1)
        results.row(cells(f"grid search, n_jobs={n_jobs}", times, "8"))
    return results.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
