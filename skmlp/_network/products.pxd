"""Matrix products of our own, and where BLAS is faster."""

from cython cimport floating
from cython.parallel cimport prange

from .levels cimport skmlp_halves, skmlp_level
from .slabs cimport n_slabs, slab_length

cdef extern from "products.h" nogil:
    void skmlp_product_f64(
        const double* A, Py_ssize_t a_row, Py_ssize_t a_column, const double* B,
        double scale, const double* S, Py_ssize_t s_row, double* C, Py_ssize_t m, Py_ssize_t n,
        Py_ssize_t k)
    void skmlp_product_f32(
        const float* A, Py_ssize_t a_row, Py_ssize_t a_column, const float* B,
        float scale, const float* S, Py_ssize_t s_row, float* C, Py_ssize_t m, Py_ssize_t n,
        Py_ssize_t k)

cdef enum:
    SMALL_BYTES = 1 << 20  # stays in the second-level cache
    BLAS_CASES = 192  # that pay for BLAS's copies of large weights
    FEW_COLUMNS = 4  # fewer do not fill the narrowest vector
    FEW_ROWS = 8  # fewer do not pay for a transposed copy of the weights


cdef inline bint is_ours(Py_ssize_t rows, Py_ssize_t n_bytes) noexcept nogil:
    """Whether our product is at least as fast as BLAS with so many training cases, where n_bytes
    is the size of the smaller factor, or of a gradient (at level 3 measured on Zen 3)."""
    return skmlp_level >= 4 or skmlp_level == 3 and rows < BLAS_CASES or is_small(n_bytes)


cdef inline bint has_full_vectors() noexcept nogil:
    """Whether the processor works through vectors of 64 bytes at once. Our products with the
    transpose of large weights are faster then (measured on Zen 5, for which BLAS uses AVX2, and on
    a Xeon, for which it uses AVX-512), and no faster where it works in halves (on Zen 4)."""
    return skmlp_level >= 4 and not skmlp_halves


cdef inline bint is_small(Py_ssize_t n_bytes) noexcept nogil:
    """Whether a matrix of this size is better read as it lies there than packed by BLAS."""
    return n_bytes <= SMALL_BYTES and skmlp_level >= 1


cdef inline void product(
    const floating* A,
    Py_ssize_t a_row,
    Py_ssize_t a_column,
    const floating* B,
    floating scale,
    const floating* S,
    Py_ssize_t s_row,
    floating* C,  # OUT
    Py_ssize_t m,
    Py_ssize_t n,
    Py_ssize_t k,
    int n_threads,
) noexcept nogil:
    """C <- scale S + A @ B; what the arguments are stands in products.h"""
    cdef Py_ssize_t i, slab = slab_length(m, <double> m * n * k, n_threads)
    if slab == m:
        product_of_slab(A, a_row, a_column, B, scale, S, s_row, C, m, n, k)
        return
    for i in prange(n_slabs(m, slab), num_threads=n_threads, schedule="static"):
        product_of_slab(A + i * slab * a_row, a_row, a_column, B, scale,
                        S + i * slab * s_row if S != NULL else S, s_row, C + i * slab * n,
                        min(slab, m - i * slab), n, k)


cdef inline void product_of_slab(
    const floating* A,
    Py_ssize_t a_row,
    Py_ssize_t a_column,
    const floating* B,
    floating scale,
    const floating* S,
    Py_ssize_t s_row,
    floating* C,  # OUT
    Py_ssize_t m,
    Py_ssize_t n,
    Py_ssize_t k,
) noexcept nogil:
    """The same by one thread"""
    if floating is double:
        skmlp_product_f64(A, a_row, a_column, B, scale, S, s_row, C, m, n, k)
    else:
        skmlp_product_f32(A, a_row, a_column, B, scale, S, s_row, C, m, n, k)
