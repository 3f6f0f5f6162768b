"""How many threads share the work of a large update."""

import os
from functools import cache

from joblib import cpu_count

from skmlp._network.kernel import max_threads

_IMPORTED_IN = os.getpid()
_cpu_count = cache(cpu_count)


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
