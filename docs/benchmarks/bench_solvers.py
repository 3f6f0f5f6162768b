"""Time per epoch of every solver, beside scikit-learn's "sgd", "adam" and "lbfgs".

The first table trains the digits, 64-100-10 relu, as bench_sklearn.py does (same first
weights, batch size, learning rate, objective and number of epochs; CPU time on one
core), with each solver of skmlp and the two of scikit-learn in turn, in every
repetition with the rows in another order. Medians over the repetitions; the ratio is
taken within each. Losses of both sides are compared as there.

The second table trains to the same tolerance with "lbfgs" on six small data sets, from
the same first weights: CPU time of ``fit``, number of iterations, and the objective
reached, computed from both models' weights by one function.

The exit code is 1 if "adam" is less far ahead of scikit-learn's "adam" than "sgd" of
its "sgd" (so that the quartiles do not overlap), if losses differ, or if "lbfgs" takes
longer or ends at a higher objective (by more than 1e-6 of it).
"""

import itertools
import os
import sys
import time
import warnings

import numpy as np
import report
from cases import Case, allowed_difference, is_regression, load, objective
from estimators import fit_sklearn, fit_skmlp
from report import FAILED, Report
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
    make_friedman1,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler, scale
from threadpoolctl import threadpool_limits

import skmlp

PEERS = ["sgd", "adam"]
SOLVERS = ["sgd", "nesterov", "adagrad", "rmsprop", "adadelta", "adam"]
LEARNING_RATES = {"adam": 0.002, "adagrad": 0.01, "rmsprop": 0.001, "adadelta": 1.0}
EPOCHS = {32: 20, 200: 60}
LBFGS_DECAY = 0.03
SMALL = {
    "iris": load_iris,
    "wine": load_wine,
    "breast cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": load_diabetes,
    "friedman1": lambda return_X_y: make_friedman1(300, random_state=0),
}


def settings(solver):
    """Return what selects a solver in both packages."""
    return {
        "solver": "sgd" if solver == "nesterov" else solver,
        "nesterovs_momentum": solver == "nesterov",
    }


def time_solvers(batch_size, dtype, repetitions):
    """Return the rows of the first table for one batch size and dtype."""
    epochs = EPOCHS[batch_size]
    cases = {
        solver: Case("digits", (100,), "relu", batch_size, rate, epochs)
        for solver in SOLVERS
        for rate in [LEARNING_RATES.get(solver, 0.01)]
    }
    X, y = load(cases["sgd"], dtype)
    frozen, _ = fit_skmlp(cases["sgd"], X, y, max_iter=1, learning_rate_init=1e-20)
    start = list(zip(frozen.coefs_, frozen.intercepts_, strict=True))
    times = {name: [] for name in itertools.product(("ours", "theirs"), SOLVERS)}
    losses = {name: [] for name in times}
    for seed in range(repetitions):
        order = np.random.default_rng(seed).permutation(len(X))
        data = X[order], y[order]
        for solver in SOLVERS:
            fits = {
                "ours": fit_skmlp(
                    cases[solver], *data, max_iter=epochs, **settings(solver)
                )
            }
            if solver in PEERS:
                fits["theirs"] = fit_sklearn(
                    cases[solver], *data, start, **settings(solver)
                )
            for side, (model, seconds) in fits.items():
                times[side, solver].append(1e3 * seconds)
                losses[side, solver].append(objective(model, "relu", X, y))
    return [row(solver, batch_size, dtype, times, losses) for solver in SOLVERS]


