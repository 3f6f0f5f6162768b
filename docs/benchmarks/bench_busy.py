"""Large updates by all threads beside other programs that keep cores busy.

Elapsed times of fit and predict with as many threads as there are cores, and with one,
in turn, while so many other programs do nothing but count. Threads wait for the slowest
of them; skmlp is to notice, and take fewer. It should never be much slower than with
one thread: at most 1.3 times.
"""

import contextlib
import os
import subprocess
import sys
import time
import warnings

import numpy as np
import report
from bench_peers import CASES
from cases import load
from report import FAILED, Report
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from skmlp import MLPClassifierSDM

LIMIT = 1.3
EPOCHS = 5


@contextlib.contextmanager
def busy(n_programs):
    """Keep so many other processes counting."""
    command = [sys.executable, "-c", "while True: pass"]
    programs = [subprocess.Popen(command) for _ in range(n_programs)]
    try:
        time.sleep(0.5)  # until they have started
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def seconds(call, n_threads):
    """Return the elapsed time of a call by so many threads at most."""
    with threadpool_limits(n_threads, user_api="openmp"):
        begin = time.perf_counter()
        call()
        return time.perf_counter() - begin


def calls():
    """Return {name: call} of a fit and a prediction that threads share."""
    (case,) = (c for c in CASES if c.name == "10000x784-128")
    X, y = load(case, "float32")
    mlp = MLPClassifierSDM(
        case.hidden, batch_size=case.batch_size, max_iter=EPOCHS, random_state=0
    )
    fitted = clone(mlp).set_params(max_iter=1).fit(X[:1000], y[:1000])
    many = np.tile(X, (5, 1))
    return {
        f"fit, {EPOCHS} epochs of {len(X):,} x {X.shape[1]}": lambda: mlp.fit(X, y),
        f"predict {len(many):,} rows": lambda: fitted.predict(many),
    }


def main(arguments):
    """Print the table as it grows, and return the exit code."""
    options = report.parser(__doc__, 5).parse_args(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    results = Report(options.output, "Beside other programs")
    n_cores = os.cpu_count()
    for n_programs in range(n_cores + 1):
        for name, call in calls().items():
            with busy(n_programs):
                turns = [
                    [1e3 * seconds(call, n) for n in (n_cores, 1)]
                    for _ in range(options.repetitions)
                ]
            all_threads, one = np.array(turns).T
            ratio = np.median(all_threads / one)
            results.row(
                {
                    "other programs": n_programs,
                    "call": name,
                    f"{n_cores} threads ms": f"{np.median(all_threads):.4g}",
                    "1 thread ms": f"{np.median(one):.4g}",
                    "ratio": f"{ratio:.2f}",
                    "met": "yes" if ratio <= LIMIT else FAILED,
                }
            )
    return results.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
