"""Rows of the first layer's weights that a batch of sparse cases does not name.

A feature that is zero in all cases of a batch adds nothing to the gradient of its row of W.
The update changes that row by decay and momentum alone, linearly, and that of a row which
the batch does name has the gradient g of the data in addition:

    [w; v] <- M [w; v]                        without
    [w; v] <- M [w; v] + eta [-beta g; g]     with

    momentum  M = [[1 - eta lambda, -gamma], [eta lambda, gamma]], beta = 1
    nesterov  M = [[1 - eta lambda (1 + gamma), -gamma^2], [eta lambda, gamma]], beta = 1 + gamma
    adagrad   M = 1 without decay, and an update that is not linear in g

A row that has sat out k updates is brought up to date by M^k: at the latest when a batch names
it, and at the end of the epoch. The result is that of updating all rows each time, to rounding.

Nearly all the time goes into moving those rows between cache and memory. So a row that a single
non-zero x of a batch names waits for its update until it is brought up to date anyway. Its
gradient is x delta, and k updates from that one on are

    [w; v] <- M^k [w; v] + M^(k-1) eta [-beta x delta; x delta]

A row that several non-zeros name has a gradient row to itself, and is updated at the end of the
batch; so is every row that is named where a batch is more than a block, or delta finds no room.
The gradient rows, as many as W has or a few more, hold

    gradients of such rows, slab after slab | delta of the cases that rows wait for | scratch

the first anew for each batch; deltas are added in front of the others until no room is left. Then
all rows are brought up to date, as they are after so many updates as there are features: that
bounds k.
"""

from cython cimport floating
from libc.stdint cimport int32_t, uint32_t

from .layers cimport scaled
from .weight_updates cimport ADAGRAD, MOMENTUM, NESTEROV, Update, UpdateRule, update_weights

cdef extern from "sparse_rows.h" nogil:
    ctypedef struct RowsAhead "skmlp_ahead":
        const char* far_w
        const char* far_v
        const char* near_w
        const char* near_v
        const char* near_g
    void skmlp_add_row_f64(
        double x, const double* w, double* z, const RowsAhead* ahead, Py_ssize_t n)
    void skmlp_add_row_f32(
        float x, const float* w, float* z, const RowsAhead* ahead, Py_ssize_t n)
    ctypedef struct Transform "skmlp_transform":
        double P[4]
        double c[2]
    void skmlp_transform_row_f64(
        const Transform* transform, double x_g, const double* g, double* w, double* v, double x,
        double* z, const RowsAhead* ahead, Py_ssize_t n)
    void skmlp_transform_row_f32(
        const Transform* transform, double x_g, const float* g, float* w, float* v, float x,
        float* z, const RowsAhead* ahead, Py_ssize_t n)


cdef enum:
    STEPS = 1024
    NONE = -1
    N_SLABS = 4  # as many threads can share a batch; the bits depend on it


cdef struct SkippedRow:
    uint32_t n_updates  # of this epoch that w and v have seen
    int32_t gradient_row  # that will update it, or NONE
    double x  # what that is multiplied by


cdef struct NonZero:
    int32_t row  # of W; where it is added to a gradient row, of these
    int32_t n  # of the case, in its block
    double x


cdef struct FeatureSlab:  # sparse_batches.pxd
    Py_ssize_t start  # of the non-zeros that name its features, case after case
    Py_ssize_t stop
    Py_ssize_t first_gradient_row  # its first place in `updated`, too
    Py_ssize_t n_updated  # how many of both it needs
    Py_ssize_t n_added  # of the non-zeros from the start, to gradient rows


cdef struct SkippedRows:
    Py_ssize_t n_features
    Py_ssize_t fan_out
    Py_ssize_t n_slabs  # N_SLABS, or one: a power of two
    FeatureSlab* slabs  # elsewhere: a thread writes to its own while others copy this
    NonZero* non_zeros  # of the block under way: (n_slabs, most_non_zeros)
    Py_ssize_t most_non_zeros
    uint32_t n_updates  # of this epoch
    uint32_t n_seen_by_all  # of these every row has seen so many
    UpdateRule rule
    double learning_rate
    SkippedRow* rows
    Py_ssize_t* updated  # the features whose rows are updated at the end of the batch under way
    Py_ssize_t first_delta  # the first gradient row that holds delta of a case
    bint waits  # whether rows can wait for the block under way
    Transform* transforms  # by 0, 1, ..., STEPS updates, then 2 STEPS, 3 STEPS, ...
    Py_ssize_t n_transforms
    Py_ssize_t n_gradient_rows  # without the scratch rows, one for each slab
    void* gradient_rows
    void* sums  # of x W, of all slabs but the first: (n_slabs - 1, rows of a block, fan_out)
    void* velocity  # of W, or the other state that a rule has


cdef inline bint can_skip(const UpdateRule* rule, double weight_decay) noexcept nogil:
    """Whether a row without a gradient changes linearly."""
    return (rule.name == MOMENTUM or rule.name == NESTEROV
            or rule.name == ADAGRAD and weight_decay == 0)


