"""Rows of X, dense or CSR: where they are read.

X stays as the user has it; a block of rows, named by index, is gathered (dense) or read in
place (CSR) when its turn comes.
"""

from cython cimport floating
from cython.parallel cimport prange

from .layers cimport fill_rows, net_input, scaled, weight_gradient
from .skipped_rows cimport SkippedRows
from .slabs cimport n_slabs, slab_length
from .sparse_batches cimport add_skipped_gradient, add_skipped_product
from .sparse_rows cimport SparseRows, add_sparse_gradient, add_sparse_product

cdef extern from "blocks.h" nogil:
    void skmlp_copy_row(char* to, const char* source, size_t n_bytes)
    void skmlp_gather_rows(
        const char* data, Py_ssize_t stride, const Py_ssize_t* row, char* to, Py_ssize_t rows,
        Py_ssize_t n_bytes)
    void skmlp_gather_columns_f64(
        const char* data, Py_ssize_t row_stride, Py_ssize_t column_stride, const Py_ssize_t* row,
        double* to, Py_ssize_t rows, Py_ssize_t n)
    void skmlp_gather_columns_f32(
        const char* data, Py_ssize_t row_stride, Py_ssize_t column_stride, const Py_ssize_t* row,
        float* to, Py_ssize_t rows, Py_ssize_t n)


cdef struct InputRows:
    bint sparse
    Py_ssize_t n_rows
    Py_ssize_t n_features
    # Dense
    const void* data  # X[0, 0]
    Py_ssize_t row_stride  # bytes from one row to the next
    Py_ssize_t column_stride
    # CSR
    SparseRows non_zeros
    SkippedRows* skipped  # where updates leave out rows of W; else NULL


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
    cdef const char* data = <const char*> X.data
    if X.column_stride == sizeof(floating) and rows == 1:
        skmlp_copy_row(<char*> x, data + row[0] * X.row_stride, X.n_features * sizeof(floating))
        return
    if X.column_stride == sizeof(floating):
        skmlp_gather_rows(data, X.row_stride, row, <char*> x, rows,
                          X.n_features * sizeof(floating))
        return
    if floating is double:
        skmlp_gather_columns_f64(data, X.row_stride, X.column_stride, row, x, rows, X.n_features)
    else:
        skmlp_gather_columns_f32(data, X.row_stride, X.column_stride, row, x, rows, X.n_features)


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
    """z <- X[row] @ W + b

    Where updates leave out rows of W, those that this needs are brought up to date.
    """
    if not X.sparse:
        gather(X, row, x, rows, fan_out, n_threads)
        net_input(x, W, b, z, rows, X.n_features, fan_out, n_threads)
        return
    fill_rows(b, z, rows, fan_out)
    if X.skipped == NULL:
        add_sparse_product(&X.non_zeros, row, W, z, rows, fan_out, n_threads)
    else:
        add_skipped_product(X.skipped, <floating*> W, z, rows, n_threads)


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
    int n_threads,
) noexcept nogil:
    """gradient_W <- scale S + X[row].T @ delta, with x as `input_net_input` left it, for the
    features of a slab: all of them, where X is sparse

    Where updates leave out rows of W, only what they wait for is computed.
    """
    if not X.sparse:
        weight_gradient(x + first, delta, scale, S, gradient_W, rows, X.n_features, fan_out,
                        n_features)
    elif X.skipped == NULL:
        scaled(scale, S, gradient_W, X.n_features * fan_out)
        add_sparse_gradient(&X.non_zeros, row, delta, gradient_W, rows, fan_out)
    else:
        add_skipped_gradient(X.skipped, delta, rows, n_threads)
