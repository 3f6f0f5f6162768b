"""A CSR matrix, and what a layer computes from it: at the cost of its non-zeros."""

from cython cimport floating
from cython.parallel cimport prange
from libc.stdint cimport int32_t, int64_t

from .slabs cimport n_slabs, slab_length

cdef extern from "blocks.h" nogil:
    void skmlp_prefetch(const void* start, Py_ssize_t n_bytes)

cdef extern from "sparse_rows.h" nogil:
    enum:
        SKMLP_NEAR
        SKMLP_FAR
    void skmlp_add_sparse_product_f64(
        const double* value, const void* indices, bint wide, Py_ssize_t start, Py_ssize_t stop,
        const double* W, double* z, Py_ssize_t n)
    void skmlp_add_sparse_product_f32(
        const float* value, const void* indices, bint wide, Py_ssize_t start, Py_ssize_t stop,
        const float* W, float* z, Py_ssize_t n)
    void skmlp_add_sparse_gradient_f64(
        const double* value, const void* indices, bint wide, Py_ssize_t start, Py_ssize_t stop,
        const double* delta, double* gradient, Py_ssize_t n)
    void skmlp_add_sparse_gradient_f32(
        const float* value, const void* indices, bint wide, Py_ssize_t start, Py_ssize_t stop,
        const float* delta, float* gradient, Py_ssize_t n)


cdef struct SparseRows:
    const void* values
    const void* indices
    const void* indptr
    bint wide_indices  # int64 rather than int32
    bint wide_indptr


cdef inline Py_ssize_t feature_at(const SparseRows* X, Py_ssize_t i) noexcept nogil:
    """The column of non-zero i"""
    return (<const int64_t*> X.indices)[i] if X.wide_indices else (<const int32_t*> X.indices)[i]


cdef inline Py_ssize_t start_of(const SparseRows* X, Py_ssize_t row) noexcept nogil:
    """The first non-zero of a row; the row before ends there"""
    return (<const int64_t*> X.indptr)[row] if X.wide_indptr else (<const int32_t*> X.indptr)[row]


cdef inline void prefetch_non_zeros(
    const SparseRows* X, Py_ssize_t row, size_t itemsize
) noexcept nogil:
    """Have the cache fetch what X has of a row"""
    cdef Py_ssize_t start = start_of(X, row), n = start_of(X, row + 1) - start
    cdef size_t index_bytes = sizeof(int64_t) if X.wide_indices else sizeof(int32_t)
    skmlp_prefetch(<const char*> X.values + start * itemsize, n * itemsize)
    skmlp_prefetch(<const char*> X.indices + start * index_bytes, n * index_bytes)


cdef inline Py_ssize_t n_non_zeros(
    const SparseRows* X, const Py_ssize_t* row, Py_ssize_t rows
) noexcept nogil:
    """How many the rows have together"""
    cdef Py_ssize_t n, total = 0
    for n in range(rows):
        total += start_of(X, row[n] + 1) - start_of(X, row[n])
    return total


cdef inline void add_sparse_product(
    const SparseRows* X,
    const Py_ssize_t* row,
    const floating* W,
    floating* z,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
    int n_threads,
) noexcept nogil:
    """z <- z + X[row] @ W"""
    cdef double work = <double> n_non_zeros(X, row, rows) * fan_out
    cdef Py_ssize_t i, slab = slab_length(rows, work, n_threads)
    if slab == rows:
        add_product_of_rows(X, row, W, z, rows, fan_out)
        return
    for i in prange(n_slabs(rows, slab), num_threads=n_threads, schedule="static"):
        add_product_of_rows(X, row + i * slab, W, z + i * slab * fan_out,
                            min(slab, rows - i * slab), fan_out)


cdef inline void add_product_of_rows(
    const SparseRows* X,
    const Py_ssize_t* row,
    const floating* W,
    floating* z,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
) noexcept nogil:
    cdef Py_ssize_t n
    for n in range(rows):
        if floating is double:
            skmlp_add_sparse_product_f64(<const double*> X.values, X.indices, X.wide_indices,
                                         start_of(X, row[n]), start_of(X, row[n] + 1), W,
                                         z + n * fan_out, fan_out)
        else:
            skmlp_add_sparse_product_f32(<const float*> X.values, X.indices, X.wide_indices,
                                         start_of(X, row[n]), start_of(X, row[n] + 1), W,
                                         z + n * fan_out, fan_out)


cdef inline void add_sparse_gradient(
    const SparseRows* X,
    const Py_ssize_t* row,
    const floating* delta,
    floating* gradient_W,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
) noexcept nogil:
    """gradient_W <- gradient_W + X[row].T @ delta"""
    cdef Py_ssize_t n
    for n in range(rows):
        if floating is double:
            skmlp_add_sparse_gradient_f64(<const double*> X.values, X.indices, X.wide_indices,
                                          start_of(X, row[n]), start_of(X, row[n] + 1),
                                          delta + n * fan_out, gradient_W, fan_out)
        else:
            skmlp_add_sparse_gradient_f32(<const float*> X.values, X.indices, X.wide_indices,
                                          start_of(X, row[n]), start_of(X, row[n] + 1),
                                          delta + n * fan_out, gradient_W, fan_out)
