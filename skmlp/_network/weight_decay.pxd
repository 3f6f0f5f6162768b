"""Weight decay: lambda/2 sum w^2 over the weights, never the biases, and its derivative.

Source: the lecture's slide "Limiting the size of the Weights".
"""

from cython cimport floating

from .layers cimport scaled
from .workspace cimport Layer, Layout

cdef extern from "blocks.h" nogil:
    double skmlp_sum_of_squares_f64(const double* x, Py_ssize_t n)
    double skmlp_sum_of_squares_f32(const float* x, Py_ssize_t n)


cdef inline double penalty(
    const Layout* layout, const floating* parameters, double weight_decay
) noexcept nogil:
    """lambda/2 * sum_l ||W_l||^2"""
    cdef Py_ssize_t l
    cdef double total = 0
    cdef const Layer* layer
    for l in range(layout.n_layers):
        layer = &layout.layers[l]
        if floating is double:
            total += skmlp_sum_of_squares_f64(parameters + layer.W, layer.b - layer.W)
        else:
            total += skmlp_sum_of_squares_f32(parameters + layer.W, layer.b - layer.W)
    return 0.5 * weight_decay * total


cdef inline void start_gradient(
    const Layout* layout,
    const floating* parameters,
    double weight_decay,
    floating* gradient,  # OUT
) noexcept nogil:
    """gradient <- lambda W for the weights, 0 for the biases: what the data is added to

    A backward pass does this on its way; apart it is for gradients of data in parts.
    """
    cdef Py_ssize_t l, i
    cdef const Layer* layer
    for l in range(layout.n_layers):
        layer = &layout.layers[l]
        scaled(<floating> weight_decay, parameters + layer.W, gradient + layer.W,
               layer.b - layer.W)
        for i in range(layer.b, layer.b + layer.fan_out):
            gradient[i] = <floating> 0
