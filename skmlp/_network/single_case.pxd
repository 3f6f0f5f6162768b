"""Stochastic gradient descent on one training case: every layer in one pass over its weights.

The general path (layers, backward_pass, weight_decay, weight_updates) reads and writes each
weight once per step of the algorithm. With one case per update nothing but that traffic
matters, so here back-propagation, decay, momentum and update of a layer are one loop, which
in the first layer also computes the net input of the next case. It is fastest where rows of
weights are padded (padding.pxd). Both paths compute the same to rounding.
"""

from cython cimport floating
from libc.string cimport memset

from .activations cimport multiply_by_derivative
from .weight_updates cimport NESTEROV, UpdateRule
from .workspace cimport Layer, Layout

cdef extern from "single_case.h" nogil:
    void skmlp_case_net_input_f64(
        const double* x, const double* W, const double* b, double* z,
        Py_ssize_t fan_in, Py_ssize_t fan_out)
    void skmlp_case_net_input_f32(
        const float* x, const float* W, const float* b, float* z,
        Py_ssize_t fan_in, Py_ssize_t fan_out)
    void skmlp_case_backward_f64(
        const double* h, const double* delta, double* W, double* b, double* v_W, double* v_b,
        double* delta_below, Py_ssize_t fan_in, Py_ssize_t fan_out, double eta, double gamma,
        double weight_decay, bint nesterov)
    void skmlp_case_backward_f32(
        const float* h, const float* delta, float* W, float* b, float* v_W, float* v_b,
        float* delta_below, Py_ssize_t fan_in, Py_ssize_t fan_out, float eta, float gamma,
        float weight_decay, bint nesterov)
    void skmlp_case_update_f64(
        const double* x, double* delta, double* W, double* b, double* v_W, double* v_b,
        const double* next_x, double* z, Py_ssize_t fan_in, Py_ssize_t fan_out, double eta,
        double gamma, double weight_decay, bint nesterov)
    void skmlp_case_update_f32(
        const float* x, float* delta, float* W, float* b, float* v_W, float* v_b,
        const float* next_x, float* z, Py_ssize_t fan_in, Py_ssize_t fan_out, float eta,
        float gamma, float weight_decay, bint nesterov)


cdef inline void case_net_input(
    const floating* x,
    const floating* W,
    const floating* b,
    floating* z,  # OUT
    Py_ssize_t fan_in,
    Py_ssize_t fan_out,
) noexcept nogil:
    """z <- x @ W + b"""
    if floating is double:
        skmlp_case_net_input_f64(x, W, b, z, fan_in, fan_out)
    else:
        skmlp_case_net_input_f32(x, W, b, z, fan_in, fan_out)


cdef inline void case_backward_and_update(
    const Layout* layout,  # of weights and velocities, which may be padded
    const UpdateRule* rule,
    double learning_rate,
    double weight_decay,
    const floating* x,
    const floating* next_x,
    floating* workspace,  # IN: h, delta of the output; OUT: z of the first layer for next_x
    floating* velocity,  # IN OUT
    floating* parameters,  # IN OUT
) noexcept nogil:
    """The backward pass of one case, with each layer updated once its delta is handed down,
    and the first step of the forward pass of the next."""
    cdef:
        Py_ssize_t l
        const Layer* layer
        floating* h
        floating* delta = workspace + layout.delta
        floating* delta_below = workspace + layout.delta_below
        bint nesterov = rule.name == NESTEROV
    end_with_zeros(delta, layout.n_outputs, layout.layers[layout.n_layers - 1].fan_out)
    for l in range(layout.n_layers - 1, 0, -1):
        layer = &layout.layers[l]
        h = workspace + layout.layers[l - 1].h
        if floating is double:
            skmlp_case_backward_f64(
                h, delta, parameters + layer.W, parameters + layer.b, velocity + layer.W,
                velocity + layer.b, delta_below, layer.fan_in, layer.fan_out, learning_rate,
                rule.momentum, weight_decay, nesterov)
        else:
            skmlp_case_backward_f32(
                h, delta, parameters + layer.W, parameters + layer.b, velocity + layer.W,
                velocity + layer.b, delta_below, layer.fan_in, layer.fan_out,
                <float> learning_rate, <float> rule.momentum, <float> weight_decay, nesterov)
        multiply_by_derivative(layout.layers[l - 1].activation, h, delta_below, layer.fan_in)
        end_with_zeros(delta_below, layer.fan_in, layout.layers[l - 1].fan_out)
        delta, delta_below = delta_below, delta
    layer = &layout.layers[0]
    if floating is double:
        skmlp_case_update_f64(
            x, delta, parameters + layer.W, parameters + layer.b, velocity + layer.W,
            velocity + layer.b, next_x, workspace + layer.h, layer.fan_in, layer.fan_out,
            learning_rate, rule.momentum, weight_decay, nesterov)
    else:
        skmlp_case_update_f32(
            x, delta, parameters + layer.W, parameters + layer.b, velocity + layer.W,
            velocity + layer.b, next_x, workspace + layer.h, layer.fan_in, layer.fan_out,
            <float> learning_rate, <float> rule.momentum, <float> weight_decay, nesterov)


cdef inline void end_with_zeros(
    floating* delta,  # IN OUT
    Py_ssize_t n,
    Py_ssize_t padded,
) noexcept nogil:
    """What follows n numbers of a row of this length <- 0"""
    memset(delta + n, 0, (padded - n) * sizeof(floating))
