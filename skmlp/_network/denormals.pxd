"""Denormal numbers are taken for 0 between these two calls, in all threads that share the work."""

from cython.parallel cimport prange

cdef extern from "denormals.h" nogil:
    ctypedef unsigned long long FloatMode "skmlp_float_mode"
    FloatMode skmlp_flush_denormals()
    void skmlp_restore_denormals(FloatMode before)

cdef extern from "threads.h" nogil:
    bint skmlp_is_dynamic()
    void skmlp_set_dynamic(bint dynamic)


cdef struct Modes:
    FloatMode floats
    bint dynamic  # whether OpenMP may give a loop fewer threads than it asks for


cdef inline Modes flush_denormals(int n_threads) noexcept nogil:
    """Returns the modes before, for `restore_denormals`.

    The mode of a thread stays because all parallel loops of a call have the same threads. OpenMP
    promises it for loops of the same number of threads that it may not change (5.2, section 5.2,
    "threadprivate Directive").
    """
    cdef int _i
    cdef Modes before = Modes(skmlp_flush_denormals(), skmlp_is_dynamic())
    if n_threads > 1:
        skmlp_set_dynamic(False)
        for _i in prange(n_threads, num_threads=n_threads, schedule="static"):
            skmlp_flush_denormals()
    return before


cdef inline void restore_denormals(Modes before, int n_threads) noexcept nogil:
    cdef int _i
    if n_threads > 1:
        for _i in prange(n_threads, num_threads=n_threads, schedule="static"):
            skmlp_restore_denormals(before.floats)
        skmlp_set_dynamic(before.dynamic)
    skmlp_restore_denormals(before.floats)
