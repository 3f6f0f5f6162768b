"""What a layer computes: its net input, and the products of the backward pass.

Each function works on a block of `rows` training cases in row-major order. BLAS does what it is
faster at (`is_ours`, `has_full_vectors` in products.pxd): large products, with AVX2 only those of
many cases and with AVX-512 none; those with the transpose of large weights, unless AVX-512 has
full vectors; and those with 2 or 3 columns. The others are done as suits their shape. `n_threads`
share what is large.
"""

from cython cimport floating
from cython.parallel cimport prange

from .blas cimport gemm, gemm_in_slabs
from .products cimport (
    FEW_COLUMNS, FEW_ROWS, has_full_vectors, is_ours, is_small, product, product_of_slab,
)
from .slabs cimport blas_slab_length, n_slabs, slab_length

cdef extern from "blocks.h" nogil:
    void skmlp_fill_rows_f64(const double* b, double* z, Py_ssize_t rows, Py_ssize_t n)
    void skmlp_fill_rows_f32(const float* b, float* z, Py_ssize_t rows, Py_ssize_t n)
    void skmlp_column_error_below_f64(
        const double* delta, const double* W, double* delta_below, Py_ssize_t rows, Py_ssize_t n)
    void skmlp_column_error_below_f32(
        const float* delta, const float* W, float* delta_below, Py_ssize_t rows, Py_ssize_t n)
    void skmlp_scale_f64(double a, const double* x, double* y, Py_ssize_t n)
    void skmlp_scale_f32(float a, const float* x, float* y, Py_ssize_t n)
    void skmlp_add_scaled_f64(double a, const double* x, double* y, Py_ssize_t n)
    void skmlp_add_scaled_f32(float a, const float* x, float* y, Py_ssize_t n)
    void skmlp_transpose_f64(
        const double* source, Py_ssize_t source_row, double* to, Py_ssize_t to_row,
        Py_ssize_t rows, Py_ssize_t columns)
    void skmlp_transpose_f32(
        const float* source, Py_ssize_t source_row, float* to, Py_ssize_t to_row,
        Py_ssize_t rows, Py_ssize_t columns)

cdef extern from "single_case.h" nogil:
    void skmlp_case_net_input_f64(
        const double* x, const double* W, const double* b, double* z,
        Py_ssize_t fan_in, Py_ssize_t fan_out)
    void skmlp_case_net_input_f32(
        const float* x, const float* W, const float* b, float* z,
        Py_ssize_t fan_in, Py_ssize_t fan_out)

cdef extern from "sums.h" nogil:
    void skmlp_add_rows_f64(const double* x, double* sum, Py_ssize_t rows, Py_ssize_t n)
    void skmlp_add_rows_f32(const float* x, float* sum, Py_ssize_t rows, Py_ssize_t n)
    void skmlp_column_product_f64(
        const double* x, const double* W, const double* b, double* z, Py_ssize_t rows,
        Py_ssize_t n)
    void skmlp_column_product_f32(
        const float* x, const float* W, const float* b, float* z, Py_ssize_t rows, Py_ssize_t n)
    void skmlp_add_column_gradient_f64(
        const double* h, const double* delta, double* gradient, Py_ssize_t rows, Py_ssize_t n)
    void skmlp_add_column_gradient_f32(
        const float* h, const float* delta, float* gradient, Py_ssize_t rows, Py_ssize_t n)


cdef enum:
    TURNED_ROWS = 256  # of W in a part of `turned_error_below`


cdef inline void fill_rows(
    const floating* b,
    floating* z,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
) noexcept nogil:
    """z <- b in every row"""
    if floating is double:
        skmlp_fill_rows_f64(b, z, rows, fan_out)
    else:
        skmlp_fill_rows_f32(b, z, rows, fan_out)


cdef inline void add_scaled(
    floating scale, const floating* x, floating* y, Py_ssize_t n
) noexcept nogil:
    """y <- y + scale * x"""
    if floating is double:
        skmlp_add_scaled_f64(scale, x, y, n)
    else:
        skmlp_add_scaled_f32(scale, x, y, n)


