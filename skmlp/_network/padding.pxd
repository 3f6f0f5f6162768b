"""Weights whose rows are padded with zeros, up to whole vectors.

Updates by single cases spend their time reading and writing weights. Where there are many, they
work on a copy whose rows are whole vectors and start with one, so that none crosses a cache
line. What is added stays zero: the part of delta that it is multiplied with is zero too.
"""

from cython cimport floating
from libc.string cimport memcpy, memset

from .levels cimport skmlp_vector_bytes
from .workspace cimport Layer, Layout, aligned


cdef inline Py_ssize_t padded_length(Py_ssize_t n, Py_ssize_t itemsize) noexcept nogil:
    """Numbers in a row of n with what fills its last vector; one number stays alone.

    Vectors are the longest of the processor that such a row fills by more than half.
    """
    cdef Py_ssize_t vector = skmlp_vector_bytes()
    if n == 1:
        return n
    while vector >= 2 * n * itemsize:
        vector //= 2
    vector = max(vector // itemsize, 1)
    return (n + vector - 1) // vector * vector


cdef inline void pad_layout(
    const Layout* layout,
    Layout* padded,  # IN OUT: has layers of its own
) noexcept nogil:
    """The same network with padded rows of W and b. In the workspace nothing moves: there is
    room behind each part."""
    cdef Py_ssize_t l, end = 0
    cdef Layer* layer
    cdef Layer* layers = padded.layers
    padded[0] = layout[0]
    padded.layers = layers
    for l in range(layout.n_layers):
        layer = &layers[l]
        layer[0] = layout.layers[l]
        layer.fan_out = padded_length(layer.fan_out, layout.itemsize)
        layer.W = end
        layer.b = layer.W + layer.fan_in * layer.fan_out
        end = aligned(layer.b + layer.fan_out)
    padded.n_parameters = end


cdef inline void copy_parameters(
    const Layout* layout,
    const floating* parameters,
    const Layout* to_layout,
    floating* to,  # OUT
) noexcept nogil:
    """Copy all parameters, or their velocities, into rows that are padded, or back."""
    cdef Py_ssize_t l, i, n, length, to_length
    cdef const floating* source
    cdef floating* rows
    for l in range(layout.n_layers):
        source, rows = parameters + layout.layers[l].W, to + to_layout.layers[l].W
        length, to_length = layout.layers[l].fan_out, to_layout.layers[l].fan_out
        n = min(length, to_length)
        for i in range(layout.layers[l].fan_in + 1):  # b follows W
            memcpy(rows + i * to_length, source + i * length, n * sizeof(floating))
            memset(rows + i * to_length + n, 0, (to_length - n) * sizeof(floating))
