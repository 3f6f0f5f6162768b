"""Slabs: the parts of a large loop that threads share.

The bits do not depend on the number of threads. Our loops compute a row alike wherever a slab
ends, so each thread takes one slab, of the same rows in every loop: they stay in the cache of its
core. BLAS promises no such thing: there, slabs follow from the shapes alone, and the number of
threads decides who does a slab, never what it is.
"""

cdef enum:
    SLAB_WORK = 1 << 21  # multiplications that outweigh what another thread costs
    SLAB_UNIT = 8
    MIN_BLAS_SLAB = 128
    MAX_BLAS_SLABS = 4  # in each, BLAS packs the whole other factor once more


cdef inline Py_ssize_t slab_length(Py_ssize_t n, double work, int n_threads) noexcept nogil:
    """The length of equal parts of a loop over n rows, one for each thread that is worth it.

    Loops around a product go by its work, to have the same parts.
    """
    return part_length(n, max(1, min(n_threads, <Py_ssize_t> (work / SLAB_WORK))))


cdef inline Py_ssize_t blas_slab_length(Py_ssize_t n, double work) noexcept nogil:
    """The length of parts of n rows or columns of a product that BLAS does: a power of two of
    them, so that threads get equal parts."""
    cdef Py_ssize_t n_slabs = 1
    while (n_slabs < MAX_BLAS_SLABS and 2 * n_slabs * MIN_BLAS_SLAB <= n
           and 2 * n_slabs * <double> SLAB_WORK <= work):
        n_slabs *= 2
    return part_length(n, n_slabs)


cdef inline Py_ssize_t part_length(Py_ssize_t n, Py_ssize_t n_parts) noexcept nogil:
    """The length of about n_parts equal parts of n, in whole tiles of our products."""
    return min(n, ((n + n_parts - 1) // n_parts + SLAB_UNIT - 1) // SLAB_UNIT * SLAB_UNIT)


cdef inline Py_ssize_t n_slabs(Py_ssize_t n, Py_ssize_t slab) noexcept nogil:
    return (n + slab - 1) // slab
