"""x -> h -> o: the forward pass of the lecture, for a block of rows."""

from cython cimport floating

from .activations cimport activate_in_slabs
from .inputs cimport InputRows, input_net_input
from .layers cimport net_input
from .workspace cimport Layer, Layout


cdef inline void forward_pass(
    const Layout* layout,
    const InputRows* X,
    const Py_ssize_t* row,
    const floating* parameters,
    floating* workspace,  # OUT: h of every layer, z of the last
    Py_ssize_t rows,
) noexcept nogil:
    """h_l = f(h_{l-1} @ W_l + b_l), where the last layer is left at its net input z"""
    cdef Py_ssize_t l
    cdef const Layer* layer
    for l in range(layout.n_layers):
        layer = &layout.layers[l]
        if l == 0:
            input_net_input(X, row, parameters + layer.W, parameters + layer.b,
                            workspace + layout.x, workspace + layer.h, rows, layer.fan_out,
                            layout.n_threads)
        else:
            net_input(workspace + layout.layers[l - 1].h, parameters + layer.W,
                      parameters + layer.b, workspace + layer.h, rows, layer.fan_in,
                      layer.fan_out, layout.n_threads)
        if l < layout.n_layers - 1:
            activate_in_slabs(layer.activation, workspace + layer.h, rows, layer.fan_out,
                              layer.fan_in, layout.n_threads)