cdef inline void follow(
    const Transform* first,
    const Transform* then,
    Transform* both,  # OUT
) noexcept nogil:
    """The first one, and then another without a gradient"""
    cdef Py_ssize_t i
    for i in range(0, 4, 2):
        both.P[i] = then.P[i] * first.P[0] + then.P[i + 1] * first.P[2]
        both.P[i + 1] = then.P[i] * first.P[1] + then.P[i + 1] * first.P[3]
        both.c[i // 2] = then.P[i] * first.c[0] + then.P[i + 1] * first.c[1]


cdef inline void start_epoch(
    SkippedRows* skipped,  # IN OUT
    const UpdateRule* rule,
    double learning_rate,
    double weight_decay,
) noexcept nogil:
    """Forget the last epoch, and compute what updates do at this learning rate."""
    cdef:
        Transform* transforms = skipped.transforms
        double decay = learning_rate * weight_decay
        double gamma = rule.momentum
        double beta = 1 + gamma if rule.name == NESTEROV else 1
        Py_ssize_t i, k
    transforms[0] = Transform([1, 0, 0, 1], [0, 0])
    transforms[1] = Transform(
        [1 - beta * decay, -gamma * gamma if rule.name == NESTEROV else -gamma, decay, gamma],
        [-beta * learning_rate, learning_rate])
    for k in range(2, skipped.n_transforms):
        i = 1 if k <= STEPS else STEPS
        follow(&transforms[k - 1], &transforms[i], &transforms[k])
    for i in range(skipped.n_features):
        skipped.rows[i].n_updates = 0
        skipped.rows[i].gradient_row = NONE
    skipped.rule = rule[0]
    skipped.learning_rate = learning_rate
    skipped.n_updates = skipped.n_seen_by_all = 0
    for i in range(skipped.n_slabs):
        skipped.slabs[i].n_updated = 0
    skipped.first_delta = skipped.n_gradient_rows


cdef inline const Transform* transform_by(
    const SkippedRows* skipped,
    Py_ssize_t k,
    Transform* composed,
) noexcept nogil:
    """That of k updates, from the table or in `composed`"""
    if k <= STEPS:
        return &skipped.transforms[k]
    follow(&skipped.transforms[(k - 1) % STEPS + 1],
           &skipped.transforms[STEPS - 1 + (k - 1) // STEPS], composed)
    return composed


cdef inline void bring_up_to_date(
    SkippedRows* skipped,  # IN OUT
    Py_ssize_t s,
    floating* W,  # IN OUT
    Py_ssize_t feature,
) noexcept nogil:
    """Have a row see all updates so far"""
    bring_up_to_date_and_add(skipped, s, W, feature, <floating> 0, <floating*> NULL, NULL)


cdef inline void bring_up_to_date_and_add(
    SkippedRows* skipped,  # IN OUT
    Py_ssize_t s,  # the slab of the feature, for its scratch row
    floating* W,  # IN OUT
    Py_ssize_t feature,
    floating x,
    floating* z,  # IN OUT
    const RowsAhead* ahead,
) noexcept nogil:
    """[w; v] <- M^k [w; v] + M^(k-1) eta [-beta g; g] for a row, where g is what it waits for;
    then z <- z + x w, unless z is NULL"""
    cdef:
        SkippedRow* row = &skipped.rows[feature]
        Py_ssize_t fan_out = skipped.fan_out
        # At most n_features (sparse_batches.pxd): right even where the numbers have overflowed.
        Py_ssize_t k = <uint32_t> (skipped.n_updates - row.n_updates)
        floating* w = W + feature * fan_out
        floating* v = <floating*> skipped.velocity + feature * fan_out
        const floating* g = NULL
        Transform composed
    if k > 0 and row.gradient_row != NONE:
        g = <const floating*> skipped.gradient_rows + row.gradient_row * fan_out
    if k > 0 and skipped.rule.name != ADAGRAD:
        transform_row(transform_by(skipped, k, &composed), row.x, g, w, v, x, z, ahead, fan_out)
    else:
        if g != NULL:
            update_by_multiple(skipped, s, row.x, g, v, w, fan_out)
        if z != NULL:
            add_row(x, w, z, ahead, fan_out)
    if k > 0:
        row.n_updates = skipped.n_updates
        row.gradient_row = NONE


cdef inline void update_by_multiple(
    const SkippedRows* skipped,
    Py_ssize_t s,
    double x,
    const floating* g,
    floating* state,  # IN OUT
    floating* w,  # IN OUT
    Py_ssize_t n,
) noexcept nogil:
    """Update a row whose gradient is x g, by a rule that is not linear in it"""
    cdef Update update = Update(&skipped.rule, skipped.learning_rate, 0, 0)
    cdef floating* scratch = (
        <floating*> skipped.gradient_rows + (skipped.n_gradient_rows + s) * n)
    if x != 1:
        scaled(<floating> x, g, scratch, n)
        g = scratch
    update_weights(&update, g, state, w, n)


cdef inline void transform_row(
    const Transform* transform,
    double x_g,
    const floating* g,
    floating* w,  # IN OUT
    floating* v,  # IN OUT
    floating x,
    floating* z,  # IN OUT
    const RowsAhead* ahead,
    Py_ssize_t n,
) noexcept nogil:
    """[w; v] <- P [w; v] + x_g c g, without the second term where g is NULL; then z <- z + x w,
    unless z is NULL"""
    if floating is double:
        skmlp_transform_row_f64(transform, x_g, g, w, v, x, z, ahead, n)
    else:
        skmlp_transform_row_f32(transform, x_g, g, w, v, x, z, ahead, n)


cdef inline void add_row(
    floating x,
    const floating* w,
    floating* z,  # IN OUT
    const RowsAhead* ahead,
    Py_ssize_t n,
) noexcept nogil:
    """z <- z + x w"""
    if floating is double:
        skmlp_add_row_f64(x, w, z, ahead, n)
    else:
        skmlp_add_row_f32(x, w, z, ahead, n)
