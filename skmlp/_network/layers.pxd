"""What a layer computes: its net input, and the products of the backward pass.

Each function works on a block of `rows` training cases in row-major order. A single case
is worked through by plain loops: a BLAS call costs more than such a product.
"""

from cython cimport floating
from libc.string cimport memcpy

from .blas cimport gemm
from .single_case cimport case_net_input


cdef inline void fill_rows(
    const floating* b,
    floating* z,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
) noexcept nogil:
    """z <- b in every row"""
    cdef Py_ssize_t n
    for n in range(rows):
        memcpy(z + n * fan_out, b, fan_out * sizeof(floating))


cdef inline void add_scaled(
    floating scale, const floating* x, floating* y, Py_ssize_t n
) noexcept nogil:
    """y <- y + scale * x"""
    cdef Py_ssize_t i
    for i in range(n):
        y[i] += scale * x[i]


cdef inline floating dot(const floating* x, const floating* y, Py_ssize_t n) noexcept nogil:
    """x @ y, summed in 8 lanes so that it vectorises without changing what is asked for."""
    cdef floating[8] lane
    cdef Py_ssize_t i, k
    for k in range(8):
        lane[k] = <floating> 0
    for i in range(0, n - 7, 8):
        for k in range(8):
            lane[k] += x[i + k] * y[i + k]
    for i in range(n - n % 8, n):
        lane[0] += x[i] * y[i]
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]))


cdef inline void net_input(
    const floating* x,
    const floating* W,
    const floating* b,
    floating* z,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_in,
    Py_ssize_t fan_out,
) noexcept nogil:
    """z <- x @ W + b (slide "Forward Pass: What does the Network Compute?")"""
    if rows == 1:
        case_net_input(x, W, b, z, fan_in, fan_out)
        return
    fill_rows(b, z, rows, fan_out)
    gemm(False, False, rows, fan_out, fan_in, x, W, <floating> 1, z)


cdef inline void add_weight_gradient(
    const floating* h,
    const floating* delta,
    floating* gradient_W,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_in,
    Py_ssize_t fan_out,
) noexcept nogil:
    """gradient_W <- gradient_W + h.T @ delta (slide "Gradient Descent for Multi-layer Network")"""
    cdef Py_ssize_t i
    if rows > 1:
        gemm(True, False, fan_in, fan_out, rows, h, delta, <floating> 1, gradient_W)
    else:
        for i in range(fan_in):
            add_scaled(h[i], delta, gradient_W + i * fan_out, fan_out)


cdef inline void add_bias_gradient(
    const floating* delta,
    floating* gradient_b,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
) noexcept nogil:
    """gradient_b <- gradient_b + delta.sum(axis=0)"""
    cdef Py_ssize_t n
    for n in range(rows):
        add_scaled(<floating> 1, delta + n * fan_out, gradient_b, fan_out)


cdef inline void error_below(
    const floating* delta,
    const floating* W,
    floating* delta_below,  # OUT
    Py_ssize_t rows,
    Py_ssize_t fan_in,
    Py_ssize_t fan_out,
) noexcept nogil:
    """delta_below <- delta @ W.T, the error with respect to the activities below"""
    cdef Py_ssize_t i
    if rows > 1:
        gemm(False, True, rows, fan_in, fan_out, delta, W, <floating> 0, delta_below)
    else:
        for i in range(fan_in):
            delta_below[i] = dot(delta, W + i * fan_out, fan_out)
