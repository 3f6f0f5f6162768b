"""Rows of the first layer's weights that a batch of sparse cases does not name.

A feature that is zero in all cases of a batch adds nothing to the gradient of its row of W.
The update changes that row by decay and momentum alone, linearly, and that of a row which
the batch does name has the gradient g of the data in addition:

    [w; v] <- M [w; v]                        without
    [w; v] <- M [w; v] + eta [-beta g; g]     with

    momentum  M = [[1 - eta lambda, -gamma], [eta lambda, gamma]], beta = 1
    nesterov  M = [[1 - eta lambda (1 + gamma), -gamma^2], [eta lambda, gamma]], beta = 1 + gamma
    adagrad   M = 1 without decay, and an update that is not linear in g

A row that has sat out k updates is brought up to date by M^k: on the way, where it is read for
the net input; in the one pass that updates it, where a batch has named it; and at the end of
the epoch. The result is that of updating all rows each time, to rounding.

Nearly all the time goes into moving those rows between cache and memory. So one that a single
non-zero x names has no row of the gradient, which is x delta; the gradients of the others lie
one after the other.
"""

from cython cimport floating
from libc.string cimport memset

from .layers cimport scaled
from .sparse_rows cimport SparseRows, feature_at, start_of
from .weight_updates cimport ADAGRAD, MOMENTUM, NESTEROV, Update, UpdateRule, update_weights

cdef extern from "sparse_rows.h" nogil:
    enum:
        SKMLP_AHEAD
    void skmlp_prefetch_row_f64(const double* row, Py_ssize_t n)
    void skmlp_prefetch_row_f32(const float* row, Py_ssize_t n)
    void skmlp_add_combination_f64(
        double a, const double* w, double b, const double* v, double* z, Py_ssize_t n)
    void skmlp_add_combination_f32(
        float a, const float* w, float b, const float* v, float* z, Py_ssize_t n)
    void skmlp_transform_row_f64(
        const double* P, double a, double b, const double* g, double* w, double* v, Py_ssize_t n)
    void skmlp_transform_row_f32(
        const double* P, float a, float b, const float* g, float* w, float* v, Py_ssize_t n)


cdef enum:
    STEPS = 1024
    # The place of a gradient that there is none of
    UNNAMED = -2
    NAMED_ONCE = -1


cdef struct SkippedRow:
    Py_ssize_t n_updates  # of this epoch that the row has seen
    Py_ssize_t place  # of its row of the gradient, while a batch is under way


cdef struct NamedRow:
    Py_ssize_t feature
    Py_ssize_t i  # the non-zero that named it
    Py_ssize_t n  # and the case, by its number in the block


cdef struct SkippedRows:
    Py_ssize_t n_features
    Py_ssize_t n_updates  # of this epoch
    SkippedRow* rows
    NamedRow* named  # those of the batch under way, in the order of their first non-zeros
    Py_ssize_t n_named
    Py_ssize_t n_places  # rows of the gradient
    double* powers  # M^0 ... M^(STEPS - 1), then M^STEPS, M^(2 STEPS) ...; four numbers each
    Py_ssize_t n_powers
    bint moving  # whether M is not 1
    const void* velocity  # of the first layer's weights
    const void* delta  # of the first layer, where the block under way left it


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
    elif rule.name == ADAGRAD:
        M[0], M[1], M[2], M[3] = 1, 0, 0, 1
    powers[0], powers[1], powers[2], powers[3] = 1, 0, 0, 1
    for k in range(1, STEPS):
        multiply_powers(M, powers + 4 * (k - 1), powers + 4 * k)
    multiply_powers(M, powers + 4 * (STEPS - 1), powers + 4 * STEPS)
    for k in range(STEPS + 1, skipped.n_powers):
        multiply_powers(powers + 4 * STEPS, powers + 4 * (k - 1), powers + 4 * k)
    for i in range(skipped.n_features):
        skipped.rows[i].n_updates = 0
        skipped.rows[i].place = UNNAMED
    skipped.n_updates = skipped.n_named = skipped.n_places = 0
    skipped.moving = rule.name != ADAGRAD


