"""Activation functions h = f(z) and their derivatives, written in terms of h.

Source: the lecture's slides "Activation Functions" and "Useful Derivatives".
"""

from cython cimport floating
from cython.parallel cimport prange

from .slabs cimport n_slabs, slab_length

cdef extern from "activations.h" nogil:
    void skmlp_exp_f64(double* x, Py_ssize_t n)
    void skmlp_exp_f32(float* x, Py_ssize_t n)
    void skmlp_logistic_f64(double* x, Py_ssize_t n)
    void skmlp_logistic_f32(float* x, Py_ssize_t n)
    void skmlp_tanh_f64(double* x, Py_ssize_t n)
    void skmlp_tanh_f32(float* x, Py_ssize_t n)

cdef extern from "blocks.h" nogil:
    void skmlp_relu_f64(double* z, Py_ssize_t n)
    void skmlp_relu_f32(float* z, Py_ssize_t n)
    void skmlp_multiply_by_relu_derivative_f64(const double* h, double* delta, Py_ssize_t n)
    void skmlp_multiply_by_relu_derivative_f32(const float* h, float* delta, Py_ssize_t n)
    void skmlp_multiply_by_tanh_derivative_f64(const double* h, double* delta, Py_ssize_t n)
    void skmlp_multiply_by_tanh_derivative_f32(const float* h, float* delta, Py_ssize_t n)
    void skmlp_multiply_by_logistic_derivative_f64(const double* h, double* delta, Py_ssize_t n)
    void skmlp_multiply_by_logistic_derivative_f32(const float* h, float* delta, Py_ssize_t n)
    void skmlp_column_tanh_delta_f64(
        const double* delta, const double* W, const double* h, double* delta_below,
        Py_ssize_t rows, Py_ssize_t n)
    void skmlp_column_tanh_delta_f32(
        const float* delta, const float* W, const float* h, float* delta_below,
        Py_ssize_t rows, Py_ssize_t n)
    void skmlp_column_logistic_delta_f64(
        const double* delta, const double* W, const double* h, double* delta_below,
        Py_ssize_t rows, Py_ssize_t n)
    void skmlp_column_logistic_delta_f32(
        const float* delta, const float* W, const float* h, float* delta_below,
        Py_ssize_t rows, Py_ssize_t n)


cdef enum Activation:
    IDENTITY
    LOGISTIC
    TANH
    RELU
    # Output units only.
    SOFTMAX
    EXP


cdef inline void exponential(floating* z, Py_ssize_t n) noexcept nogil:
    """z <- exp(z)"""
    if floating is double:
        skmlp_exp_f64(z, n)
    else:
        skmlp_exp_f32(z, n)


cdef inline void activate(int activation, floating* z, Py_ssize_t n) noexcept nogil:
    """z <- f(z), element by element."""
    if activation == RELU:
        if floating is double:
            skmlp_relu_f64(z, n)
        else:
            skmlp_relu_f32(z, n)
    elif activation == TANH:
        if floating is double:
            skmlp_tanh_f64(z, n)
        else:
            skmlp_tanh_f32(z, n)
    elif activation == LOGISTIC:
        if floating is double:
            skmlp_logistic_f64(z, n)
        else:
            skmlp_logistic_f32(z, n)
    elif activation == EXP:
        exponential(z, n)


cdef inline void multiply_by_derivative(
    int activation,
    const floating* h,
    floating* delta,  # IN OUT
    Py_ssize_t n,
) noexcept nogil:
    """delta <- delta * f'(z), with f'(z) from h = f(z)."""
    cdef Py_ssize_t i
    if activation == RELU:
        if floating is double:
            skmlp_multiply_by_relu_derivative_f64(h, delta, n)
        else:
            skmlp_multiply_by_relu_derivative_f32(h, delta, n)
    elif activation == TANH:
        if floating is double:
            skmlp_multiply_by_tanh_derivative_f64(h, delta, n)
        else:
            skmlp_multiply_by_tanh_derivative_f32(h, delta, n)
    elif activation == LOGISTIC:
        if floating is double:
            skmlp_multiply_by_logistic_derivative_f64(h, delta, n)
        else:
            skmlp_multiply_by_logistic_derivative_f32(h, delta, n)
    elif activation == EXP:
        for i in range(n):
            delta[i] *= h[i]


cdef inline bint column_delta(
    int activation,
    const floating* delta,
    const floating* W,
    const floating* h,
    floating* delta_below,  # OUT
    Py_ssize_t rows,
    Py_ssize_t n,
) noexcept nogil:
    """delta_below <- delta @ W.T * f'(z) in one pass, for a layer with one output

    Returns whether the activation has such a pass: one of relu saved nothing.
    """
    if activation == TANH:
        if floating is double:
            skmlp_column_tanh_delta_f64(delta, W, h, delta_below, rows, n)
        else:
            skmlp_column_tanh_delta_f32(delta, W, h, delta_below, rows, n)
    elif activation == LOGISTIC:
        if floating is double:
            skmlp_column_logistic_delta_f64(delta, W, h, delta_below, rows, n)
        else:
            skmlp_column_logistic_delta_f32(delta, W, h, delta_below, rows, n)
    else:
        return False
    return True


cdef inline void activate_in_slabs(
    int activation,
    floating* z,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t n,
    Py_ssize_t n_others,
    int n_threads,
) noexcept nogil:
    """z <- f(z) for rows of n units, each of which is connected with n_others"""
    cdef Py_ssize_t i
    cdef Py_ssize_t slab = slab_length(rows, <double> rows * n * n_others, n_threads)
    if slab == rows:
        activate(activation, z, rows * n)
        return
    for i in prange(n_slabs(rows, slab), num_threads=n_threads, schedule="static"):
        activate(activation, z + i * slab * n, min(slab, rows - i * slab) * n)


cdef inline void multiply_by_derivative_in_slabs(
    int activation,
    const floating* h,
    floating* delta,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t n,
    Py_ssize_t n_others,
    int n_threads,
) noexcept nogil:
    """delta <- delta * f'(z) for rows of n units, each of which is connected with n_others"""
    cdef Py_ssize_t i
    cdef Py_ssize_t slab = slab_length(rows, <double> rows * n * n_others, n_threads)
    if slab == rows:
        multiply_by_derivative(activation, h, delta, rows * n)
        return
    for i in prange(n_slabs(rows, slab), num_threads=n_threads, schedule="static"):
        multiply_by_derivative(activation, h + i * slab * n, delta + i * slab * n,
                               min(slab, rows - i * slab) * n)
