"""Time per epoch with the vectors of older processors, beside those of this one.

The passes over weights at batch size 1, the matrix products of small batches, and sums
along rows and columns are written out for each level of the processor (`levels.h`).
Each case is fitted with the code for every level in turn, on one core; medians of CPU
time, in milliseconds, and how many times as long as with what skmlp chooses for this
processor, within a repetition: the longest vectors, or shorter ones for some products
if the processor works through the longest in halves. What compilers vectorise by
themselves (activations, other updates) stays at the level of the processor; an older
one is slower there too.

The exit code is 1 if code takes longer than its vectors are shorter (and twice that
where a product and a sum are two instructions): then the compiler has made something
else of it.
"""

import os
import sys
import warnings

import numpy as np
import report
from bench_peers import CASES
from cases import load, matching
from estimators import fit_skmlp
from report import FAILED, Report
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from skmlp._network import kernel

VECTORS = {4: "AVX-512", 3: "AVX2", 1: "16 bytes"}
BYTES = {4: 64, 3: 32, 1: 16}
UNFUSED = 2
RUN_SECONDS = 0.1


def measure(case, dtype, levels, repetitions):
    """Return {column: cell} for one case in one dtype."""
    X, y = load(case, dtype)
    times = {level: [] for level in [None, *levels]}
    epochs = 1 + int(RUN_SECONDS / fit_skmlp(case, X, y, max_iter=2)[1])
    for _ in range(repetitions):
        for level in times:
            kernel.use_level(level)
            times[level].append(1e3 * fit_skmlp(case, X, y, max_iter=epochs)[1])
    longest = levels[0]
    cells = {"ms/epoch": f"{np.median(times[None]):.3g}"}
    for level in levels:
        ratio = np.median(np.divide(times[level], times[None]))
        limit = BYTES[longest] / BYTES[level] * (UNFUSED if level == 1 else 1)
        met = level == longest or ratio <= limit
        cells[VECTORS[level]] = f"{ratio:.2f}" + ("" if met else f" {FAILED}")
    return cells


def main(arguments):
    """Run the cases, print the table as it grows, and return the exit code."""
    parser = report.parser(__doc__, 7)
    parser.add_argument("--cases", nargs="+", default=["*-1", "*-32"])
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    levels = sorted(set(kernel.levels()) & set(VECTORS), reverse=True)
    with threadpool_limits(1):
        results = Report(options.output, "Time with shorter vectors")
        for case in matching(CASES, options.cases):
            for dtype in "float64", "float32":
                row = {"data": case.data, "batch": case.batch_size, "dtype": dtype}
                results.row(row | measure(case, dtype, levels, options.repetitions))
    return results.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
