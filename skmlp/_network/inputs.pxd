"""Rows of X, dense or CSR: the only file that knows which.

X stays as the user has it; a block of rows, named by index, is gathered (dense) or read in
place (CSR) when its turn comes.
"""

from cython cimport floating
from cython.parallel cimport prange
from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

from .layers cimport fill_rows, net_input, scaled, weight_gradient
from .slabs cimport n_slabs, slab_length

cdef extern from "blocks.h" nogil:
    void SKMLP_PREFETCH(const char* address)

cdef extern from "sparse_rows.h" nogil:
    void skmlp_add_sparse_product_f64(
        const double* value, const void* indices, bint wide, Py_ssize_t start, Py_ssize_t stop,
        const double* W, double* z, Py_ssize_t n)
    void skmlp_add_sparse_product_f32(
        const float* value, const void* indices, bint wide, Py_ssize_t start, Py_ssize_t stop,
        const float* W, float* z, Py_ssize_t n)
    void skmlp_add_sparse_gradient_f64(
        const double* value, const void* indices, bint wide, Py_ssize_t start, Py_ssize_t stop,
        const Py_ssize_t* place, const double* delta, double* gradient, Py_ssize_t n)
    void skmlp_add_sparse_gradient_f32(
        const float* value, const void* indices, bint wide, Py_ssize_t start, Py_ssize_t stop,
        const Py_ssize_t* place, const float* delta, float* gradient, Py_ssize_t n)

# How far ahead of the row being gathered the cache is told of the next ones.
cdef enum:
    PREFETCHED_ROWS = 8


cdef struct InputRows:
    bint sparse
    Py_ssize_t n_rows
    Py_ssize_t n_features
    const void* data  # X[0, 0], or the non-zeros of a CSR matrix
    Py_ssize_t row_stride  # dense: bytes from one row to the next
    Py_ssize_t column_stride
    bint wide_indices  # CSR: int64 rather than int32
    bint wide_indptr
    const void* indices
    const void* indptr
    # CSR: where the gradient of each feature's row of W lies; NULL where in its own place.
    const Py_ssize_t* place


cdef inline Py_ssize_t index_at(const void* indices, bint wide, Py_ssize_t i) noexcept nogil:
    return (<const int64_t*> indices)[i] if wide else (<const int32_t*> indices)[i]


cdef inline void gather(
    const InputRows* X,
    const Py_ssize_t* row,
    floating* x,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
    int n_threads,
) noexcept nogil:
    """x <- X[row], for dense X"""
    cdef Py_ssize_t i, n = X.n_features
    cdef Py_ssize_t slab = slab_length(rows, <double> rows * n * fan_out, n_threads)
    if slab == rows:
        gather_slab(X, row, x, rows)
        return
    for i in prange(n_slabs(rows, slab), num_threads=n_threads, schedule="static"):
        gather_slab(X, row + i * slab, x + i * slab * n, min(slab, rows - i * slab))


cdef inline void gather_slab(
    const InputRows* X,
    const Py_ssize_t* row,
    floating* x,  # OUT
    Py_ssize_t rows,
) noexcept nogil:
    cdef Py_ssize_t n, i
    cdef const char* source
    for n in range(rows):
        if n + PREFETCHED_ROWS < rows:
            source = (<const char*> X.data) + row[n + PREFETCHED_ROWS] * X.row_stride
            for i in range(0, X.n_features * <Py_ssize_t> sizeof(floating), 64):
                SKMLP_PREFETCH(source + i)
        source = (<const char*> X.data) + row[n] * X.row_stride
        if X.column_stride == sizeof(floating):
            memcpy(x, source, X.n_features * sizeof(floating))
        else:
            # A number of a packed record need not be aligned.
            for i in range(X.n_features):
                memcpy(x + i, source + i * X.column_stride, sizeof(floating))
        x += X.n_features


cdef inline void input_net_input(
    const InputRows* X,
    const Py_ssize_t* row,
    const floating* W,
    const floating* b,
    floating* x,  # OUT where X is dense
    floating* z,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
    int n_threads,
) noexcept nogil:
    """z <- X[row] @ W + b"""
    cdef Py_ssize_t n, start, stop
    if not X.sparse:
        gather(X, row, x, rows, fan_out, n_threads)
        net_input(x, W, b, z, rows, X.n_features, fan_out, n_threads)
        return
    fill_rows(b, z, rows, fan_out)
    for n in range(rows):
        start = index_at(X.indptr, X.wide_indptr, row[n])
        stop = index_at(X.indptr, X.wide_indptr, row[n] + 1)
        if floating is double:
            skmlp_add_sparse_product_f64(<const double*> X.data, X.indices, X.wide_indices,
                                         start, stop, W, z + n * fan_out, fan_out)
        else:
            skmlp_add_sparse_product_f32(<const float*> X.data, X.indices, X.wide_indices,
                                         start, stop, W, z + n * fan_out, fan_out)


cdef inline void input_weight_gradient(
    const InputRows* X,
    const Py_ssize_t* row,
    const floating* x,
    const floating* delta,
    floating scale,
    const floating* S,
    floating* gradient_W,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
    Py_ssize_t first,
    Py_ssize_t n_features,
) noexcept nogil:
    """gradient_W <- scale S + X[row].T @ delta, with x as `input_net_input` left it, for the
    features of a slab: all of them, where X is sparse

    Where a batch has named its rows of W, their gradient has been started.
    """
    cdef Py_ssize_t n, start, stop
    if not X.sparse:
        weight_gradient(x + first, delta, scale, S, gradient_W, rows, X.n_features, fan_out,
                        n_features)
        return
    if X.place == NULL:
        scaled(scale, S, gradient_W, X.n_features * fan_out)
    for n in range(rows):
        start = index_at(X.indptr, X.wide_indptr, row[n])
        stop = index_at(X.indptr, X.wide_indptr, row[n] + 1)
        if floating is double:
            skmlp_add_sparse_gradient_f64(<const double*> X.data, X.indices, X.wide_indices,
                                          start, stop, X.place, delta + n * fan_out,
                                          gradient_W, fan_out)
        else:
            skmlp_add_sparse_gradient_f32(<const float*> X.data, X.indices, X.wide_indices,
                                          start, stop, X.place, delta + n * fan_out,
                                          gradient_W, fan_out)
