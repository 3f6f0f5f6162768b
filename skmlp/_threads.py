"""How many threads share the work of a large update."""

import math
import os
import time
from contextlib import contextmanager
from functools import cache
from threading import RLock

from joblib import cpu_count

from skmlp._network.kernel import max_threads

_IMPORTED_IN = os.getpid()
_cpu_count = cache(cpu_count)

# Where other programs take cores, a thread that shares its work runs for less than
# TAKEN of the time, measured over WINDOW seconds: 0.95 and more without any, 0.7 beside
# one on two cores, 0.5 beside two.
WINDOW = 0.05
TAKEN = 0.8
# Seconds until more threads are tried again: twice as many after each try in vain, half
# as many after a window in which all threads had cores.
SHORTEST_HOLD, LONGEST_HOLD = 1.0, 16.0


def update_threads(n_trainings=1):
    """Threads for each of some trainings that run side by side.

    Together they are as many as OpenMP may have (OMP_NUM_THREADS, threadpoolctl, and
    the limit that joblib sets for its processes), but no more than there are
    processors. In a forked process it is one: GNU OpenMP hangs there if it had threads
    before the fork.
    """
    if os.getpid() != _IMPORTED_IN:
        return 1
    return max(1, min(max_threads(), _cpu_count()) // n_trainings)


class SharedCores:
    """How many threads are worth it while other programs take cores.

    Threads that share an update wait for the last of them, many times in each. Where
    that one has to wait for a core, all stand still: with another program on each of
    two cores, training took up to 20 times as long.

    Attributes
    ----------
    at_most : int or inf
        Threads that there were cores for.
    """

    def __init__(self):
        self.at_most = math.inf
        self.hold, self.held_until = SHORTEST_HOLD, 0.0
        self.wall = self.cpu = 0.0
        self.lock = RLock()

    @contextmanager
    def timed(self, network, n_threads):
        """Have a network work with so many threads, or fewer while cores are taken."""
        used = network.n_threads = min(n_threads, self.limit(n_threads))
        if used == 1:
            yield
            return
        wall, cpu = time.perf_counter(), time.thread_time()
        yield
        wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
        with self.lock:
            self.wall += wall
            self.cpu += cpu
            if self.wall >= WINDOW:
                self.judge(used, n_threads)

    def limit(self, n_threads):
        """The most threads at present; twice as many are tried after some time."""
        if n_threads == 1:  # without the lock, which a fork may have left taken
            return 1
        with self.lock:
            now = time.perf_counter()
            if self.at_most < n_threads and now >= self.held_until:
                self.at_most *= 2
                self.held_until = now + SHORTEST_HOLD
            return self.at_most

    def judge(self, n_threads, most):
        """Halve the number of threads if this one was kept waiting."""
        if self.cpu < TAKEN * self.wall:
            self.at_most = n_threads // 2
            self.held_until = time.perf_counter() + self.hold
            self.hold = min(2 * self.hold, LONGEST_HOLD)
        elif n_threads == most:
            self.hold = max(self.hold / 2, SHORTEST_HOLD)
        self.wall = self.cpu = 0.0


shared_cores = SharedCores()
