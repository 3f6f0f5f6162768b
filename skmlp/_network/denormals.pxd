"""Denormal numbers are taken for 0 between these two calls, in all threads that share the work."""

from cython.parallel cimport prange

cdef extern from "denormals.h" nogil:
    ctypedef unsigned long long FloatMode "skmlp_float_mode"
    FloatMode skmlp_flush_denormals()
    void skmlp_restore_denormals(FloatMode before)


cdef inline FloatMode flush_denormals(int n_threads) noexcept nogil:
    """Returns what `restore_denormals` needs.

    Threads are the same in all parallel regions of a call (OpenMP 5.2, section 5.2, "threadprivate
    Directive"): the mode of each stays.
    """
    cdef int _i
    cdef FloatMode before = skmlp_flush_denormals()
    if n_threads > 1:
        for _i in prange(n_threads, num_threads=n_threads, schedule="static"):
            skmlp_flush_denormals()
    return before


cdef inline void restore_denormals(FloatMode before, int n_threads) noexcept nogil:
    cdef int _i
    if n_threads > 1:
        for _i in prange(n_threads, num_threads=n_threads, schedule="static"):
            skmlp_restore_denormals(before)
    skmlp_restore_denormals(before)
