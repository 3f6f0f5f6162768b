"""What the running score of an epoch is made of: hits of a classifier, residuals of a regressor."""

from cython cimport floating

from .losses cimport case_weight, squared_distance


cdef enum Score:
    ACCURACY  # the class with the largest net input
    SUBSET_ACCURACY  # every label of the case
    SQUARED_RESIDUALS  # per output, for R^2


cdef inline bint is_hit(const floating* z, const floating* t, Py_ssize_t K) noexcept nogil:
    """Whether the unit with the largest net input is that of the target."""
    cdef Py_ssize_t k, winner = 0
    for k in range(1, K):
        if z[k] > z[winner]:
            winner = k
    return t[winner] > <floating> 0


cdef inline bint agrees(const floating* z, const floating* t, Py_ssize_t K) noexcept nogil:
    """Whether every unit is on the side of its target: o > 1/2 means z > 0."""
    cdef Py_ssize_t k
    for k in range(K):
        if (z[k] > <floating> 0) != (t[k] > <floating> 0):
            return False
    return True


cdef inline void add_scores(
    int score,
    const floating* z,
    const floating* o,
    const floating* t,
    const double* s,
    const Py_ssize_t* row,
    double* sums,  # IN OUT: one number, or one per output for SQUARED_RESIDUALS
    Py_ssize_t rows,
    Py_ssize_t K,
) noexcept nogil:
    """sums <- sums + s_n * hit_n, or + s_n * (o_n - t_n)^2 per output"""
    cdef Py_ssize_t n, k
    cdef double weight, residual
    if score == SQUARED_RESIDUALS and K == 1 and s == NULL:
        sums[0] += squared_distance(o, t, rows)
        return
    if score == SQUARED_RESIDUALS:
        for n in range(rows):
            weight = case_weight(s, row, n)
            for k in range(K):
                residual = <double> (o[n * K + k] - t[n * K + k])
                sums[k] += weight * residual * residual
        return
    for n in range(rows):
        weight = case_weight(s, row, n)
        if score == ACCURACY and K > 1:
            sums[0] += weight * is_hit(z + n * K, t + n * K, K)
        else:
            sums[0] += weight * agrees(z + n * K, t + n * K, K)
