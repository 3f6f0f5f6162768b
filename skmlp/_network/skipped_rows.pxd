"""Rows of the first layer's weights that a batch of sparse cases does not name.

A feature that is zero in all cases of a batch adds nothing to the gradient of its row of W.
The update changes that row by decay and momentum alone, linearly:

    [w; v] <- M [w; v]

    momentum  M = [[1 - eta lambda, -gamma], [eta lambda, gamma]]
    nesterov  M = [[1 - eta lambda (1 + gamma), -gamma^2], [eta lambda, gamma]]
    adagrad   M = 1 without decay

A row that sat out k updates is brought up to date by M^k when a batch names it, and at the end
of the epoch: the result is that of updating all rows each time, to rounding.

Memory: for each feature how many updates its row has seen (`seen`: one more than have been
made, once the batch under way has named it) and where its row of the gradient lies (`place`);
the features that the batch names (`named`), whose rows of the gradient lie one after the other
in that order; and the powers of M, four numbers each: M^0 ... M^(STEPS - 1), then M^STEPS,
M^(2 STEPS), ...
"""

from cython cimport floating

from .inputs cimport InputRows, index_at
from .layers cimport scaled
from .weight_updates cimport ADAGRAD, MOMENTUM, NESTEROV, Update, UpdateRule, update_weights

cdef extern from "sparse_rows.h" nogil:
    enum:
        SKMLP_AHEAD
    void skmlp_prefetch_row_f64(const double* row, Py_ssize_t n)
    void skmlp_prefetch_row_f32(const float* row, Py_ssize_t n)
    void skmlp_transform_row_f64(
        double* w, double* v, Py_ssize_t n, double a, double b, double c, double d)
    void skmlp_transform_row_f32(
        float* w, float* v, Py_ssize_t n, float a, float b, float c, float d)


cdef enum:
    STEPS = 1024


cdef struct SkippedRows:
    Py_ssize_t n_features
    Py_ssize_t n_updates  # of this epoch
    Py_ssize_t* seen
    Py_ssize_t* place
    Py_ssize_t* named
    Py_ssize_t n_named
    double* powers
    Py_ssize_t n_powers
    bint moving  # whether M is not 1


cdef inline bint can_skip(const UpdateRule* rule, double weight_decay) noexcept nogil:
    """Whether a row without a gradient changes linearly."""
    return (rule.name == MOMENTUM or rule.name == NESTEROV
            or rule.name == ADAGRAD and weight_decay == 0)


cdef inline void multiply_powers(const double* A, const double* B, double* C) noexcept nogil:
    """C <- A @ B for two-by-two matrices"""
    C[0] = A[0] * B[0] + A[1] * B[2]
    C[1] = A[0] * B[1] + A[1] * B[3]
    C[2] = A[2] * B[0] + A[3] * B[2]
    C[3] = A[2] * B[1] + A[3] * B[3]


cdef inline void start_epoch(
    SkippedRows* skipped,  # IN OUT
    const UpdateRule* rule,
    double learning_rate,
    double weight_decay,
) noexcept nogil:
    """Forget the last epoch, and compute the powers of M at this learning rate."""
    cdef:
        double* powers = skipped.powers
        double M[4]
        double decay = learning_rate * weight_decay
        double gamma = rule.momentum
        Py_ssize_t i, k
    M[0], M[1], M[2], M[3] = 1 - decay, -gamma, decay, gamma
    if rule.name == NESTEROV:
        M[0], M[1] = 1 - decay * (1 + gamma), -gamma * gamma
    powers[0], powers[1], powers[2], powers[3] = 1, 0, 0, 1
    for k in range(1, STEPS):
        multiply_powers(M, powers + 4 * (k - 1), powers + 4 * k)
    multiply_powers(M, powers + 4 * (STEPS - 1), powers + 4 * STEPS)
    for k in range(STEPS + 1, skipped.n_powers):
        multiply_powers(powers + 4 * STEPS, powers + 4 * (k - 1), powers + 4 * k)
    for i in range(skipped.n_features):
        skipped.seen[i] = 0
    skipped.n_updates = skipped.n_named = 0
    skipped.moving = rule.name != ADAGRAD