cdef inline void case_net_input(
    const floating* x,
    const floating* W,
    const floating* b,
    floating* z,  # OUT
    Py_ssize_t fan_in,
    Py_ssize_t fan_out,
) noexcept nogil:
    """z <- x @ W + b"""
    if floating is double:
        skmlp_case_net_input_f64(x, W, b, z, fan_in, fan_out)
    else:
        skmlp_case_net_input_f32(x, W, b, z, fan_in, fan_out)


cdef inline void net_input(
    const floating* x,
    const floating* W,
    const floating* b,
    floating* z,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_in,
    Py_ssize_t fan_out,
    int n_threads,
) noexcept nogil:
    """z <- x @ W + b (slide "Forward Pass: What does the Network Compute?")"""
    if rows == 1:
        case_net_input(x, W, b, z, fan_in, fan_out)
        return
    if fan_out == 1:
        if floating is double:
            skmlp_column_product_f64(x, W, b, z, rows, fan_in)
        else:
            skmlp_column_product_f32(x, W, b, z, rows, fan_in)
    elif fan_out >= FEW_COLUMNS and is_ours(rows, min(rows, fan_out) * fan_in * sizeof(floating)):
        product(x, fan_in, 1, W, <floating> 1, b, 0, z, rows, fan_out, fan_in,
                n_threads)
    else:
        fill_rows(b, z, rows, fan_out)
        gemm_in_slabs(False, rows, fan_out, fan_in, x, W, <floating> 1, z, n_threads)


cdef inline void scaled(
    floating scale,
    const floating* x,
    floating* y,  # OUT
    Py_ssize_t n,
) noexcept nogil:
    """y <- scale * x, where y may be x itself if scale is 1"""
    if x == y:
        return
    if floating is double:
        skmlp_scale_f64(scale, x, y, n)
    else:
        skmlp_scale_f32(scale, x, y, n)


cdef inline bint gradient_is_ours(
    Py_ssize_t rows, Py_ssize_t fan_in, Py_ssize_t fan_out, size_t itemsize
) noexcept nogil:
    """Whether the gradient of the weights is a product of our own."""
    return (rows > 1 and fan_out >= FEW_COLUMNS
            and is_ours(rows, fan_in * fan_out * itemsize))


cdef inline Py_ssize_t gradient_slab(
    Py_ssize_t rows, Py_ssize_t fan_in, Py_ssize_t fan_out, size_t itemsize, int n_threads
) noexcept nogil:
    """How many rows of the weights a thread takes at a time in `weight_gradient`."""
    cdef double work = <double> rows * fan_in * fan_out
    if rows == 1 or fan_out == 1:
        return fan_in
    if gradient_is_ours(rows, fan_in, fan_out, itemsize):
        return slab_length(fan_in, work, n_threads)
    return blas_slab_length(fan_in, work)


cdef inline void weight_gradient(
    const floating* h,
    const floating* delta,
    floating scale,
    const floating* S,
    floating* gradient_W,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_in,
    Py_ssize_t fan_out,
    Py_ssize_t n,
) noexcept nogil:
    """gradient_W <- scale S + h.T @ delta, where S may be gradient_W itself if scale is 1
    (slide "Gradient Descent for Multi-layer Network")

    This is for n of the fan_in rows: S, gradient_W and the columns of h start with the first of
    them. With one output n is fan_in (`gradient_slab`).
    """
    cdef Py_ssize_t i
    if gradient_is_ours(rows, fan_in, fan_out, sizeof(floating)):
        product_of_slab(h, 1, fan_in, delta, scale, S, fan_out, gradient_W, n, fan_out, rows)
        return
    scaled(scale, S, gradient_W, n * fan_out)
    if rows == 1:
        for i in range(n):
            add_scaled(h[i], delta, gradient_W + i * fan_out, fan_out)
    elif fan_out > 1:
        gemm(True, False, n, fan_out, rows, h, fan_in, delta, fan_out, <floating> 1, gradient_W,
             fan_out)
    elif floating is double:
        skmlp_add_column_gradient_f64(h, delta, gradient_W, rows, fan_in)
    else:
        skmlp_add_column_gradient_f32(h, delta, gradient_W, rows, fan_in)


