"""Matrix products of row-major blocks, for float and double."""

from blas_int cimport blas_int
from cython cimport floating
from scipy.linalg.cython_blas cimport dgemm, sgemm


cdef inline void gemm(
    bint transpose_a,
    bint transpose_b,
    Py_ssize_t m,
    Py_ssize_t n,
    Py_ssize_t k,
    const floating* A,
    const floating* B,
    floating beta,
    floating* C,  # OUT
) noexcept nogil:
    """C <- op(A) @ op(B) + beta C, with op(A) of shape (m, k) and op(B) of shape (k, n)."""
    # BLAS reads a row-major matrix as its transpose, so it is asked for C' = op(B)' op(A)'.
    cdef:
        char op_a = b"T" if transpose_a else b"N"
        char op_b = b"T" if transpose_b else b"N"
        blas_int rows = <blas_int> m
        blas_int columns = <blas_int> n
        blas_int inner = <blas_int> k
        blas_int stride_a = <blas_int> (m if transpose_a else k)
        blas_int stride_b = <blas_int> (k if transpose_b else n)
        floating alpha = <floating> 1
    if floating is double:
        dgemm(&op_b, &op_a, &columns, &rows, &inner, &alpha, <double*> B, &stride_b,
              <double*> A, &stride_a, &beta, C, &columns)
    else:
        sgemm(&op_b, &op_a, &columns, &rows, &inner, &alpha, <float*> B, &stride_b,
              <float*> A, &stride_a, &beta, C, &columns)
