"""Peers as processes that train the same network in turn."""

import contextlib
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from cases import MOMENTUM, WEIGHT_DECAY, is_regression
from estimators import fit_skmlp
from make_environments import python_of
from peers import Problem

HERE = pathlib.Path(__file__).parent
PEERS = ["skmlp", "scikit-learn", "NumPy", "PyTorch", "JAX"]
ONE_CORE = " on one core"  # after a peer's name
RUN_SECONDS = 0.2
MAX_EPOCHS = 1000


def variables(n_cores):
    """Return the environment that tells every library how many threads to use."""
    names = ["OMP", "OPENBLAS", "MKL"]
    threads = {f"{name}_NUM_THREADS": str(n_cores) for name in names}
    flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return os.environ | threads | ({"XLA_FLAGS": flags} if n_cores == 1 else {})


class Worker:
    """A process in the peer's environment, or in this one if it has none."""

    def __init__(self, peer, n_cores, clock):
        module = peer.lower().replace("scikit-learn", "sklearn")
        python = python_of(module)
        self.clock = clock
        self.process = subprocess.Popen(
            [python if python.exists() else sys.executable, "-m", "peers", module]
            + [str(n_cores)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE,
            env=variables(n_cores),
        )

        self.version = json.loads(self.process.stdout.readline())

    def ask(self, **request):
        """Return the reply to a request."""
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def run(self, epochs, seed, weights=None):
        """Train, write the weights to a file, and return the milliseconds per epoch."""
        reply = self.ask(epochs=epochs, seed=seed, weights=weights)
        return 1e3 * reply[self.clock] / epochs

    def close(self):
        """End the process."""
        with self.process:
            self.process.stdin.close()


@contextlib.contextmanager
def started(peers, n_cores=1):
    """Give {peer: worker}, timed by CPU time on one core, by wall time on more."""
    clock = "cpu" if n_cores == 1 else "wall"
    with contextlib.ExitStack() as stack:
        workers = {}
        for peer in peers:
            one = peer.endswith(ONE_CORE)
            worker = Worker(peer.removesuffix(ONE_CORE), 1 if one else n_cores, clock)
            workers[peer] = stack.enter_context(contextlib.closing(worker))
        yield workers


def problem(case, X, y):
    """Return what all peers train, from the first weights that skmlp draws."""
    # A learning rate too small to change a weight: what comes back is the first ones.
    first, _ = fit_skmlp(case, X, y, max_iter=1, learning_rate_init=1e-20)
    if is_regression(y):
        loss, y = "squared", y.reshape(len(y), -1)
    elif len(first.classes_) == 2:
        loss, y = "binary", y.reshape(-1, 1).astype(X.dtype)
    else:
        loss = "softmax"
    settings = case.activation, case.batch_size, case.learning_rate
    start = first.coefs_, first.intercepts_
    return Problem(X, y, *start, loss, *settings, MOMENTUM, WEIGHT_DECAY)


def rounds(workers, task, epochs, repetitions):
    """Train in turn; yield {peer: (milliseconds per epoch, (W, b))} per repetition.

    The weights are those after the given epochs; where these are over too soon for the
    clock, more are timed.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, trained = (os.path.join(folder, name + ".npz") for name in "ab")
        task.save(given)
        timed = {}
        for peer, worker in workers.items():
            worker.ask(prepare=given)
            needed = math.ceil(1e3 * RUN_SECONDS / worker.run(epochs, 0))
            timed[peer] = min(needed, MAX_EPOCHS)
        for seed in range(repetitions):
            results = {}
            for peer, worker in workers.items():
                milliseconds = worker.run(epochs, seed, trained)
                if timed[peer] > epochs:
                    milliseconds = worker.run(timed[peer], seed)
                with np.load(trained) as file:
                    layers = range(len(task.W))
                    weights = tuple([file[f"{n}{k}"] for k in layers] for n in "Wb")
                results[peer] = milliseconds, weights
            yield results
