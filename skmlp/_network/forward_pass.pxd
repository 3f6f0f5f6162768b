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
    cdef const Layer* first = &layout.layers[0]
    cdef const Layer* layer
    cdef const Layer* above
    input_net_input(X, row, parameters + first.W, parameters + first.b, workspace + layout.x,
                    workspace + first.h, rows, first.fan_out, layout.n_threads)
    for l in range(layout.n_layers - 1):
        layer = &layout.layers[l]
        above = &layout.layers[l + 1]
        activate_in_slabs(layer.activation, workspace + layer.h, rows, layer.fan_out,
                          layer.fan_in, layout.n_threads)
        net_input(workspace + layer.h, parameters + above.W, parameters + above.b,
                  workspace + above.h, rows, above.fan_in, above.fan_out, layout.n_threads)
