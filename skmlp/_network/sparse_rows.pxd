"""A CSR matrix, and what a layer computes from it: at the cost of its non-zeros."""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t

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


# How far ahead of the row at hand the cache is told of the next ones.
cdef enum:
    PREFETCHED_ROWS = 2


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


cdef inline Py_ssize_t feature_ahead(
    const SparseRows* X,
    const Py_ssize_t* row,
    Py_ssize_t i,
    Py_ssize_t stop,
    bint last,
    Py_ssize_t distance,
) noexcept nogil:
    """The column of the non-zero that comes so many after i, of row[0] or, unless that is the
    last one, row[1]; else that of i"""
    if i + distance < stop:
        return feature_at(X, i + distance)
    if not last and start_of(X, row[1]) + i + distance - stop < start_of(X, row[1] + 1):
        return feature_at(X, start_of(X, row[1]) + i + distance - stop)
    return feature_at(X, i)


cdef inline void prefetch_non_zeros(
    const SparseRows* X, Py_ssize_t row, size_t itemsize
) noexcept nogil:
    """Have the cache fetch what X has of a row"""
    cdef Py_ssize_t start = start_of(X, row), n = start_of(X, row + 1) - start
    cdef size_t index_bytes = sizeof(int64_t) if X.wide_indices else sizeof(int32_t)
    skmlp_prefetch(<const char*> X.values + start * itemsize, n * itemsize)
    skmlp_prefetch(<const char*> X.indices + start * index_bytes, n * index_bytes)


cdef inline void add_sparse_product(
    const SparseRows* X,
    const Py_ssize_t* row,
    const floating* W,
    floating* z,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
) noexcept nogil:
    """z <- z + X[row] @ W"""
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
