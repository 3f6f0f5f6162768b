"""Loss of each training case and the error signal delta at the output, both from z.

Source: the lecture's slides "Choosing Activation and Loss Functions", "Multi-class
Classification" and "Backpropagation"; half the Poisson deviance as in scikit-learn.
The log losses take z, not o, so that no logit overflows and no logarithm sees 0.
"""

from cython cimport floating
from libc.math cimport log

from .activations cimport (
    IDENTITY, SOFTMAX, activate, exponential, multiply_by_derivative,
)


cdef extern from "blocks.h" nogil:
    void skmlp_copy_row(char* to, const char* source, size_t n_bytes)
    double skmlp_squared_distance_f64(const double* x, const double* y, Py_ssize_t n)
    double skmlp_squared_distance_f32(const float* x, const float* y, Py_ssize_t n)


cdef enum Loss:
    LOG_LOSS
    SQUARED_ERROR
    POISSON


cdef inline double case_weight(const double* s, const Py_ssize_t* row, Py_ssize_t n) noexcept nogil:
    return s[row[n]] if s != NULL else 1.0


cdef inline double log_of(double factor, bint weighted, double* product) noexcept nogil:
    """log(factor) for a sum of logarithms

    Where the cases have no weights, the sum is the logarithm of a product. The factor goes
    there, and a logarithm is taken before the product can overflow.
    """
    cdef double result = 0
    if weighted:
        return log(factor)
    product[0] *= factor
    if not product[0] < 1e200:
        result = log(product[0])
        product[0] = 1
    return result


cdef inline double softmax_log_loss(
    const floating* z, const floating* t, const double* s, const Py_ssize_t* row,
    floating* o, Py_ssize_t rows, Py_ssize_t K,
) noexcept nogil:
    """sum_n s_n l_n with l = -sum_k t_k log o_k = log(sum_k exp(z_k)) - sum_k t_k z_k

    Both the logarithm and o come from exp(z - max(z)), which cannot overflow.
    """
    cdef Py_ssize_t n, k
    cdef floating highest, target, normaliser
    cdef double total = 0, product = 1
    for n in range(rows):
        highest = z[n * K]
        for k in range(1, K):
            highest = max(highest, z[n * K + k])
        for k in range(K):
            o[n * K + k] = z[n * K + k] - highest
    for n in range(rows):
        target = <floating> 0
        for k in range(K):
            target += t[n * K + k] * o[n * K + k]
        total -= case_weight(s, row, n) * <double> target
    exponential(o, rows * K)
    for n in range(rows):
        normaliser = <floating> 0
        for k in range(K):
            normaliser += o[n * K + k]
        total += case_weight(s, row, n) * log_of(<double> normaliser, s != NULL, &product)
        normaliser = <floating> 1 / normaliser
        for k in range(K):
            o[n * K + k] *= normaliser
    return total + log(product)


cdef inline double logistic_log_loss(
    const floating* z, const floating* t, const double* s, const Py_ssize_t* row,
    floating* o, Py_ssize_t rows, Py_ssize_t K,
) noexcept nogil:
    """sum_n s_n l_n with l = -sum_k (t_k log o_k + (1 - t_k) log(1 - o_k))

    Both logarithms follow from e = exp(-|z|): l = max(z, 0) - t z + log(1 + e), and
    o = 1 / (1 + e) where z >= 0, e / (1 + e) elsewhere.
    """
    cdef Py_ssize_t n, i
    cdef double loss, total = 0, product = 1
    for i in range(rows * K):
        o[i] = -z[i] if z[i] > <floating> 0 else z[i]
    exponential(o, rows * K)
    for n in range(rows):
        loss = 0
        for i in range(n * K, (n + 1) * K):
            loss += <double> (max(z[i], <floating> 0) - t[i] * z[i])
            loss += log_of(1 + <double> o[i], s != NULL, &product)
            o[i] = (<floating> 1 if z[i] >= <floating> 0 else o[i]) / (<floating> 1 + o[i])
        total += case_weight(s, row, n) * loss
    return total + log(product)


