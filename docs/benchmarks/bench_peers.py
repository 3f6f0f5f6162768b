"""Time per epoch of skmlp and its peers, beside the least that an epoch can take."""

import argparse
import itertools
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import warnings
from fnmatch import fnmatch

import numpy as np
from cases import (
    MOMENTUM,
    WEIGHT_DECAY,
    Case,
    allowed_difference,
    is_regression,
    load,
    objective,
)
from estimators import fit_skmlp
from floor import time_epoch
from peers import Problem
from report import FAILED
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

HERE = pathlib.Path(__file__).parent
ENVIRONMENTS = HERE / ".environments"
PEERS = {  # with the environment of each; None is the one that runs this
    "skmlp": None,
    "sklearn": None,
    "numpy": None,
    "pytorch": "pytorch",
    "jax": "jax",
}
RUN_SECONDS = 0.2
MAX_EPOCHS = 1000

CASES = [
    Case("digits", (100,), "tanh", 1, 0.0003, 2),
    Case("digits", (100,), "tanh", 32, 0.01, 10),
    Case("digits", (100,), "tanh", 200, 0.05, 20),
    Case("digits", (100,), "tanh", 1797, 0.1, 30),
    Case("20000x50", (50, 50), "relu", 1, 0.0002, 1, n_rows=4000),
    Case("20000x50", (50, 50), "relu", 32, 0.01, 2),
    Case("20000x50", (50, 50), "relu", 256, 0.05, 4),
    Case("10000x784", (256, 128), "relu", 1, 0.0002, 1, n_rows=2000),
    Case("10000x784", (256, 128), "relu", 32, 0.005, 1),
    Case("10000x784", (256, 128), "relu", 128, 0.02, 1),
    Case("10000x784", (256, 128), "relu", 1024, 0.1, 2),
    Case("5000x10", (32,), "tanh", 1, 0.0003, 1),
    Case("5000x10", (32,), "tanh", 32, 0.01, 10),
    Case("5000x10", (32,), "tanh", 5000, 0.1, 40),
    Case("5000x200", (1024, 1024), "relu", 256, 0.02, 1),
]


def environment(n_cores):
    """Return the variables that tell every library how many threads to use."""
    names = ["OMP", "OPENBLAS", "MKL"]
    flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return (
        os.environ
        | {f"{name}_NUM_THREADS": str(n_cores) for name in names}
        | ({"XLA_FLAGS": flags} if n_cores == 1 else {})
    )


