"""delta from layer to layer, and the gradient of each: the backward pass of the lecture.

Source: the slides "Gradient Descent for Multi-layer Network" and "Backpropagation".
"""

from cython cimport floating
from libc.string cimport memset

from .activations cimport multiply_by_derivative
from .inputs cimport InputRows, input_weight_gradient
from .layers cimport add_bias_gradient, error_below, weight_gradient
from .workspace cimport Layer, Layout


cdef inline void backward_pass(
    const Layout* layout,
    const InputRows* X,
    const Py_ssize_t* row,
    const floating* parameters,
    floating* workspace,  # IN: h, delta of the output; scratch afterwards
    floating* gradient,  # OUT; IN OUT where it is continued
    double weight_decay,
    bint continued,
    Py_ssize_t rows,
) noexcept nogil:
    """gradient <- lambda W_l + h_{l-1}.T @ delta_l, delta_{l-1} = delta_l @ W_l.T * f'(z_{l-1})

    Where the gradient is continued, it takes the place of lambda W_l.
    """
    cdef Py_ssize_t l
    cdef const Layer* layer
    cdef const floating* start = parameters
    cdef floating scale = <floating> weight_decay
    cdef floating* h
    cdef floating* delta = workspace + layout.delta
    cdef floating* delta_below = workspace + layout.delta_below
    if continued:
        start = gradient
        scale = <floating> 1
    for l in range(layout.n_layers - 1, -1, -1):
        layer = &layout.layers[l]
        if not continued:
            memset(gradient + layer.b, 0, layer.fan_out * sizeof(floating))
        add_bias_gradient(delta, gradient + layer.b, rows, layer.fan_out)
        if l == 0:
            input_weight_gradient(X, row, workspace + layout.x, delta, scale, start + layer.W,
                                  gradient + layer.W, rows, layer.fan_out)
            return
        h = workspace + layout.layers[l - 1].h
        weight_gradient(h, delta, scale, start + layer.W, gradient + layer.W, rows,
                        layer.fan_in, layer.fan_out)
        hidden_delta(layout, l, parameters, workspace, delta, delta_below, rows)
        delta, delta_below = delta_below, delta


cdef inline void backward_pass_to_inputs(
    const Layout* layout,
    const floating* parameters,
    floating* workspace,  # IN: h, delta of the output; scratch afterwards
    floating* input_gradient,  # OUT
    Py_ssize_t rows,
) noexcept nogil:
    """input_gradient <- delta_1 @ W_1.T, with delta_1 as in `backward_pass`"""
    cdef Py_ssize_t l
    cdef const Layer* first = &layout.layers[0]
    cdef floating* delta = workspace + layout.delta
    cdef floating* delta_below = workspace + layout.delta_below
    for l in range(layout.n_layers - 1, 0, -1):
        hidden_delta(layout, l, parameters, workspace, delta, delta_below, rows)
        delta, delta_below = delta_below, delta
    error_below(delta, parameters + first.W, workspace + layout.transposed_W, input_gradient,
                rows, first.fan_in, first.fan_out)


cdef inline void hidden_delta(
    const Layout* layout,
    Py_ssize_t l,
    const floating* parameters,
    floating* workspace,  # IN: h
    const floating* delta,
    floating* delta_below,  # OUT
    Py_ssize_t rows,
) noexcept nogil:
    """delta_below <- delta @ W_l.T * f'(z_{l-1}), with f' from h_{l-1}"""
    cdef const Layer* layer = &layout.layers[l]
    cdef const Layer* below = &layout.layers[l - 1]
    error_below(delta, parameters + layer.W, workspace + layout.transposed_W, delta_below, rows,
                layer.fan_in, layer.fan_out)
    multiply_by_derivative(below.activation, workspace + below.h, delta_below,
                           rows * layer.fan_in)