cdef inline const double* power(
    const SkippedRows* skipped, Py_ssize_t k, double* product
) noexcept nogil:
    """M^k, from the table or in `product`"""
    if k < STEPS:
        return skipped.powers + 4 * k
    multiply_powers(skipped.powers + 4 * (STEPS - 1 + k // STEPS),
                    skipped.powers + 4 * (k % STEPS), product)
    return product


cdef inline void prefetch_row(const floating* row, Py_ssize_t n) noexcept nogil:
    """Tell the cache of a row that is soon needed: such rows lie far apart"""
    if floating is double:
        skmlp_prefetch_row_f64(row, n)
    else:
        skmlp_prefetch_row_f32(row, n)


cdef inline void name_rows(
    SkippedRows* skipped,  # IN OUT
    const SparseRows* X,
    const Py_ssize_t* row,
    floating* gradient_W,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
    bint whole_batch,
) noexcept nogil:
    """Note which rows of W a block names; start the gradients that are more than x delta"""
    cdef Py_ssize_t n, i, feature
    cdef Py_ssize_t* place
    for n in range(rows):
        for i in range(start_of(X, row[n]), start_of(X, row[n] + 1)):
            feature = feature_at(X, i)
            place = &skipped.rows[feature].place
            if place[0] == UNNAMED:
                skipped.named[skipped.n_named] = NamedRow(feature, i, n)
                skipped.n_named += 1
                place[0] = NAMED_ONCE
                if whole_batch:
                    continue
            if place[0] == NAMED_ONCE:
                place[0] = skipped.n_places
                skipped.n_places += 1
                memset(gradient_W + place[0] * fan_out, 0, fan_out * sizeof(floating))


cdef inline void add_skipped_product(
    const SkippedRows* skipped,
    const SparseRows* X,
    const Py_ssize_t* row,
    const floating* W,
    floating* z,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
) noexcept nogil:
    """z <- z + X[row] @ W with W as it is after M^k, where it is left as it was"""
    cdef Py_ssize_t n, i, stop, feature, start
    cdef double product[4]
    cdef const double* P
    cdef double x
    cdef bint needs_velocity = skipped.powers[5] != 0  # M[0, 1]
    cdef const floating* velocity = <const floating*> skipped.velocity
    for n in range(rows):
        stop = start_of(X, row[n] + 1)
        for i in range(start_of(X, row[n]), stop):
            if i + SKMLP_AHEAD < stop:
                start = feature_at(X, i + SKMLP_AHEAD) * fan_out
                prefetch_row(W + start, fan_out)
                if needs_velocity:
                    prefetch_row(velocity + start, fan_out)
            feature = feature_at(X, i)
            P = power(skipped, skipped.n_updates - skipped.rows[feature].n_updates, product)
            x = (<const floating*> X.values)[i]
            start = feature * fan_out
            add_combination(x * P[0], W + start, x * P[1], velocity + start, z + n * fan_out,
                            fan_out)


cdef inline void add_combination(
    double a,
    const floating* w,
    double b,
    const floating* v,
    floating* z,  # IN OUT
    Py_ssize_t n,
) noexcept nogil:
    """z <- z + a w + b v"""
    if floating is double:
        skmlp_add_combination_f64(a, w, b, v, z, n)
    else:
        skmlp_add_combination_f32(<float> a, w, <float> b, v, z, n)


cdef inline void add_named_gradient(
    SkippedRows* skipped,  # OUT: where delta lies
    const SparseRows* X,
    const Py_ssize_t* row,
    const floating* delta,
    floating* gradient_W,  # IN OUT
    Py_ssize_t rows,
    Py_ssize_t fan_out,
) noexcept nogil:
    """gradient <- gradient + X[row].T @ delta for the features that have a place there"""
    cdef Py_ssize_t n, i, place
    skipped.delta = delta
    if skipped.n_places == 0:
        return
    for n in range(rows):
        for i in range(start_of(X, row[n]), start_of(X, row[n] + 1)):
            place = skipped.rows[feature_at(X, i)].place
            if place != NAMED_ONCE:
                add_combination((<const floating*> X.values)[i], delta + n * fan_out, 0,
                                <const floating*> NULL, gradient_W + place * fan_out, fan_out)


cdef inline void update_named_rows(
    SkippedRows* skipped,  # IN OUT
    const Update* update,
    const SparseRows* X,
    floating* gradient_W,  # scratch afterwards
    floating* state_W,  # IN OUT: the one vector of state that these rules have
    floating* W,  # IN OUT
    Py_ssize_t fan_out,
) noexcept nogil:
    """Update the rows that the batch has named; all others sit it out"""
    cdef Py_ssize_t i, start
    cdef const NamedRow* named
    cdef SkippedRow* row
    cdef const floating* g
    cdef double x
    cdef double product[4]
    cdef const double* P
    cdef const UpdateRule* rule = update.rule
    cdef double beta = 1 + rule.momentum if rule.name == NESTEROV else 1
    # The last ones first: they may still be in the cache.
    for i in range(skipped.n_named - 1, -1, -1):
        if i >= SKMLP_AHEAD:
            start = skipped.named[i - SKMLP_AHEAD].feature * fan_out
            prefetch_row(W + start, fan_out)
            prefetch_row(state_W + start, fan_out)
        named = &skipped.named[i]
        row = &skipped.rows[named.feature]
        start = named.feature * fan_out
        if row.place == NAMED_ONCE:
            x = (<const floating*> X.values)[named.i]
            g = <const floating*> skipped.delta + named.n * fan_out
        else:
            x = 1
            g = gradient_W + row.place * fan_out
        if rule.name == ADAGRAD:
            scaled(<floating> x, g, gradient_W + skipped.n_places * fan_out, fan_out)
            update_weights(update, gradient_W + skipped.n_places * fan_out, state_W + start,
                           W + start, fan_out)
        else:
            P = power(skipped, skipped.n_updates + 1 - row.n_updates, product)
            transform_row(P, -beta * update.learning_rate * x, update.learning_rate * x, g,
                          W + start, state_W + start, fan_out)
        row.n_updates = skipped.n_updates + 1
        row.place = UNNAMED
    skipped.n_named = skipped.n_places = 0
    skipped.n_updates += 1


cdef inline void bring_all_up_to_date(
    SkippedRows* skipped,  # IN OUT
    floating* W,  # IN OUT
    floating* velocity,  # IN OUT
    Py_ssize_t fan_out,
) noexcept nogil:
    """[w; v] <- M^k [w; v] for every row, at the end of an epoch or of what there was time for"""
    cdef Py_ssize_t i, k
    cdef double product[4]
    for i in range(skipped.n_features):
        k = skipped.n_updates - skipped.rows[i].n_updates
        skipped.rows[i].n_updates = skipped.n_updates
        if k > 0 and skipped.moving:
            transform_row(power(skipped, k, product), 0, 0, <const floating*> NULL,
                          W + i * fan_out, velocity + i * fan_out, fan_out)


cdef inline void transform_row(
    const double* P,
    double a,
    double b,
    const floating* g,
    floating* w,  # IN OUT
    floating* v,  # IN OUT
    Py_ssize_t n,
) noexcept nogil:
    """[w; v] <- P [w; v] + [a g; b g], without the second term where g is NULL"""
    if floating is double:
        skmlp_transform_row_f64(P, a, b, g, w, v, n)
    else:
        skmlp_transform_row_f32(P, <float> a, <float> b, g, w, v, n)
