"""The memory layout: what lies where, and how large it must be.

Parameters, velocities and gradients are flat vectors, one layer after the other:

    W_1 (fan_in, fan_out) | b_1 (fan_out,) | W_2 | b_2 | ...

The workspace is one vector too. With a block of `block_rows` training cases it holds

    x | h_1 | h_2 | ... | h_L | t | delta | delta_below | transposed

where h_l and t have a row per case. x has one more, for the case that follows; where all inputs
are sparse, and read in place, it is left out. delta and delta_below have a row of the widest
layer per case. The last part has room for what is transposed to hand delta down: W of any layer
whose weights are small, or delta and delta_below of a layer whose weights are large. The block of
the last layer holds its net input z until the error signal is computed.
Each part starts at a multiple of ALIGNMENT elements.
"""

from .products cimport SMALL_BYTES

cdef enum:
    ALIGNMENT = 16  # at least the numbers of a vector: a padded row ends there (padding.pxd)


cdef struct Layer:
    Py_ssize_t fan_in
    Py_ssize_t fan_out
    int activation
    Py_ssize_t W  # where the weights start in a vector of parameters
    Py_ssize_t b  # where the biases start
    Py_ssize_t h  # where the layer's activations start in the workspace


cdef struct Layout:
    Py_ssize_t n_layers
    Layer* layers
    Py_ssize_t itemsize  # bytes of a number
    Py_ssize_t block_rows
    Py_ssize_t n_features
    bint sparse  # inputs, none of which is dense: there is no room for x
    Py_ssize_t n_outputs
    Py_ssize_t n_parameters
    Py_ssize_t x
    Py_ssize_t t
    Py_ssize_t delta
    Py_ssize_t delta_below
    Py_ssize_t transposed
    Py_ssize_t n_workspace
    int n_threads  # that share the work of a large product
    int loss
    int score


cdef inline Py_ssize_t aligned(Py_ssize_t n) noexcept nogil:
    return (n + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


cdef inline void place_parameters(Layout* layout) noexcept nogil:
    """Fill in where W and b of each layer start."""
    cdef Py_ssize_t l, end = 0
    for l in range(layout.n_layers):
        layout.layers[l].W = end
        end += layout.layers[l].fan_in * layout.layers[l].fan_out
        layout.layers[l].b = end
        end += layout.layers[l].fan_out
    layout.n_parameters = end


cdef inline void place_workspace(Layout* layout) noexcept nogil:
    """Fill in where each part of the workspace starts."""
    cdef Py_ssize_t l, n_weights, widest = 1, n_transposed = 0, rows = layout.block_rows
    cdef Py_ssize_t end = 0 if layout.sparse else aligned((rows + 1) * layout.n_features)
    layout.x = 0
    for l in range(layout.n_layers):
        layout.layers[l].h = end
        end += aligned(rows * layout.layers[l].fan_out)
        widest = max(widest, layout.layers[l].fan_out)
        n_weights = layout.layers[l].fan_in * layout.layers[l].fan_out
        if n_weights * layout.itemsize <= SMALL_BYTES:
            n_transposed = max(n_transposed, n_weights)
        elif l > 0:
            n_transposed = max(
                n_transposed, rows * (layout.layers[l].fan_in + layout.layers[l].fan_out))
    layout.t = end
    layout.delta = layout.t + aligned(rows * layout.n_outputs)
    layout.delta_below = layout.delta + aligned(rows * widest)
    layout.transposed = layout.delta_below + aligned(rows * widest)
    layout.n_workspace = layout.transposed + n_transposed