cdef inline void add_bias_gradient(
    const floating* delta,
    floating* gradient_b,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
) noexcept nogil:
    """gradient_b <- gradient_b + delta.sum(axis=0)"""
    if floating is double:
        skmlp_add_rows_f64(delta, gradient_b, rows, fan_out)
    else:
        skmlp_add_rows_f32(delta, gradient_b, rows, fan_out)


cdef inline void transpose(
    const floating* source,
    Py_ssize_t source_row,
    floating* to,  # OUT
    Py_ssize_t to_row,
    Py_ssize_t rows,
    Py_ssize_t columns,
) noexcept nogil:
    """to <- source.T, for matrices whose rows start source_row and to_row numbers apart"""
    if floating is double:
        skmlp_transpose_f64(source, source_row, to, to_row, rows, columns)
    else:
        skmlp_transpose_f32(source, source_row, to, to_row, rows, columns)


cdef inline void error_below(
    const floating* delta,
    const floating* W,
    floating* transposed,  # scratch, or NULL where there is none for large W
    floating* delta_below,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_in,
    Py_ssize_t fan_out,
    int n_threads,
) noexcept nogil:
    """delta_below <- delta @ W.T, the error with respect to the activities below"""
    cdef bint worth_transposing = rows >= FEW_ROWS and fan_in >= FEW_COLUMNS
    if fan_out == 1:
        if floating is double:
            skmlp_column_error_below_f64(delta, W, delta_below, rows, fan_in)
        else:
            skmlp_column_error_below_f32(delta, W, delta_below, rows, fan_in)
    elif worth_transposing and is_small(fan_in * fan_out * sizeof(floating)):
        transpose(W, fan_out, transposed, fan_in, fan_in, fan_out)
        product(delta, fan_out, 1, transposed, <floating> 0, <floating*> NULL, 0, delta_below,
                rows, fan_in, fan_out, n_threads)
    elif worth_transposing and transposed != NULL and has_full_vectors():
        turned_error_below(delta, W, transposed, delta_below, rows, fan_in, fan_out, n_threads)
    else:
        gemm_in_slabs(True, rows, fan_in, fan_out, delta, W, <floating> 0, delta_below,
                      n_threads)


cdef inline void turned_error_below(
    const floating* delta,
    const floating* W,
    floating* transposed,  # scratch: delta.T, and the result's transpose
    floating* delta_below,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_in,
    Py_ssize_t fan_out,
    int n_threads,
) noexcept nogil:
    """delta_below <- (W @ delta.T).T: less is transposed where W is large"""
    cdef:
        double work = <double> rows * fan_in * fan_out
        floating* turned = transposed + rows * fan_out
        Py_ssize_t i, slab = slab_length(rows, work, n_threads)
    for i in prange(n_slabs(rows, slab), num_threads=n_threads, schedule="static"):
        transpose(delta + i * slab * fan_out, fan_out, transposed + i * slab, rows,
                  min(slab, rows - i * slab), fan_out)
    slab = slab_length(fan_in, work, n_threads)
    for i in prange(n_slabs(fan_in, slab), num_threads=n_threads, schedule="static"):
        turned_slab(transposed, W + i * slab * fan_out, turned + i * slab * rows,
                    delta_below + i * slab, rows, fan_in, fan_out, min(slab, fan_in - i * slab))


cdef inline void turned_slab(
    const floating* transposed_delta,
    const floating* W,
    floating* turned,  # scratch
    floating* delta_below,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_in,
    Py_ssize_t fan_out,
    Py_ssize_t n,
) noexcept nogil:
    """n columns of delta_below, in parts that stay in the second-level cache until they are
    transposed"""
    cdef Py_ssize_t i, part
    for i in range(n_slabs(n, TURNED_ROWS)):
        part = min(TURNED_ROWS, n - i * TURNED_ROWS)
        product_of_slab(W + i * TURNED_ROWS * fan_out, fan_out, 1, transposed_delta,
                        <floating> 0, <floating*> NULL, 0, turned, part, rows, fan_out)
        transpose(turned, rows, delta_below + i * TURNED_ROWS, fan_in, part, rows)
