"""Batches of sparse cases, where rows of the first layer's weights sit out updates.

Threads share a large batch by slabs of features, the rows of W of each and what these wait for:
every N_SLABS-th SLAB_FEATURES of them, so that words that many cases have are shared out too.
Each slab has its own sum of x W, and these are added up in the same order by any number of
threads.
"""

from cython cimport floating
from cython.parallel cimport prange
from libc.stdint cimport int32_t, uint32_t
from libc.string cimport memcpy, memset

from .layers cimport add_scaled
from .skipped_rows cimport (
    NONE, FeatureSlab, NonZero, RowsAhead, SkippedRow, SkippedRows, bring_up_to_date,
    bring_up_to_date_and_add,
)
from .sparse_rows cimport (
    SKMLP_FAR, SKMLP_NEAR, SparseRows, feature_at, n_non_zeros, prefetch_non_zeros, start_of,
)

cdef extern from "blocks.h" nogil:
    void SKMLP_PREFETCH(const char* address)


cdef enum:
    SLAB_FEATURES = 16
    PREFETCHED_CASES = 4  # of X, ahead of the one at hand
    PREFETCHED_ROWS = 12  # the SkippedRow of each, ahead of the non-zero at hand


cdef inline Py_ssize_t n_gradient_rows(Py_ssize_t n_features, Py_ssize_t n_slabs) noexcept nogil:
    """As many as all slabs together can need at once: as many for each as the largest one has
    features."""
    cdef Py_ssize_t stride = n_slabs * SLAB_FEATURES
    if n_slabs == 1:
        return n_features
    return (n_features + stride - 1) // stride * stride


cdef inline Py_ssize_t slab_of(const SkippedRows* skipped, Py_ssize_t feature) noexcept nogil:
    return <size_t> feature // SLAB_FEATURES & <size_t> (skipped.n_slabs - 1)


