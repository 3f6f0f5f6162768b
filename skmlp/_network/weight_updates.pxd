"""How much to update: one function per rule, over arrays that the caller owns.

Source: the lecture's slide "Ways to Use Weight Derivatives" (momentum), and the papers at
each rule. They agree with `torch.optim` to rounding.
"""

from cython cimport floating
from libc.math cimport pow, sqrt

cdef extern from "weight_updates.h" nogil:
    void skmlp_momentum_f64(
        const double* g, double* v, double* w, Py_ssize_t n, double eta, double gamma)
    void skmlp_momentum_f32(
        const float* g, float* v, float* w, Py_ssize_t n, float eta, float gamma)
    void skmlp_nesterov_f64(
        const double* g, double* v, double* w, Py_ssize_t n, double eta, double gamma)
    void skmlp_nesterov_f32(
        const float* g, float* v, float* w, Py_ssize_t n, float eta, float gamma)
    void skmlp_adagrad_f64(
        const double* g, double* s, double* w, Py_ssize_t n, double eta, double epsilon)
    void skmlp_adagrad_f32(
        const float* g, float* s, float* w, Py_ssize_t n, float eta, float epsilon)
    void skmlp_rmsprop_f64(
        const double* g, double* s, double* w, Py_ssize_t n, double eta, double rho, double
        one_minus_rho, double epsilon)
    void skmlp_rmsprop_f32(
        const float* g, float* s, float* w, Py_ssize_t n, float eta, float rho, float
        one_minus_rho, float epsilon)
    void skmlp_adadelta_f64(
        const double* g, double* s, double* d, double* w, Py_ssize_t n, double eta, double rho,
        double one_minus_rho, double epsilon)
    void skmlp_adadelta_f32(
        const float* g, float* s, float* d, float* w, Py_ssize_t n, float eta, float rho, float
        one_minus_rho, float epsilon)
    void skmlp_adam_f64(
        const double* g, double* m, double* s, double* w, Py_ssize_t n, double eta_t, double
        scale, double beta_1, double one_minus_beta_1, double beta_2, double one_minus_beta_2,
        double epsilon)
    void skmlp_adam_f32(
        const float* g, float* m, float* s, float* w, Py_ssize_t n, float eta_t, float scale,
        float beta_1, float one_minus_beta_1, float beta_2, float one_minus_beta_2, float
        epsilon)


cdef enum Rule:
    NO_RULE
    MOMENTUM
    NESTEROV
    ADAGRAD
    RMSPROP
    ADADELTA
    ADAM


cdef struct UpdateRule:
    int name
    Py_ssize_t n_vectors  # of state that the rule needs, each as long as the parameters
    double momentum  # gamma
    double rho
    double beta_1
    double beta_2
    double epsilon


cdef struct Update:
    const UpdateRule* rule
    double learning_rate
    Py_ssize_t t  # its number, counted from 1
    Py_ssize_t n_parameters  # from one vector of state to the next


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
    cdef:
        const UpdateRule* rule = update.rule
        floating* first = state
        floating* second = state + update.n_parameters
        double eta = update.learning_rate
        double eta_t, scale
    if rule.name == ADAM:
        eta_t = eta / (1 - pow(rule.beta_1, <double> update.t))
        scale = 1 / sqrt(1 - pow(rule.beta_2, <double> update.t))
        if floating is double:
            skmlp_adam_f64(
                gradient, first, second, parameters, n, eta_t, scale, rule.beta_1,
                1 - rule.beta_1, rule.beta_2, 1 - rule.beta_2, rule.epsilon)
        else:
            skmlp_adam_f32(
                gradient, first, second, parameters, n, <float> eta_t, <float> scale,
                <float> rule.beta_1, <float> (1 - rule.beta_1), <float> rule.beta_2,
                <float> (1 - rule.beta_2), <float> rule.epsilon)
    elif rule.name == MOMENTUM:
        if floating is double:
            skmlp_momentum_f64(
                gradient, first, parameters, n, eta, rule.momentum)
        else:
            skmlp_momentum_f32(
                gradient, first, parameters, n, <float> eta, <float> rule.momentum)
    elif rule.name == NESTEROV:
        if floating is double:
            skmlp_nesterov_f64(
                gradient, first, parameters, n, eta, rule.momentum)
        else:
            skmlp_nesterov_f32(
                gradient, first, parameters, n, <float> eta, <float> rule.momentum)
    elif rule.name == ADAGRAD:
        if floating is double:
            skmlp_adagrad_f64(
                gradient, first, parameters, n, eta, rule.epsilon)
        else:
            skmlp_adagrad_f32(
                gradient, first, parameters, n, <float> eta, <float> rule.epsilon)
    elif rule.name == RMSPROP:
        if floating is double:
            skmlp_rmsprop_f64(
                gradient, first, parameters, n, eta, rule.rho, 1 - rule.rho, rule.epsilon)
        else:
            skmlp_rmsprop_f32(
                gradient, first, parameters, n, <float> eta, <float> rule.rho,
                <float> (1 - rule.rho), <float> rule.epsilon)
    elif rule.name == ADADELTA:
        if floating is double:
            skmlp_adadelta_f64(
                gradient, first, second, parameters, n, eta, rule.rho, 1 - rule.rho,
                rule.epsilon)
        else:
            skmlp_adadelta_f32(
                gradient, first, second, parameters, n, <float> eta, <float> rule.rho,
                <float> (1 - rule.rho), <float> rule.epsilon)