cdef inline void bring_up_to_date(
    const SkippedRows* skipped,
    Py_ssize_t feature,
    floating* W,  # IN OUT
    floating* velocity,  # IN OUT
    Py_ssize_t fan_out,
) noexcept nogil:
    """[w; v] <- M^k [w; v] for a row that sat out k updates"""
    cdef Py_ssize_t k = skipped.n_updates - skipped.seen[feature]
    cdef const double* P = skipped.powers + 4 * (k % STEPS)
    cdef double product[4]
    if k <= 0 or not skipped.moving:
        return
    if k >= STEPS:
        multiply_powers(skipped.powers + 4 * (STEPS - 1 + k // STEPS), P, product)
        P = product
    W += feature * fan_out
    velocity += feature * fan_out
    if floating is double:
        skmlp_transform_row_f64(W, velocity, fan_out, P[0], P[1], P[2], P[3])
    else:
        skmlp_transform_row_f32(W, velocity, fan_out, <float> P[0], <float> P[1], <float> P[2],
                                <float> P[3])


cdef inline void prefetch_rows(
    const floating* W, const floating* velocity, Py_ssize_t feature, Py_ssize_t fan_out
) noexcept nogil:
    """Tell the cache of a row that is to be changed soon: such rows lie far apart"""
    if floating is double:
        skmlp_prefetch_row_f64(W + feature * fan_out, fan_out)
        skmlp_prefetch_row_f64(velocity + feature * fan_out, fan_out)
    else:
        skmlp_prefetch_row_f32(W + feature * fan_out, fan_out)
        skmlp_prefetch_row_f32(velocity + feature * fan_out, fan_out)


cdef inline void bring_all_up_to_date(
    SkippedRows* skipped,  # IN OUT
    floating* W,  # IN OUT
    floating* velocity,  # IN OUT
    Py_ssize_t fan_out,
) noexcept nogil:
    """The same for every row, at the end of an epoch or of what there was time for"""
    cdef Py_ssize_t i
    for i in range(skipped.n_features):
        bring_up_to_date(skipped, i, W, velocity, fan_out)
        skipped.seen[i] = max(skipped.seen[i], skipped.n_updates)


cdef inline void name_rows(
    SkippedRows* skipped,  # IN OUT
    const InputRows* X,
    const Py_ssize_t* row,
    double weight_decay,
    floating* W,  # IN OUT
    floating* velocity,  # IN OUT
    floating* gradient_W,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
) noexcept nogil:
    """Bring the rows of W that a block names up to date; start their gradient with lambda w"""
    cdef Py_ssize_t n, i, stop, feature
    for n in range(rows):
        stop = index_at(X.indptr, X.wide_indptr, row[n] + 1)
        for i in range(index_at(X.indptr, X.wide_indptr, row[n]), stop):
            if i + SKMLP_AHEAD < stop:
                feature = index_at(X.indices, X.wide_indices, i + SKMLP_AHEAD)
                prefetch_rows(W, velocity, feature, fan_out)
            feature = index_at(X.indices, X.wide_indices, i)
            if skipped.seen[feature] > skipped.n_updates:
                continue
            bring_up_to_date(skipped, feature, W, velocity, fan_out)
            skipped.seen[feature] = skipped.n_updates + 1
            skipped.place[feature] = skipped.n_named
            skipped.named[skipped.n_named] = feature
            scaled(<floating> weight_decay, W + feature * fan_out,
                   gradient_W + skipped.n_named * fan_out, fan_out)
            skipped.n_named += 1


cdef inline void update_named_rows(
    SkippedRows* skipped,  # IN OUT
    const Update* update,
    const floating* gradient_W,
    floating* state_W,  # IN OUT: the one vector of state that these rules have
    floating* W,  # IN OUT
    Py_ssize_t fan_out,
) noexcept nogil:
    """Update the rows that the batch has named; all others sit it out"""
    cdef Py_ssize_t i, start
    for i in range(skipped.n_named):
        if i + SKMLP_AHEAD < skipped.n_named:
            prefetch_rows(W, state_W, skipped.named[i + SKMLP_AHEAD], fan_out)
        start = skipped.named[i] * fan_out
        update_weights(update, gradient_W + i * fan_out, state_W + start, W + start, fan_out)
    skipped.n_named = 0
    skipped.n_updates += 1