cdef inline void start_block(
    SkippedRows* skipped,  # IN OUT
    const SparseRows* X,
    const Py_ssize_t* row,
    floating* W,  # IN OUT
    Py_ssize_t rows,
    bint whole_batch,
    int n_threads,
) noexcept nogil:
    """Find the non-zeros of a block, and have rows wait for its delta, if it is a whole batch and
    there is room

    Where rows can wait, those that cannot have two non-zeros at least.
    """
    cdef Py_ssize_t s, first = 0
    cdef uint32_t n_unseen = skipped.n_updates - skipped.n_seen_by_all
    cdef Py_ssize_t needed = rows + n_non_zeros(X, row, rows) // 2
    cdef bint has_deltas = skipped.first_delta < skipped.n_gradient_rows
    cdef bint can_wait = whole_batch and needed <= skipped.first_delta
    cdef FeatureSlab* slab
    if n_unseen >= skipped.n_features or has_deltas and not can_wait:
        bring_all_up_to_date(skipped, W, n_threads)
    find_non_zeros(skipped, X, row, W, rows)
    skipped.waits = whole_batch and needed <= skipped.first_delta
    if skipped.waits:
        skipped.first_delta -= rows
    for s in range(skipped.n_slabs):
        slab = &skipped.slabs[s]
        slab.first_gradient_row = first
        first += ((slab.stop - slab.start) // 2 if skipped.waits
                  else skipped.n_gradient_rows // skipped.n_slabs)


cdef inline void find_non_zeros(
    SkippedRows* skipped,  # IN OUT
    const SparseRows* X,
    const Py_ssize_t* row,
    const floating* W,
    Py_ssize_t rows,
) noexcept nogil:
    """Sort the non-zeros of a block by slab"""
    cdef Py_ssize_t s, n, i, feature
    cdef FeatureSlab* slab
    for s in range(skipped.n_slabs):
        slab = &skipped.slabs[s]
        slab.start = slab.stop = s * skipped.most_non_zeros
        slab.n_added = 0
    for n in range(rows):
        if n + PREFETCHED_CASES < rows:
            prefetch_non_zeros(X, row[n + PREFETCHED_CASES], sizeof(floating))
        for i in range(start_of(X, row[n]), start_of(X, row[n] + 1)):
            feature = feature_at(X, i)
            slab = &skipped.slabs[slab_of(skipped, feature)]
            skipped.non_zeros[slab.stop] = NonZero(
                <int32_t> feature, <int32_t> n, <double> (<const floating*> X.values)[i])
            slab.stop += 1


cdef inline void add_skipped_product(
    SkippedRows* skipped,  # IN OUT
    floating* W,  # IN OUT
    floating* z,  # IN OUT
    Py_ssize_t rows,
    int n_threads,
) noexcept nogil:
    """z <- z + x W for the block, for which the rows of W that it names are brought up to date"""
    cdef Py_ssize_t s, n = rows * skipped.fan_out
    cdef floating* sums = <floating*> skipped.sums
    if skipped.n_slabs == 1:
        add_slab_product(skipped, 0, W, z)
        return
    memset(sums, 0, (skipped.n_slabs - 1) * n * sizeof(floating))
    for s in prange(skipped.n_slabs, num_threads=n_threads, schedule="static"):
        add_slab_product(skipped, s, W, z if s == 0 else sums + (s - 1) * n)
    for s in range(skipped.n_slabs - 1):
        add_scaled(<floating> 1, sums + s * n, z, n)


cdef inline void add_slab_product(
    SkippedRows* skipped,  # IN OUT
    Py_ssize_t s,
    floating* W,  # IN OUT
    floating* z,  # IN OUT
) noexcept nogil:
    """z <- z + x W for the features of a slab"""
    cdef Py_ssize_t i
    cdef FeatureSlab slab = skipped.slabs[s]  # a copy: those of several threads share a line
    cdef SkippedRows own = skipped[0]  # what the compiler may keep in registers
    cdef const NonZero* x
    cdef RowsAhead ahead
    for i in range(slab.start, slab.stop):
        x = &own.non_zeros[i]
        look_ahead(&own, &slab, W, i, &ahead)
        bring_up_to_date_and_add(&own, s, W, x.row, <floating> x.x, z + x.n * own.fan_out,
                                 &ahead)
        note_what_waits(&own, &slab, W, x)
    skipped.slabs[s].n_updated = slab.n_updated
    skipped.slabs[s].n_added = slab.n_added


cdef inline void look_ahead(
    const SkippedRows* skipped,
    const FeatureSlab* slab,
    const floating* W,
    Py_ssize_t i,
    RowsAhead* ahead,  # OUT
) noexcept nogil:
    """Find what the next non-zeros of the slab need"""
    cdef const floating* velocity = <const floating*> skipped.velocity
    cdef Py_ssize_t fan_out = skipped.fan_out
    cdef Py_ssize_t last = slab.stop - 1, waiting
    cdef Py_ssize_t feature = skipped.non_zeros[min(i + SKMLP_FAR, last)].row
    SKMLP_PREFETCH(<const char*> &skipped.rows[
        skipped.non_zeros[min(i + PREFETCHED_ROWS, last)].row])
    ahead.far_w = <const char*> (W + feature * fan_out)
    ahead.far_v = <const char*> (velocity + feature * fan_out)
    feature = skipped.non_zeros[min(i + SKMLP_NEAR, last)].row
    ahead.near_w = <const char*> (W + feature * fan_out)
    ahead.near_v = <const char*> (velocity + feature * fan_out)
    waiting = skipped.rows[feature].gradient_row
    ahead.near_g = ahead.near_w
    if waiting != NONE:
        ahead.near_g = <const char*> (
            <const floating*> skipped.gradient_rows + waiting * fan_out)


cdef inline void note_what_waits(
    SkippedRows* skipped,  # IN OUT
    FeatureSlab* slab,  # IN OUT
    const floating* W,
    const NonZero* non_zero,
) noexcept nogil:
    """What the row that a non-zero names waits for now: delta of its case, or a gradient row to
    itself"""
    cdef SkippedRow* row = &skipped.rows[non_zero.row]
    cdef NonZero x = non_zero[0]
    cdef NonZero first
    if row.gradient_row == NONE and skipped.waits:
        row.gradient_row = <int32_t> (skipped.first_delta + x.n)
        row.x = x.x
        return
    if row.gradient_row == NONE:
        start_gradient_row(skipped, slab, W, row, x.row)
    elif row.gradient_row >= skipped.first_delta:
        first = NonZero(0, <int32_t> (row.gradient_row - skipped.first_delta), row.x)
        start_gradient_row(skipped, slab, W, row, x.row)
        first.row = row.gradient_row
        note_what_is_added(skipped, slab, first)
    x.row = row.gradient_row
    note_what_is_added(skipped, slab, x)


cdef inline void start_gradient_row(
    SkippedRows* skipped,  # IN OUT
    FeatureSlab* slab,  # IN OUT
    const floating* W,
    SkippedRow* row,  # OUT
    Py_ssize_t feature,
) noexcept nogil:
    row.gradient_row = <int32_t> (slab.first_gradient_row + slab.n_updated)
    row.x = 1
    skipped.updated[row.gradient_row] = feature
    slab.n_updated += 1
    memset(<floating*> skipped.gradient_rows + row.gradient_row * skipped.fan_out, 0,
           skipped.fan_out * sizeof(floating))


cdef inline void note_what_is_added(
    SkippedRows* skipped,  # IN OUT
    FeatureSlab* slab,  # IN OUT
    NonZero x,
) noexcept nogil:
    """Have x delta added to a gradient row: in the place of a non-zero that is done with"""
    skipped.non_zeros[slab.start + slab.n_added] = x
    slab.n_added += 1


cdef inline void add_skipped_gradient(
    SkippedRows* skipped,  # IN OUT
    const floating* delta,
    Py_ssize_t rows,
    int n_threads,
) noexcept nogil:
    """Keep delta of the block for the rows that wait for it; add x.T @ delta to the others'
    gradients"""
    cdef Py_ssize_t s
    if skipped.waits:
        memcpy(<floating*> skipped.gradient_rows + skipped.first_delta * skipped.fan_out, delta,
               rows * skipped.fan_out * sizeof(floating))
    if skipped.n_slabs == 1:
        add_slab_gradient(skipped, 0, delta)
        return
    for s in prange(skipped.n_slabs, num_threads=n_threads, schedule="static"):
        add_slab_gradient(skipped, s, delta)


cdef inline void add_slab_gradient(
    SkippedRows* skipped,  # IN OUT
    Py_ssize_t s,
    const floating* delta,
) noexcept nogil:
    """gradient <- gradient + x.T @ delta for those features of a slab that have a gradient row"""
    cdef Py_ssize_t i
    cdef const FeatureSlab* slab = &skipped.slabs[s]
    cdef const NonZero* x
    cdef Py_ssize_t fan_out = skipped.fan_out
    for i in range(slab.start, slab.start + slab.n_added):
        x = &skipped.non_zeros[i]
        add_scaled(<floating> x.x, delta + x.n * fan_out,
                   <floating*> skipped.gradient_rows + x.row * fan_out, fan_out)


cdef inline void end_batch(
    SkippedRows* skipped,  # IN OUT
    floating* W,  # IN OUT
    int n_threads,
) noexcept nogil:
    """Count the update; rows that have a gradient row of their own see it at once"""
    cdef Py_ssize_t s
    skipped.n_updates += 1
    if skipped.n_slabs == 1:
        end_batch_of_slab(skipped, 0, W)
        return
    for s in prange(skipped.n_slabs, num_threads=n_threads, schedule="static"):
        end_batch_of_slab(skipped, s, W)


cdef inline void end_batch_of_slab(
    SkippedRows* skipped,  # IN OUT
    Py_ssize_t s,
    floating* W,  # IN OUT
) noexcept nogil:
    cdef Py_ssize_t i
    cdef FeatureSlab* slab = &skipped.slabs[s]
    for i in range(slab.first_gradient_row, slab.first_gradient_row + slab.n_updated):
        bring_up_to_date(skipped, s, W, skipped.updated[i])
    slab.n_updated = 0


cdef inline void bring_all_up_to_date(
    SkippedRows* skipped,  # IN OUT
    floating* W,  # IN OUT
    int n_threads,
) noexcept nogil:
    """Have every row see all updates: where no room is left, and at the end of an epoch or of
    what there was time for"""
    cdef Py_ssize_t s, part = (skipped.n_features + skipped.n_slabs - 1) // skipped.n_slabs
    if skipped.n_slabs == 1:
        bring_part_up_to_date(skipped, 0, W, part)
    else:
        for s in prange(skipped.n_slabs, num_threads=n_threads, schedule="static"):
            bring_part_up_to_date(skipped, s, W, part)
    skipped.n_seen_by_all = skipped.n_updates
    skipped.first_delta = skipped.n_gradient_rows


cdef inline void bring_part_up_to_date(
    SkippedRows* skipped,  # IN OUT
    Py_ssize_t s,
    floating* W,  # IN OUT
    Py_ssize_t length,
) noexcept nogil:
    """Part s, of so many features that lie side by side, of whatever slabs they are"""
    cdef Py_ssize_t feature
    for feature in range(s * length, min((s + 1) * length, skipped.n_features)):
        bring_up_to_date(skipped, s, W, feature)
