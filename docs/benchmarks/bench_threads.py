"""Throughput of fits in two threads, relative to one thread, and of predictions in 8.

    python docs/benchmarks/bench_threads.py

Each thread fits networks of its own, one after the other. The threads' fits and the
same number of fits in one thread run in turn, each first in every second turn, and
ratios are taken within a turn, so that other work on the machine touches both. A ratio
of 2 is the most that two cores can give; two processes that do nothing but count show
what they give at present.
"""

import multiprocessing
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from skmlp import MLPClassifierSDM

CASES = [("float64", 1), ("float64", 32), ("float32", 1), ("float32", 32)]
N_FITS = 4
TURNS = 15


def seconds(work, n_threads, n_times):
    """Time that `n_times` calls of `work` take in so many threads."""
    with ThreadPoolExecutor(n_threads) as pool:
        start = time.perf_counter()
        list(pool.map(lambda _: work(), range(n_times)))
        return time.perf_counter() - start


def speedups(work, n_threads=2, n_times=N_FITS):
    """How many times the throughput of one thread, in each turn."""
    seconds(work, n_threads, n_threads)
    ratios = []
    for turn in range(TURNS):
        order = (1, n_threads) if turn % 2 else (n_threads, 1)
        times = {n: seconds(work, n, n_times) for n in order}
        ratios.append(times[1] / times[n_threads])
    return ratios


def count(_=None):
    """Keep a core busy without memory."""
    for _ in range(10**7):
        pass


def counting_processes():
    """The same ratio for two processes that share nothing."""
    ratios = []
    with multiprocessing.Pool(2) as pool:
        for _ in range(TURNS):
            start = time.perf_counter()
            pool.map(count, range(1))
            one = time.perf_counter() - start
            pool.map(count, range(2), chunksize=1)
            ratios.append(2 * one / (time.perf_counter() - start - one))
    return ratios


def report(name, ratios):
    low, median, high = np.quantile(ratios, [0.25, 0.5, 0.75])
    print(f"| {name} | {median:.2f} | {low:.2f} to {high:.2f} |", flush=True)


def main():
    """Print a table of medians and quartiles."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    print("| work | ratio | quartiles |\n| --- | --- | --- |")
    report("counting, 2 processes", counting_processes())
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20_000, 50))
    y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
    for dtype, batch_size in CASES:
        mlp = MLPClassifierSDM(
            (50, 50),
            batch_size=batch_size,
            learning_rate_init=1e-4,
            max_iter=1 if batch_size == 1 else 4,
            random_state=0,
        )
        rows = X.astype(dtype)
        name = f"fit, 2 threads, batch size {batch_size}, {dtype}"
        report(name, speedups(lambda m=mlp, x=rows: clone(m).fit(x, y)))
    mlp = MLPClassifierSDM((50, 50), max_iter=1, random_state=0).fit(X, y)
    report("predict, 8 threads, 20,000 rows", speedups(lambda: mlp.predict(X), 8, 64))
    one = X[:1]
    report("predict, 8 threads, 1 row", speedups(lambda: mlp.predict(one), 8, 800))


if __name__ == "__main__":
    main()