class Worker:
    """A peer in a process of its own."""

    def __init__(self, name, n_cores):
        folder = PEERS[name]
        python = ENVIRONMENTS / folder / "bin/python" if folder else sys.executable
        self.clock = "cpu" if n_cores == 1 else "wall"
        self.process = subprocess.Popen(
            [python, "-m", "peers", name, str(n_cores)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE,
            env=environment(n_cores),
        )

    def ask(self, **request):
        """Send a request and wait for the reply."""
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def run(self, epochs, seed, **request):
        """Return the milliseconds per epoch."""
        reply = self.ask(epochs=epochs, seed=seed, **request)
        return 1e3 * reply[self.clock] / epochs

    def close(self):
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def problem(case, dtype):
    """Return what all peers train, from the first weights that skmlp draws."""
    X, y = load(case, dtype)
    # A learning rate too small to change a weight: what comes back is the first ones.
    first, _ = fit_skmlp(case, X, y, max_iter=1, learning_rate_init=1e-20)
    if is_regression(y):
        loss, targets = "squared", y.reshape(len(y), -1)
    elif len(first.classes_) == 2:
        loss, targets = "binary", y.reshape(-1, 1).astype(dtype)
    else:
        loss, targets = "softmax", y
    settings = case.activation, case.batch_size, case.learning_rate
    start = first.coefs_, first.intercepts_
    return Problem(X, targets, *start, loss, *settings, MOMENTUM, WEIGHT_DECAY), y


def final_loss(file, case, X, y):
    """Return the objective that the weights in a file reach."""
    with np.load(file) as stored:
        layers = range(len(stored.files) // 2)
        W, b = ([stored[f"{name}{k}"] for k in layers] for name in "Wb")
    return objective(
        types.SimpleNamespace(coefs_=W, intercepts_=b), case.activation, X, y
    )


def measure(case, dtype, workers, repetitions):
    """Return the times and final losses of each peer, {name: list}, and the floors."""
    task, y = problem(case, dtype)
    sizes = [len(W) for W in task.W] + [len(task.b[-1])]
    times, losses = {name: [] for name in workers}, {name: [] for name in workers}
    epochs, floors = {}, []
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "problem.npz")
        task.save(file)
        for name, worker in workers.items():
            worker.ask(prepare=file)
            milliseconds = worker.run(case.epochs, 0)
            needed = math.ceil(1e3 * RUN_SECONDS / milliseconds)
            epochs[name] = min(needed, MAX_EPOCHS)
        for seed in range(repetitions):
            for name, worker in workers.items():
                file = os.path.join(folder, "weights.npz")
                time = worker.run(case.epochs, seed, weights=file)
                losses[name].append(final_loss(file, case, task.X, y))
                if epochs[name] > case.epochs:
                    time = worker.run(epochs[name], seed)
                times[name].append(time)
            floors.append(1e3 * time_epoch(sizes, len(y), case.batch_size, dtype))
    return times, losses, floors, len(y), sizes


def row(case, dtype, measured):
    """Return the table's row as {column: cell}."""
    times, losses, floors, n_rows, sizes = measured
    cells = {
        "case": f"{case.data}, {n_rows} rows: "
        f"{'-'.join(map(str, sizes))} {case.activation}",
        "batch": str(case.batch_size),
        "dtype": dtype,
        "floor": f"{np.median(floors):.3g}",
    }
    cells |= {name: f"{np.median(t):.4g}" for name, t in times.items()}
    ours = np.array(times["skmlp"])
    cells["skmlp / floor"] = f"{np.median(ours / floors):.2f}"
    others = {
        n: np.median(np.array(t) / ours) for n, t in times.items() if n != "skmlp"
    }
    best = min(others, key=others.get)
    q1, _, q3 = np.percentile(np.array(times[best]) / ours, [25, 50, 75])
    cells["fastest peer / skmlp (quartiles)"] = (
        f"{best} {others[best]:.2f} ({q1:.2f} - {q3:.2f})"
    )
    differing = [
        f"{name} {np.mean(ls):.5f} != {np.mean(losses['skmlp']):.5f}"
        for name, ls in losses.items()
        if abs(np.mean(ls) - np.mean(losses["skmlp"]))
        > allowed_difference(ls, losses["skmlp"])
    ]
    cells["loss"] = f"{np.mean(losses['skmlp']):.5f}"
    cells["losses agree"] = f"{FAILED}: {', '.join(differing)}" if differing else "yes"
    return cells


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--cases", nargs="+", default=["*"])
    parser.add_argument("--peers", nargs="+", default=list(PEERS))
    parser.add_argument("--dtypes", nargs="+", default=["float64", "float32"])
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", ConvergenceWarning)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-options.cores :])
    workers = {name: Worker(name, options.cores) for name in options.peers}
    lines = []
    chosen = [c for c in CASES if any(fnmatch(c.name, p) for p in options.cases)]
    with threadpool_limits(1):
        for case, dtype in itertools.product(chosen, options.dtypes):
            cells = row(case, dtype, measure(case, dtype, workers, options.repetitions))
            if not lines:
                lines += [f"| {' | '.join(cells)} |", "|" + " --- |" * len(cells)]
                print(*lines, sep="\n")
            lines.append(f"| {' | '.join(cells.values())} |")
            print(lines[-1], flush=True)
            if options.output:
                options.output.write_text("\n".join(lines) + "\n")
    for worker in workers.values():
        worker.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