def row(solver, batch_size, dtype, times, losses):
    """Return a row of the first table."""
    ours, theirs = (np.array(times[side, solver]) for side in ("ours", "theirs"))
    cells = {
        "solver": solver,
        "batch": str(batch_size),
        "dtype": dtype,
        "skmlp ms/epoch": f"{np.median(ours):.3g}",
        "times sgd's": f"{np.median(ours / times['ours', 'sgd']):.2f}",
        "scikit-learn ms/epoch": "-",
        "ratio (quartiles)": "-",
        "losses agree": "-",
    }
    if len(theirs):
        q1, ratio, q3 = np.percentile(theirs / ours, [25, 50, 75])
        pair = losses["theirs", solver], losses["ours", solver]
        agree = abs(np.mean(pair[0]) - np.mean(pair[1])) <= allowed_difference(*pair)
        cells |= {
            "scikit-learn ms/epoch": f"{np.median(theirs):.3g}",
            "ratio (quartiles)": f"{ratio:.3g} ({q1:.3g} - {q3:.3g})",
            "losses agree": "yes" if agree else FAILED,
        }
        if solver == "adam":
            sgd = np.divide(times["theirs", "sgd"], times["ours", "sgd"])
            ahead = q3 >= np.percentile(sgd, 25)
            cells["ratio (quartiles)"] += "" if ahead else f" {FAILED}"
    return cells


def lbfgs_pair(name):
    """Return both estimators with the same first weights, and the data."""
    X, y = SMALL[name](return_X_y=True)
    X = StandardScaler().fit_transform(X)
    if name in ("diabetes", "friedman1"):
        ours, theirs, y = skmlp.MLPRegressorSDM, MLPRegressor, scale(y)
    else:
        ours, theirs = skmlp.MLPClassifierSDM, MLPClassifier
    shared = dict(
        hidden_layer_sizes=(10,), activation="logistic", solver="lbfgs", tol=1e-7
    )
    shared |= dict(warm_start=True, max_iter=1, random_state=0)
    ours = ours(**shared, weight_decay=LBFGS_DECAY).fit(X, y)
    theirs = theirs(**shared, alpha=LBFGS_DECAY * len(X)).fit(X, y)
    rng = np.random.default_rng(0)
    for a, b in zip(
        ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True
    ):
        a[:] = b[:] = rng.normal(scale=0.3, size=b.shape)
    return {"ours": ours, "theirs": theirs}, X, y


def time_lbfgs(name, repetitions):
    """Return the row of the second table for one data set."""
    times, reached = {"ours": [], "theirs": []}, {}
    for _ in range(repetitions):
        pair, X, y = lbfgs_pair(name)
        for side, model in pair.items():
            model.set_params(max_iter=10_000)
            begin = time.process_time()
            model.fit(X, y)
            times[side].append(1e3 * (time.process_time() - begin))
            value = objective(model, "logistic", X, y, LBFGS_DECAY)
            reached[side] = value, model.n_iter_
    ours, theirs = (np.array(times[side]) for side in ("ours", "theirs"))
    (value, n_iter), (their_value, their_n_iter) = reached["ours"], reached["theirs"]
    faster = np.median(ours / theirs) <= 1
    no_worse = value <= their_value * (1 + 1e-6)
    return {
        "data": f"{name}, {'x'.join(map(str, X.shape))}"
        + (", regression" if is_regression(y) else ""),
        "skmlp ms": f"{np.median(ours):.3g}",
        "scikit-learn ms": f"{np.median(theirs):.3g}",
        "skmlp / scikit-learn": f"{np.median(ours / theirs):.2f}"
        + ("" if faster else f" {FAILED}"),
        "iterations": f"{n_iter} / {their_n_iter}",
        "objective skmlp": f"{value:.9f}",
        "objective scikit-learn": f"{their_value:.9f}",
        "no higher": "yes" if no_worse else FAILED,
    }


def main(arguments):
    """Run all, print the tables, and return the exit code."""
    options = report.parser(__doc__, 11).parse_args(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with threadpool_limits(1):
        results = Report(options.output, "Time of every solver")
        for batch_size, dtype in itertools.product(EPOCHS, ("float64", "float32")):
            for cells in time_solvers(batch_size, dtype, options.repetitions):
                results.row(cells)
        results.section("lbfgs, to the same tolerance")
        for name in SMALL:
            results.row(time_lbfgs(name, options.repetitions))
    return results.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