cdef inline double squared_distance(
    const floating* x, const floating* y, Py_ssize_t n
) noexcept nogil:
    """||x - y||^2"""
    cdef double difference = <double> (x[0] - y[0])
    if n == 1:
        return difference * difference
    if floating is double:
        return skmlp_squared_distance_f64(x, y, n)
    else:
        return skmlp_squared_distance_f32(x, y, n)


cdef inline double squared_error(
    const floating* t, const double* s, const Py_ssize_t* row,
    const floating* o, Py_ssize_t rows, Py_ssize_t K,
) noexcept nogil:
    """sum_n s_n l_n with l = 1/2 sum_k (o_k - t_k)^2"""
    cdef Py_ssize_t n, i
    cdef double difference, loss, total = 0
    if s == NULL:
        return 0.5 * squared_distance(o, t, rows * K)
    for n in range(rows):
        loss = 0
        for i in range(n * K, (n + 1) * K):
            difference = <double> (o[i] - t[i])
            loss += 0.5 * difference * difference
        total += case_weight(s, row, n) * loss
    return total


cdef inline double poisson_deviance(
    const floating* z, const floating* t, const double* s, const Py_ssize_t* row,
    const floating* o, Py_ssize_t rows, Py_ssize_t K,
) noexcept nogil:
    """sum_n s_n l_n with l = sum_k (t_k log(t_k / o_k) - t_k + o_k) and o = exp(z)"""
    cdef Py_ssize_t n, i
    cdef double loss, total = 0
    for n in range(rows):
        loss = 0
        for i in range(n * K, (n + 1) * K):
            loss += <double> o[i] - <double> t[i] * <double> z[i]
            if t[i] > <floating> 0:
                loss += <double> t[i] * (log(<double> t[i]) - 1)
        total += case_weight(s, row, n) * loss
    return total


cdef inline double output_loss(
    int loss,
    int out_activation,
    const floating* z,
    const floating* t,
    const double* s,
    const Py_ssize_t* row,
    floating* o,  # OUT
    Py_ssize_t rows,
    Py_ssize_t K,
) noexcept nogil:
    """o <- g(z), and the sum of s_n l_n over the block"""
    if loss == LOG_LOSS and out_activation == SOFTMAX:
        return softmax_log_loss(z, t, s, row, o, rows, K)
    if loss == LOG_LOSS:
        return logistic_log_loss(z, t, s, row, o, rows, K)
    skmlp_copy_row(<char*> o, <const char*> z, rows * K * sizeof(floating))
    activate(out_activation, o, rows * K)
    if loss == POISSON:
        return poisson_deviance(z, t, s, row, o, rows, K)
    return squared_error(t, s, row, o, rows, K)


cdef inline void output_delta(
    int loss,
    int out_activation,
    floating* z,  # scratch: o afterwards
    const floating* t,
    const double* s,
    const Py_ssize_t* row,
    floating* delta,  # IN: o, OUT: delta
    double scale,
    Py_ssize_t rows,
    Py_ssize_t K,
) noexcept nogil:
    """delta <- scale * s_n * dl_n/dz: o - t, times g'(z) for the squared error"""
    cdef Py_ssize_t n, i
    cdef floating factor
    if loss == SQUARED_ERROR and out_activation != IDENTITY:
        skmlp_copy_row(<char*> z, <const char*> delta, rows * K * sizeof(floating))
    if s == NULL:
        for i in range(rows * K):
            delta[i] = <floating> scale * (delta[i] - t[i])
    else:
        for n in range(rows):
            factor = <floating> (scale * case_weight(s, row, n))
            for i in range(n * K, (n + 1) * K):
                delta[i] = factor * (delta[i] - t[i])
    if loss == SQUARED_ERROR:
        multiply_by_derivative(out_activation, z, delta, rows * K)
