"""Activation functions h = f(z) and their derivatives, written in terms of h.

Source: the lecture's slides "Activation Functions" and "Useful Derivatives".
"""

from cython cimport floating

cdef extern from "activations.h" nogil:
    void skmlp_exp_f64(double* x, Py_ssize_t n)
    void skmlp_exp_f32(float* x, Py_ssize_t n)
    void skmlp_logistic_f64(double* x, Py_ssize_t n)
    void skmlp_logistic_f32(float* x, Py_ssize_t n)
    void skmlp_tanh_f64(double* x, Py_ssize_t n)
    void skmlp_tanh_f32(float* x, Py_ssize_t n)


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
    cdef Py_ssize_t i
    if activation == RELU:
        for i in range(n):
            # NaN passes, so that a diverging network is noticed.
            z[i] = <floating> 0 if z[i] <= 0 else z[i]
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
        for i in range(n):
            delta[i] = delta[i] if h[i] > 0 else <floating> 0
    elif activation == TANH:
        for i in range(n):
            delta[i] *= <floating> 1 - h[i] * h[i]
    elif activation == LOGISTIC:
        for i in range(n):
            delta[i] *= h[i] * (<floating> 1 - h[i])
