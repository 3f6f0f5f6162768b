"""Fail if skmlp has lost ground to scikit-learn since the results were committed.

    python docs/benchmarks/guard.py

Measures some cases of `bench_sklearn.py` again, on any machine, with the skmlp that
this Python imports. The times of two machines do not compare, but how many times faster
skmlp is than scikit-learn in the same run does roughly: a ratio below `SHARE` of the
committed one fails. Takes less than two minutes.
"""

import os
import pathlib
import sys
import warnings

import bench_sklearn
from cases import matching
from report import read_tables
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

SHARE = 0.7
REPETITIONS = 3
PATTERNS = ["digits-*", "20000x50-32", "5000x10-*", "10000x784-32"]
RESULTS = pathlib.Path(__file__).parent / "results" / "sklearn.md"
RATIO = "ratio (quartiles)"


def main():
    """Print each ratio beside the committed one, and return the exit code."""
    committed = {
        (row["case"], row["batch"], row["dtype"]): float(row[RATIO].split()[0])
        for row in read_tables(RESULTS)
    }
    warnings.simplefilter("ignore", ConvergenceWarning)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    slower = False
    with threadpool_limits(1):
        for case in matching(bench_sklearn.CASES, PATTERNS):
            for dtype in "float64", "float32":
                row = bench_sklearn.run(case, dtype, REPETITIONS)
                key = row["case"], row["batch"], row["dtype"]
                ratio, before = float(row[RATIO].split()[0]), committed[key]
                lost = ratio < SHARE * before
                slower |= lost
                verdict = "LOST" if lost else "ok"
                print(f"{verdict:4} {ratio:6.3g} was {before:6.3g}", *key, flush=True)
    return int(slower)


if __name__ == "__main__":
    sys.exit(main())
