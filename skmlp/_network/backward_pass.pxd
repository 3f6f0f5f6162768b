"""delta from layer to layer, the gradient of each and its update: the backward pass of the
lecture.

Source: the slides "Gradient Descent for Multi-layer Network" and "Backpropagation".
"""

from cython cimport floating
from cython.parallel cimport prange
from libc.string cimport memset

from .activations cimport column_delta, multiply_by_derivative_in_slabs
from .inputs cimport InputRows, input_weight_gradient
from .layers cimport add_bias_gradient, error_below, gradient_slab, weight_gradient
from .products cimport SMALL_BYTES
from .slabs cimport n_slabs
from .weight_updates cimport Update, update_weights
from .workspace cimport Layer, Layout

cdef extern from "threads.h" nogil:
    void skmlp_claim(const char* start, Py_ssize_t n_bytes)


cdef struct GradientTask:
    double weight_decay
    bint continued  # what is there is added to, and lambda W is not
    const Update* update  # of a layer whose gradient is complete, or NULL


cdef inline void backward_pass(
    const Layout* layout,
    const GradientTask* task,
    const InputRows* X,
    const Py_ssize_t* row,
    floating* parameters,  # IN OUT where there is an update
    floating* workspace,  # IN: h, delta of the output; scratch afterwards
    floating* gradient,  # OUT; IN OUT where it is continued
    floating* state,  # IN OUT where there is an update
    Py_ssize_t rows,
) noexcept nogil:
    """gradient <- lambda W_l + h_{l-1}.T @ delta_l, delta_{l-1} = delta_l @ W_l.T * f'(z_{l-1})

    A layer is updated once its delta has been handed down.
    """
    cdef Py_ssize_t l
    cdef floating* delta = workspace + layout.delta
    cdef floating* delta_below = workspace + layout.delta_below
    for l in range(layout.n_layers - 1, -1, -1):
        if l > 0:
            hidden_delta(layout, l, parameters, workspace, delta, delta_below, rows)
        layer_gradient(layout, l, task, X, row, parameters, workspace, delta, gradient, state,
                       rows)
        delta, delta_below = delta_below, delta


cdef inline void layer_gradient(
    const Layout* layout,
    Py_ssize_t l,
    const GradientTask* task,
    const InputRows* X,
    const Py_ssize_t* row,
    floating* parameters,  # IN OUT where there is an update
    const floating* workspace,
    const floating* delta,
    floating* gradient,  # OUT; IN OUT where it is continued
    floating* state,  # IN OUT where there is an update
    Py_ssize_t rows,
) noexcept nogil:
    """The gradient of a layer and its update, in slabs of rows of W"""
    cdef:
        const Layer* layer = &layout.layers[l]
        Py_ssize_t i, fan_in = layer.fan_in
        Py_ssize_t slab = gradient_slab(rows, fan_in, layer.fan_out, sizeof(floating),
                                        layout.n_threads)
    if slab == fan_in or l == 0 and X.sparse:
        slab_gradient(layout, l, task, X, row, parameters, workspace, delta, gradient, state,
                      rows, 0, fan_in)
        return
    for i in prange(n_slabs(fan_in, slab), num_threads=layout.n_threads, schedule="static"):
        slab_gradient(layout, l, task, X, row, parameters, workspace, delta, gradient, state,
                      rows, i * slab, min(slab, fan_in - i * slab))


cdef inline void slab_gradient(
    const Layout* layout,
    Py_ssize_t l,
    const GradientTask* task,
    const InputRows* X,
    const Py_ssize_t* row,
    floating* parameters,  # IN OUT where there is an update
    const floating* workspace,
    const floating* delta,
    floating* gradient,  # OUT; IN OUT where it is continued
    floating* state,  # IN OUT where there is an update
    Py_ssize_t rows,
    Py_ssize_t first,
    Py_ssize_t n,
) noexcept nogil:
    """The same for n rows of W from the first, and for b, which follows the last of them"""
    cdef:
        const Layer* layer = &layout.layers[l]
        Py_ssize_t fan_out = layer.fan_out, start = layer.W + first * fan_out
        Py_ssize_t end = start + n * fan_out
        const floating* S = (gradient if task.continued else parameters) + start
        floating scale = <floating> (1.0 if task.continued else task.weight_decay)
    if n < layer.fan_in and task.update != NULL:
        skmlp_claim(<const char*> (parameters + start), n * fan_out * sizeof(floating))
    if l == 0:
        input_weight_gradient(X, row, workspace + layout.x, delta, scale, S, gradient + start,
                              rows, fan_out, first, n, layout.n_threads)
        # Rows of W that a sparse batch names are updated elsewhere (sparse_batches.pxd).
        if X.skipped != NULL:
            start = layer.b
    else:
        weight_gradient(workspace + layout.layers[l - 1].h + first, delta, scale, S,
                        gradient + start, rows, layer.fan_in, fan_out, n)
    if end == layer.b:
        if not task.continued:
            memset(gradient + layer.b, 0, fan_out * sizeof(floating))
        add_bias_gradient(delta, gradient + layer.b, rows, fan_out)
        end += fan_out
    if task.update != NULL:
        update_weights(task.update, gradient + start, state + start, parameters + start,
                       end - start)


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
    cdef floating* transposed = NULL
    for l in range(layout.n_layers - 1, 0, -1):
        hidden_delta(layout, l, parameters, workspace, delta, delta_below, rows)
        delta, delta_below = delta_below, delta
    # The workspace has room for the transpose of the first W where that is small.
    if first.fan_in * first.fan_out * sizeof(floating) <= SMALL_BYTES:
        transposed = workspace + layout.transposed
    error_below(delta, parameters + first.W, transposed, input_gradient, rows, first.fan_in,
                first.fan_out, layout.n_threads)


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
    if layer.fan_out == 1 and column_delta(
            below.activation, delta, parameters + layer.W, workspace + below.h, delta_below, rows,
            layer.fan_in):
        return
    error_below(delta, parameters + layer.W, workspace + layout.transposed, delta_below, rows,
                layer.fan_in, layer.fan_out, layout.n_threads)
    multiply_by_derivative_in_slabs(below.activation, workspace + below.h, delta_below, rows,
                                    layer.fan_in, layer.fan_out, layout.n_threads)
