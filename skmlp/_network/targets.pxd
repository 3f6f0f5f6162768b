"""Rows of the targets t: rows of a matrix, or the 1-of-K encoding of class numbers.

Class numbers are encoded block by block, so that no matrix of all targets is held.
Source: the lecture's slide "Learning".
"""

from cython cimport floating
from libc.string cimport memset

cdef extern from "blocks.h" nogil:
    void skmlp_copy_row(char* to, const char* source, size_t n_bytes)


cdef struct TargetRows:
    Py_ssize_t n_rows
    Py_ssize_t n_outputs
    const void* values  # (n_rows, n_outputs) in the dtype of X, or NULL
    const Py_ssize_t* labels  # (n_rows,) where values is NULL
    const double* weights  # s_n, or NULL where all cases count the same


cdef inline void gather_targets(
    const TargetRows* T,
    const Py_ssize_t* row,
    floating* t,  # OUT
    Py_ssize_t rows,
) noexcept nogil:
    """t <- T[row]"""
    cdef Py_ssize_t n, K = T.n_outputs
    cdef const floating* values = <const floating*> T.values
    if values != NULL and K == 1:
        for n in range(rows):
            t[n] = values[row[n]]
    elif values != NULL:
        for n in range(rows):
            skmlp_copy_row(<char*> (t + n * K),
                           <const char*> (values + row[n] * K), K * sizeof(floating))
    elif K == 1:
        for n in range(rows):
            t[n] = <floating> T.labels[row[n]]
    else:
        memset(t, 0, rows * K * sizeof(floating))
        for n in range(rows):
            t[n * K + T.labels[row[n]]] = <floating> 1
