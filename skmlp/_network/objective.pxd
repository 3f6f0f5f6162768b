"""The loss of a block of rows, and its gradient: one pass forward and one backward."""

from cython cimport floating

from .backward_pass cimport GradientTask, backward_pass
from .forward_pass cimport forward_pass
from .inputs cimport InputRows
from .losses cimport output_delta, output_loss
from .scores cimport add_scores
from .targets cimport TargetRows, gather_targets
from .workspace cimport Layer, Layout


cdef inline void add_loss(
    const Layout* layout,
    const InputRows* X,
    const TargetRows* T,
    const Py_ssize_t* row,
    const floating* parameters,
    floating* workspace,
    double* sums,  # IN OUT
    Py_ssize_t rows,
) noexcept nogil:
    """Forward pass of a block; its loss and scores go to `sums`, o to the place of delta."""
    forward_pass(layout, X, row, parameters, workspace, rows)
    add_output_loss(layout, T, row, workspace, sums, rows)


cdef inline void add_output_loss(
    const Layout* layout,
    const TargetRows* T,
    const Py_ssize_t* row,
    floating* workspace,  # IN: z of the last layer
    double* sums,  # IN OUT
    Py_ssize_t rows,
) noexcept nogil:
    cdef:
        const Layer* last = &layout.layers[layout.n_layers - 1]
        floating* z = workspace + last.h
        floating* t = workspace + layout.t
        floating* o = workspace + layout.delta
    gather_targets(T, row, t, rows)
    sums[0] += output_loss(layout.loss, last.activation, z, t, T.weights, row, o, rows,
                           layout.n_outputs)
    add_scores(layout.score, z, o, t, T.weights, row, sums + 1, rows, layout.n_outputs)


cdef inline void add_gradient(
    const Layout* layout,
    const GradientTask* task,
    const InputRows* X,
    const TargetRows* T,
    const Py_ssize_t* row,
    floating* parameters,  # IN OUT where there is an update
    floating* workspace,
    floating* gradient,  # OUT; IN OUT where it is continued
    floating* state,  # IN OUT where there is an update
    double* sums,  # IN OUT
    double scale,
    Py_ssize_t rows,
) noexcept nogil:
    """Forward and backward pass of a block: gradient <- lambda w + scale sum_n s_n dl_n/dw

    A gradient that is continued is added to, and starts from no lambda w. Then comes the update
    of the task, if it has one.
    """
    add_loss(layout, X, T, row, parameters, workspace, sums, rows)
    set_delta(layout, T, row, workspace, scale, rows)
    backward_pass(layout, task, X, row, parameters, workspace, gradient, state, rows)


cdef inline void set_delta(
    const Layout* layout,
    const TargetRows* T,
    const Py_ssize_t* row,
    floating* workspace,  # IN OUT
    double scale,
    Py_ssize_t rows,
) noexcept nogil:
    """Turn o, as `add_loss` left it, into the error signal of the output layer."""
    cdef const Layer* last = &layout.layers[layout.n_layers - 1]
    output_delta(layout.loss, last.activation, workspace + last.h, workspace + layout.t,
                 T.weights, row, workspace + layout.delta, scale, rows, layout.n_outputs)
