"""delta from layer to layer, and the gradient of each: the backward pass of the lecture.

Source: the slides "Gradient Descent for Multi-layer Network" and "Backpropagation".
"""

from cython cimport floating

from .activations cimport multiply_by_derivative
from .inputs cimport InputRows, add_input_weight_gradient
from .layers cimport add_bias_gradient, add_weight_gradient, error_below
from .workspace cimport Layer, Layout


cdef inline void backward_pass(
    const Layout* layout,
    const InputRows* X,
    const Py_ssize_t* row,
    const floating* parameters,
    floating* workspace,  # IN: h, delta of the output; scratch afterwards
    floating* gradient,  # IN OUT
    Py_ssize_t rows,
) noexcept nogil:
    """gradient <- gradient + h_{l-1}.T @ delta_l, delta_{l-1} = delta_l @ W_l.T * f'(z_{l-1})"""
    cdef Py_ssize_t l
    cdef const Layer* layer
    cdef floating* h
    cdef floating* delta = workspace + layout.delta
    cdef floating* delta_below = workspace + layout.delta_below
    for l in range(layout.n_layers - 1, -1, -1):
        layer = &layout.layers[l]
        add_bias_gradient(delta, gradient + layer.b, rows, layer.fan_out)
        if l == 0:
            add_input_weight_gradient(X, row, workspace + layout.x, delta, gradient + layer.W,
                                      rows, layer.fan_out)
            return
        h = workspace + layout.layers[l - 1].h
        add_weight_gradient(h, delta, gradient + layer.W, rows, layer.fan_in, layer.fan_out)
        error_below(delta, parameters + layer.W, delta_below, rows, layer.fan_in, layer.fan_out)
        multiply_by_derivative(layout.layers[l - 1].activation, h, delta_below,
                               rows * layer.fan_in)
        delta, delta_below = delta_below, delta
