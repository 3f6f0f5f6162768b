"""How much to update: one function per rule, over arrays that the caller owns.

Source: the lecture's slide "Ways to Use Weight Derivatives" (momentum), and the papers at
each rule. They agree with `torch.optim` to rounding.
"""

from cython cimport floating

cdef extern from "weight_updates.h" nogil:
    enum:
        NO_RULE "SKMLP_NO_RULE"
        MOMENTUM "SKMLP_MOMENTUM"
        NESTEROV "SKMLP_NESTEROV"
        ADAGRAD "SKMLP_ADAGRAD"
        RMSPROP "SKMLP_RMSPROP"
        ADADELTA "SKMLP_ADADELTA"
        ADAM "SKMLP_ADAM"
    ctypedef struct UpdateRule "skmlp_update_rule":
        int name
        Py_ssize_t n_vectors
        double momentum
        double rho
        double beta_1
        double beta_2
        double epsilon
    ctypedef struct Update "skmlp_update":
        const UpdateRule* rule
        double learning_rate
        Py_ssize_t t
        Py_ssize_t n_parameters
    void skmlp_update_weights_f64(
        const Update* update, const double* g, double* state, double* w, Py_ssize_t n)
    void skmlp_update_weights_f32(
        const Update* update, const float* g, float* state, float* w, Py_ssize_t n)


cdef inline void update_weights(
    const Update* update,
    const floating* gradient,
    floating* state,  # IN OUT: the first of n_vectors vectors
    floating* parameters,  # IN OUT
    Py_ssize_t n,
) noexcept nogil:
    """Update n parameters by one of the rules

    MOMENTUM  v <- gamma v + eta g; w <- w - v. The learning rate stands inside the velocity,
              as on the slide: a step taken at an earlier rate goes on at that rate.
    NESTEROV  w <- w - (gamma v + eta g) with the new v.
    ADAGRAD   Duchi, Hazan & Singer (2011), "Adaptive subgradient methods".
    RMSPROP   Hinton (2012), "Neural networks for machine learning", lecture 6e. epsilon
              stands outside the root.
    ADADELTA  Zeiler (2012), "ADADELTA: an adaptive learning rate method". epsilon stands
              inside the roots.
    ADAM      Kingma & Ba (2015), "Adam: a method for stochastic optimization". epsilon is
              added to the root after its bias has been corrected.
    """
    if floating is double:
        skmlp_update_weights_f64(update, gradient, state, parameters, n)
    else:
        skmlp_update_weights_f32(update, gradient, state, parameters, n)
