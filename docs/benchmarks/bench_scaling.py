"""How the time per epoch grows with the rows, features, units, layers and batch size.

Each curve changes one property of the network and data in `BASE`; skmlp, scikit-learn
and JAX train it in turn on one core, as in `bench_peers.py`. The data are noise, which
costs as much as anything else. Times are medians, in milliseconds per epoch, float64.
"""

import os
import sys
import warnings
from typing import NamedTuple

import numpy as np
import report
from cases import Case
from report import Report
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
from workers import problem, rounds, started

PEERS = ["skmlp", "scikit-learn", "JAX"]


class Point(NamedTuple):
    rows: int = 4000
    features: int = 50
    units: int = 100
    layers: int = 1
    batch: int = 32


CURVES = {
    "rows": [500, 2000, 8000, 32000],
    "features": [5, 20, 80, 320, 1280],
    "units": [4, 16, 64, 256, 1024],
    "layers": [0, 1, 2, 4, 8],
    "batch": [1, 4, 16, 64, 256, 1024, 4000],
}


def measure(point, workers, repetitions):
    """Return the median milliseconds per epoch of each peer."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((point.rows, point.features))
    y = rng.integers(10, size=point.rows)
    hidden = (point.units,) * point.layers
    case = Case("noise", hidden, "relu", point.batch, 1e-3, 1)
    times = [
        [milliseconds for milliseconds, _ in results.values()]
        for results in rounds(workers, problem(case, X, y), 1, repetitions)
    ]
    return dict(zip(workers, np.median(times, axis=0), strict=True))


def main(arguments):
    """Measure all points and print the table as it grows."""
    parser = report.parser(__doc__, 3)
    parser.add_argument("--curves", nargs="+", default=list(CURVES), choices=CURVES)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with threadpool_limits(1), started(PEERS) as workers:
        note = f"where no other value is given: {Point()}".replace("Point", "")
        results = Report(options.output, "Time per epoch: how it grows", note)
        for curve in options.curves:
            for value in CURVES[curve]:
                times = measure(Point(**{curve: value}), workers, options.repetitions)
                cells = {peer: f"{time:.4g}" for peer, time in times.items()}
                results.row({"what grows": curve, "to": value} | cells)


if __name__ == "__main__":
    main(sys.argv[1:])
