"""Time per epoch of skmlp and of what else can train the network, side by side.

    python docs/benchmarks/make_environments.py
    python docs/benchmarks/bench_peers.py [--cores 2]

Every peer is a process of its own, with libraries of its own (`peers/`). All train the
same network from the same first weights on the same data, with the same batches (the
short last one included), learning rate, classical momentum, and weight decay on weights
but not on biases, and shuffle in every epoch. In each repetition they take turns, so
that what else the machine does touches all. Only the training is timed: data and
weights are in place, and what is compiled has run. That is the CPU time on one core,
and the elapsed time on two; of skmlp and scikit-learn it is the time of `fit`, with its
checks of the input, for at least `RUN_SECONDS`. Times are medians, in milliseconds.

The floor is the least an epoch can take: at batch size 1, to read and write all weights
and velocities once per row, at the speed at which BLAS' rot does it in the cache where
they fit; else the matrix products alone (see `floor.py`). A peer with a better BLAS
than SciPy's can go below it.

The fastest peer's ratio is that of its time to ours, within a repetition: below 1 it is
faster than skmlp. The final losses are computed from the weights of all by one
function; each peer's mean must agree with ours to what the shuffles explain, as
`allowed_difference` says. The exit code is 1 if one does not.

With two cores, skmlp also runs on one, and the weights of the two must be equal in all
bits.
"""

import itertools
import os
import sys
import types
import warnings

import numpy as np
import report
from cases import Case, allowed_difference, load, matching, objective
from floor import time_epoch
from report import FAILED, Report
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits
from workers import ONE_CORE, PEERS, problem, rounds, started

ALONE = "skmlp" + ONE_CORE
CASES = [
    Case("digits", (100,), "tanh", 1, 0.0003, 1),
    Case("digits", (100,), "tanh", 32, 0.01, 10),
    Case("digits", (100,), "tanh", 200, 0.05, 20),
    Case("digits", (100,), "tanh", 1797, 0.1, 30),
    Case("20000x50", (50, 50), "relu", 1, 0.0002, 1, n_rows=4000),
    Case("20000x50", (50, 50), "relu", 32, 0.01, 2),
    Case("20000x50", (50, 50), "relu", 256, 0.05, 4),
    Case("10000x784", (256, 128), "relu", 1, 0.0002, 1, n_rows=2000),
    Case("10000x784", (256, 128), "relu", 32, 0.005, 2),
    Case("10000x784", (256, 128), "relu", 128, 0.02, 4),
    Case("10000x784", (256, 128), "relu", 1024, 0.1, 4),
    Case("5000x10", (32,), "tanh", 1, 0.0003, 1),
    Case("5000x10", (32,), "tanh", 32, 0.01, 10),
    Case("5000x10", (32,), "tanh", 5000, 0.1, 40),
    Case("5000x200", (1024, 1024), "relu", 256, 0.02, 4),
]
LARGE = [
    *matching(CASES, ["10000x784-128", "10000x784-1024", "5000x200-*"]),
    Case("wide", (200,), "tanh", 128, 0.005, 4),
]


def measure(case, dtype, workers, repetitions, with_floor):
    """Return {column: cell} for one case in one dtype."""
    X, y = load(case, dtype)
    task = problem(case, X, y)
    sizes = [len(W) for W in task.W] + [len(task.b[-1])]
    times, losses, floors, equal = {}, {}, [], True
    for results in rounds(workers, task, case.epochs, repetitions):
        for peer, (milliseconds, (W, b)) in results.items():
            model = types.SimpleNamespace(coefs_=W, intercepts_=b)
            loss = objective(model, case.activation, X, y)
            times.setdefault(peer, []).append(milliseconds)
            losses.setdefault(peer, []).append(loss)
        if ALONE in workers:
            pair = (itertools.chain(*results[name][1]) for name in ("skmlp", ALONE))
            equal &= all(map(np.array_equal, *pair))
        if with_floor:
            floors.append(1e3 * time_epoch(sizes, len(X), case.batch_size, dtype))
    return {
        "case": f"{case.data}, {len(X)} rows: "
        f"{'-'.join(map(str, sizes))} {case.activation}",
        "batch": case.batch_size,
        "dtype": dtype,
        **{peer: f"{np.median(values):.4g}" for peer, values in times.items()},
        **beside_floor(times, floors),
        **beside_one_core(times, equal),
        **beside_peers(times),
        **agreement(losses),
    }


def beside_floor(times, floors):
    """Return the cells on the floor, if it was measured."""
    if not floors:
        return {}
    ratio = np.median(np.divide(times["skmlp"], floors))
    return {"floor": f"{np.median(floors):.3g}", "skmlp / floor": f"{ratio:.2f}"}


def beside_one_core(times, equal):
    """Return the cells on what a second core brings, if it was measured."""
    if ALONE not in times:
        return {}
    gain = np.median(np.divide(times.pop(ALONE), times["skmlp"]))
    return {"gain": f"{gain:.2f}", "same bits": "yes" if equal else FAILED}


def beside_peers(times):
    """Return the cell on the fastest peer."""
    others = set(times) - {"skmlp"}
    ratios = {peer: np.divide(times[peer], times["skmlp"]) for peer in others}
    if not ratios:
        return {}
    best = min(ratios, key=lambda peer: np.median(ratios[peer]))
    q1, ratio, q3 = np.percentile(ratios[best], [25, 50, 75])
    cell = f"{best}: {ratio:.3g} ({q1:.3g} - {q3:.3g})"
    return {"fastest peer / skmlp (quartiles)": cell}


def agreement(losses):
    """Return the cells on the final losses."""
    ours = losses["skmlp"]
    other = [
        f"{peer} {np.mean(theirs):.5f}"
        for peer, theirs in losses.items()
        if abs(np.mean(theirs) - np.mean(ours)) > allowed_difference(theirs, ours)
    ]
    verdict = f"{FAILED}: {', '.join(other)}" if other else "yes"
    return {"loss skmlp": f"{np.mean(ours):.5f}", "losses agree": verdict}


def main(arguments):
    """Run the cases, print the table as it grows, and return the exit code."""
    parser = report.parser(__doc__, 5)
    parser.add_argument("--cores", type=int, default=1, help="default: 1")
    parser.add_argument("--cases", nargs="+", default=["*"], help="names or patterns")
    parser.add_argument("--peers", nargs="+", default=PEERS, choices=PEERS)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-options.cores :])
    alone = options.cores == 1
    cases = matching(CASES if alone else LARGE, options.cases)
    peers = options.peers if alone else [ALONE, *options.peers]
    title = f"Time per epoch: skmlp and its peers on {options.cores} core"
    with threadpool_limits(1), started(peers, options.cores) as workers:
        versions = dict.fromkeys(worker.version for worker in workers.values())
        note = f"peers: {', '.join(versions)}"
        results = Report(options.output, title + "s" * (not alone), note)
        for case, dtype in itertools.product(cases, ("float64", "float32")):
            results.row(measure(case, dtype, workers, options.repetitions, alone))
    return results.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
