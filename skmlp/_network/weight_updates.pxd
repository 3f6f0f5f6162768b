"""How much to update: one function per rule, over arrays that the caller owns.

Source: the lecture's slide "Ways to Use Weight Derivatives".
"""

from cython cimport floating

cdef extern from "blocks.h" nogil:
    void skmlp_momentum_update_f64(
        const double* g, double* v, double* w, Py_ssize_t n, double eta, double gamma)
    void skmlp_momentum_update_f32(
        const float* g, float* v, float* w, Py_ssize_t n, float eta, float gamma)


cdef struct UpdateRule:
    double momentum  # gamma
    bint nesterov


cdef inline void update_weights(
    const UpdateRule* rule,
    double learning_rate,
    const floating* gradient,
    floating* velocity,  # IN OUT
    floating* parameters,  # IN OUT
    Py_ssize_t n,
) noexcept nogil:
    """v <- gamma v + eta g; w <- w - v, or w <- w - (gamma v + eta g) after Nesterov

    The learning rate stands inside the velocity, as on the slide: a step that was taken
    with an earlier learning rate goes on at that rate.
    """
    cdef Py_ssize_t i
    cdef floating eta = <floating> learning_rate, gamma = <floating> rule.momentum
    if rule.nesterov:
        for i in range(n):
            velocity[i] = gamma * velocity[i] + eta * gradient[i]
            parameters[i] -= gamma * velocity[i] + eta * gradient[i]
    elif floating is double:
        skmlp_momentum_update_f64(gradient, velocity, parameters, n, eta, gamma)
    else:
        skmlp_momentum_update_f32(gradient, velocity, parameters, n, eta, gamma)
