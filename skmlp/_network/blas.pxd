"""Matrix products of row-major blocks, for float and double."""

from blas_int cimport blas_int
from cython cimport floating
from cython.parallel cimport prange
from scipy.linalg.cython_blas cimport dgemm, sgemm

from .slabs cimport blas_slab_length, n_slabs


cdef inline void gemm_in_slabs(
    bint transpose_b,
    Py_ssize_t m,
    Py_ssize_t n,
    Py_ssize_t k,
    const floating* A,
    const floating* B,
    floating beta,
    floating* C,  # OUT
    int n_threads,
) noexcept nogil:
    """C <- A @ op(B) + beta C, with A of shape (m, k) and op(B) of shape (k, n): the columns of
    C in slabs, which threads share"""
    cdef:
        Py_ssize_t i, slab = blas_slab_length(n, <double> m * n * k)
        Py_ssize_t b_row = k if transpose_b else n, b_column = k if transpose_b else 1
    if slab == n:
        gemm(False, transpose_b, m, n, k, A, k, B, b_row, beta, C, n)
        return
    for i in prange(n_slabs(n, slab), num_threads=n_threads, schedule="static"):
        gemm(False, transpose_b, m, min(slab, n - i * slab), k, A, k, B + i * slab * b_column,
             b_row, beta, C + i * slab, n)


cdef inline void gemm(
    bint transpose_a,
    bint transpose_b,
    Py_ssize_t m,
    Py_ssize_t n,
    Py_ssize_t k,
    const floating* A,
    Py_ssize_t a_row,
    const floating* B,
    Py_ssize_t b_row,
    floating beta,
    floating* C,  # OUT
    Py_ssize_t c_row,
) noexcept nogil:
    """C <- op(A) @ op(B) + beta C, with op(A) of shape (m, k) and op(B) of shape (k, n)

    Rows of A, B and C are a_row, b_row and c_row numbers apart.
    """
    # BLAS reads a row-major matrix as its transpose, so it is asked for C' = op(B)' op(A)'.
    cdef:
        char op_a = b"T" if transpose_a else b"N"
        char op_b = b"T" if transpose_b else b"N"
        blas_int rows = <blas_int> m
        blas_int columns = <blas_int> n
        blas_int inner = <blas_int> k
        blas_int stride_a = <blas_int> a_row
        blas_int stride_b = <blas_int> b_row
        blas_int stride_c = <blas_int> c_row
        floating alpha = <floating> 1
    if floating is double:
        dgemm(&op_b, &op_a, &columns, &rows, &inner, &alpha, <double*> B, &stride_b,
              <double*> A, &stride_a, &beta, C, &stride_c)
    else:
        sgemm(&op_b, &op_a, &columns, &rows, &inner, &alpha, <float*> B, &stride_b,
              <float*> A, &stride_a, &beta, C, &stride_c)
