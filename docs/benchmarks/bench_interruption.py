"""How soon Ctrl-C is answered: seconds from SIGINT to the KeyboardInterrupt.

    python docs/benchmarks/bench_interruption.py

Each fit would take minutes; the signal arrives at a random time of it.
"""

import signal
import threading
import time

import numpy as np

from skmlp import MLPRegressorSDM

CASES = {
    "batch size 1, (100,)": {"batch_size": 1},
    "batch size 32, (100,)": {"batch_size": 32},
    "batch size 200, (1000, 1000)": {
        "hidden_layer_sizes": (1000, 1000),
        "batch_size": 200,
    },
    "full batch, (1000, 1000)": {
        "hidden_layer_sizes": (1000, 1000),
        "batch_size": "full",
    },
    "full batch, (1000, 1000), early stopping": {
        "hidden_layer_sizes": (1000, 1000),
        "batch_size": "full",
        "early_stopping": True,
        "validation_fraction": 0.9,
    },
}
TIMES = 10


def latency(parameters, X, delay):
    """Seconds from a signal, `delay` seconds into fit, to its answer."""
    mlp = MLPRegressorSDM(learning_rate_init=1e-6, max_iter=10**6, tol=0, **parameters)
    main_thread, sent = threading.get_ident(), []

    def send():
        sent.append(time.perf_counter())
        signal.pthread_kill(main_thread, signal.SIGINT)

    timer = threading.Timer(delay, send)
    timer.start()
    try:
        mlp.fit(X, X[:, 0])
    except KeyboardInterrupt:
        return time.perf_counter() - sent[0]
    raise RuntimeError("the fit ended before the signal")


def main():
    """Print a table of medians and maxima."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100_000, 50))
    print("| fit of 100,000 x 50 | median, s | longest, s |\n| --- | --- | --- |")
    for name, parameters in CASES.items():
        times = [
            latency(parameters, X, delay) for delay in rng.uniform(0.3, 1.5, TIMES)
        ]
        print(f"| {name} | {np.median(times):.3f} | {max(times):.3f} |", flush=True)


if __name__ == "__main__":
    main()
