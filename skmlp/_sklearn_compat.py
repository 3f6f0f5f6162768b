"""All that depends on scikit-learn's version or is not public there.

- `Interval`, `StrOptions` and `_fit_context` are scikit-learn's own way to validate
  parameters; its developer guide names them, but they live in private modules.
- `_check_sample_weight` has no public twin.
- What `make_scorer` made has its function in a private attribute.
- Callbacks came with scikit-learn 1.9; before, an estimator has none to tell.
- `single_blas_thread` needs threadpoolctl. scikit-learn depends on it and keeps the one
  controller of the process; making another would search all loaded libraries again.
"""

import os
import threading

from sklearn.base import _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils.parallel import _get_threadpool_controller
from sklearn.utils.validation import _check_sample_weight

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before 1.9

    class CallbackSupportMixin:
        """Stands in where scikit-learn has no callbacks."""

        def _init_callback_context(self, **kwargs):
            return None


__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "Options",
    "ScorerNames",
    "StrOptions",
    "_check_sample_weight",
    "_fit_context",
    "_safe_indexing",
    "has_callbacks",
    "name_of_scorer",
    "single_blas_thread",
]


class ScorerNames(StrOptions):
    """The names of all scorers, besides the given ones.

    They are looked up when first needed: to import `sklearn.metrics` takes longer than
    to import skmlp.
    """

    def is_satisfied_by(self, val):
        """Whether `val` is one of the names."""
        if isinstance(val, str) and val not in self.options:
            from sklearn.metrics import get_scorer_names

            self.options = self.options | set(get_scorer_names())
        return super().is_satisfied_by(val)


def has_callbacks(estimator):
    """Whether there is a callback that wants to be told of the estimator's tasks."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def name_of_scorer(scoring):
    """What to call a scorer, which may be a callable or have been made of one."""
    function = getattr(scoring, "_score_func", scoring)
    return getattr(function, "__name__", None) or str(scoring)


class _SingleBlasThread:
    """Keep BLAS at one thread while any thread of the process is inside.

    With most builds the number of BLAS threads is a property of the process. Were each
    fit to set and reset it on its own, the first of two concurrent fits to end would
    hand the other one more threads, and with them other bits. So the last one to leave
    resets it. OpenBLAS built on OpenMP has a number for each thread, so every thread
    sets it, and resets its own. In a forked process there are no other threads inside.
    """

    def __init__(self):
        self._lock = threading.RLock()
        self._n_inside = 0
        self._n_threads = []  # before the first one entered
        self._own = threading.local()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=lambda: self._lock.acquire(),
                after_in_parent=lambda: self._lock.release(),
                after_in_child=self._forget_other_threads,
            )

    def __enter__(self):
        with self._lock:
            if self._n_inside == 0:
                self._n_threads = [
                    (library, library.get_num_threads())
                    for library in _get_threadpool_controller().lib_controllers
                    if library.user_api == "blas"
                ]
            self._n_inside += 1
            self._own.depth = self._depth() + 1
            try:
                for library, _ in self._n_threads:
                    _set_num_threads(library, 1)
            except BaseException:  # an interrupt: `__exit__` will not be called
                self._leave()
                raise

    def __exit__(self, *exception):
        with self._lock:
            self._leave()

    def _depth(self):
        """How often the calling thread is inside."""
        return getattr(self._own, "depth", 0)

    def _leave(self):
        self._n_inside -= 1
        self._own.depth -= 1
        self._reset()

    def _reset(self):
        for library, n_threads in self._n_threads:
            per_thread = getattr(library, "threading_layer", None) == "openmp"
            if (self._own.depth if per_thread else self._n_inside) == 0:
                _set_num_threads(library, n_threads)

    def _forget_other_threads(self):
        self._lock = threading.RLock()
        others = self._n_inside - self._depth()
        self._n_inside -= others
        if others:
            self._own.depth = self._depth()
            self._reset()


def _set_num_threads(library, n_threads):
    # threadpoolctl 3.8 lets only one thread of a process change OpenBLAS, and ignores
    # the others; ours take turns under a lock of their own.
    release = getattr(type(library), "clear_controlling_thread", None)
    if release is not None:
        release(force=True)
    library.set_num_threads(n_threads)
    if release is not None:
        release(force=True)


single_blas_thread = _SingleBlasThread()
