"""Stochastic gradient descent on one training case: every layer in one pass over its weights.

The general path (layers, backward_pass, weight_decay, weight_updates) reads and writes each
weight once per step of the algorithm. With one case per update nothing but that traffic
matters, so here back-propagation, decay, momentum and update of a layer are one loop, which
in the first layer also computes the net input of the next case. It is fastest where rows of
weights are padded (padding.pxd). Both paths compute the same to rounding.
"""

from cython cimport floating
from libc.string cimport memset

from .activations cimport activate, multiply_by_derivative
from .inputs cimport InputRows, gather_slab
from .layers cimport case_net_input
from .objective cimport add_output_loss, set_delta
from .targets cimport TargetRows
from .weight_updates cimport NESTEROV, UpdateRule
from .workspace cimport Layer, Layout

cdef extern from "single_case.h" nogil:
    ctypedef struct CaseLayer "skmlp_case_layer":
        void* W
        void* b
        void* v_W
        void* v_b
        Py_ssize_t fan_in
        Py_ssize_t fan_out
        double eta
        double gamma
        double weight_decay "lambda"
        bint nesterov
    void skmlp_case_backward_f64(
        const CaseLayer* layer, const double* h, const double* delta, double* delta_below)
    void skmlp_case_backward_f32(
        const CaseLayer* layer, const float* h, const float* delta, float* delta_below)
    void skmlp_case_update_f64(
        const CaseLayer* layer, const double* x, double* delta, const double* next_x, double* z)
    void skmlp_case_update_f32(
        const CaseLayer* layer, const float* x, float* delta, const float* next_x, float* z)


cdef inline void find_case_layers(
    const Layout* layout,  # of weights and velocities, which may be padded
    const UpdateRule* rule,
    double learning_rate,
    double weight_decay,
    floating* parameters,
    floating* velocity,
    CaseLayer* layers,  # OUT
) noexcept nogil:
    """Where the weights of each layer are, and what updates them."""
    cdef Py_ssize_t l
    cdef const Layer* place
    cdef CaseLayer* layer
    for l in range(layout.n_layers):
        place, layer = &layout.layers[l], &layers[l]
        layer.W, layer.b = parameters + place.W, parameters + place.b
        layer.v_W, layer.v_b = velocity + place.W, velocity + place.b
        layer.fan_in, layer.fan_out = place.fan_in, place.fan_out
        layer.eta = learning_rate
        layer.gamma = rule.momentum
        layer.weight_decay = weight_decay
        layer.nesterov = rule.name == NESTEROV


cdef inline void case_forward_pass(
    const Layout* layout,
    const CaseLayer* layers,
    floating* workspace,  # IN: z of the first layer; OUT: h of every layer, z of the last
) noexcept nogil:
    """The forward pass of one case, from the net input of the first layer on."""
    cdef Py_ssize_t l
    cdef const CaseLayer* above
    cdef floating* h
    for l in range(layout.n_layers - 1):
        above = &layers[l + 1]
        h = workspace + layout.layers[l].h
        activate(layout.layers[l].activation, h, layers[l].fan_out)
        case_net_input(h, <const floating*> above.W, <const floating*> above.b,
                       workspace + layout.layers[l + 1].h, above.fan_in, above.fan_out)


cdef inline void case_backward_and_update(
    const Layout* layout,
    const CaseLayer* layers,
    const floating* x,
    const floating* next_x,
    floating* workspace,  # IN: h, delta of the output; OUT: z of the first layer for next_x
) noexcept nogil:
    """The backward pass of one case, with each layer updated once its delta is handed down,
    and the first step of the forward pass of the next."""
    cdef:
        Py_ssize_t l, last = layout.n_layers - 1
        floating* h
        floating* delta = workspace + layout.delta
        floating* delta_below = workspace + layout.delta_below
    end_with_zeros(delta, layout.n_outputs, layers[last].fan_out)
    for l in range(last, 0, -1):
        h = workspace + layout.layers[l - 1].h
        if floating is double:
            skmlp_case_backward_f64(&layers[l], h, delta, delta_below)
        else:
            skmlp_case_backward_f32(&layers[l], h, delta, delta_below)
        multiply_by_derivative(layout.layers[l - 1].activation, h, delta_below, layers[l].fan_in)
        end_with_zeros(delta_below, layers[l].fan_in, layers[l - 1].fan_out)
        delta, delta_below = delta_below, delta
    h = workspace + layout.layers[0].h
    if floating is double:
        skmlp_case_update_f64(&layers[0], x, delta, next_x, h)
    else:
        skmlp_case_update_f32(&layers[0], x, delta, next_x, h)


cdef inline void end_with_zeros(
    floating* delta,  # IN OUT
    Py_ssize_t n,
    Py_ssize_t padded,
) noexcept nogil:
    """What follows n numbers of a row of this length <- 0"""
    if n < padded:
        memset(delta + n, 0, (padded - n) * sizeof(floating))


cdef inline void train_cases(
    const Layout* layout,
    const CaseLayer* layers,  # IN OUT: their weights and velocities
    const InputRows* X,
    const TargetRows* T,
    const Py_ssize_t* order,
    Py_ssize_t start,
    Py_ssize_t stop,
    floating* workspace,
    double* sums,  # IN OUT
    double* losses,  # OUT: one for each case of the epoch, or NULL
) noexcept nogil:
    """An update for each of the rows order[start:stop] of dense X, by momentum or Nesterov."""
    cdef:
        Py_ssize_t n
        double loss_before
        const CaseLayer* first = &layers[0]
        floating* x = workspace + layout.x
        floating* next_x = x + layout.n_features
    gather_slab(X, order + start, x, 1)
    case_net_input(x, <const floating*> first.W, <const floating*> first.b,
                   workspace + layout.layers[0].h, first.fan_in, first.fan_out)
    for n in range(start, stop):
        loss_before = sums[0]
        case_forward_pass(layout, layers, workspace)
        add_output_loss(layout, T, order + n, workspace, sums, 1)
        if losses != NULL:
            losses[n] = sums[0] - loss_before
        set_delta(layout, T, order + n, workspace, 1.0, 1)
        # The last one has none after it: its own row will do.
        gather_slab(X, order + min(n + 1, stop - 1), next_x, 1)
        case_backward_and_update(layout, layers, x, next_x, workspace)
        x, next_x = next_x, x
