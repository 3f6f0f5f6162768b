/* What the non-zeros of a row in CSR do with rows of weights of length n; compiled once per
   level of the processor (SKMLP_CLONES), or written out for each. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_SPARSE_ROWS_H
#define SKMLP_SPARSE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "blocks.h"
#include "levels.h"

static inline ptrdiff_t skmlp_index_at(const void *indices, int wide, ptrdiff_t i)
{
    return wide ? (ptrdiff_t)((const int64_t *)indices)[i] : ((const int32_t *)indices)[i];
}

/* Rows of weights lie far apart: so many non-zeros ahead they are fetched from memory into the
   second-level cache, which can wait for more of them at a time, and from there into the first.
   They are asked for line by line, while the row at hand is worked through: all at once they
   would take up what the core can wait for. On a Xeon (Emerald Rapids) a pass that asks for them
   8 to 20 ahead takes up to twice as long. */
#define SKMLP_FAR 32
#define SKMLP_NEAR 4

/* Rows of as many bytes as the one at hand has. */
typedef struct {
    const char *far_w, *far_v;           /* of the non-zero that is FAR ahead */
    const char *near_w, *near_v, *near_g; /* of the one that is NEAR, with what it waits for */
} skmlp_ahead;

/* What some updates do to a row, the first of which has the gradient x g and the others none:
   [w; v] <- P [w; v] + x c g. */
typedef struct {
    double P[4], c[2];
} skmlp_transform;

SKMLP_INLINE void skmlp_prefetch_line(const skmlp_ahead *ahead, ptrdiff_t i)
{
    SKMLP_PREFETCH_FAR(ahead->far_w + i);
    SKMLP_PREFETCH_FAR(ahead->far_v + i);
    SKMLP_PREFETCH(ahead->near_w + i);
    SKMLP_PREFETCH(ahead->near_v + i);
    SKMLP_PREFETCH(ahead->near_g + i);
}

/* GCC reads twice from memory what is used twice, unless it has this, which Clang refuses for two
   floats. */
#if defined(SKMLP_X86_64_LEVELS) && !defined(__clang__)
#define SKMLP_READ_ONCE(x) __asm__("" : "+v"(x))
#else
#define SKMLP_READ_ONCE(x) ((void)0)
#endif

#define SKMLP_PASSES "sparse_row_passes.h"
#include "each_level.h"

#define SKMLP_REAL double
#define SKMLP_NAME(name) skmlp_##name##_f64
#include "sparse_rows.h"
#define SKMLP_REAL float
#define SKMLP_NAME(name) skmlp_##name##_f32
#include "sparse_rows.h"

#endif
#else

/* z <- z + x W, where x has value[i] at indices[i] for start <= i < stop */
static inline void SKMLP_NAME(add_sparse_product)(
    const SKMLP_REAL *value, const void *indices, int wide, ptrdiff_t start, ptrdiff_t stop,
    const SKMLP_REAL *W, SKMLP_REAL *z, ptrdiff_t n)
{
    SKMLP_BY_LEVEL(n * sizeof *W, add_sparse_product, value, indices, wide, start, stop, W, z, n);
}

/* gradient <- gradient + x' delta */
SKMLP_CLONES static void SKMLP_NAME(add_sparse_gradient)(
    const SKMLP_REAL *restrict value, const void *restrict indices, int wide,
    ptrdiff_t start, ptrdiff_t stop, const SKMLP_REAL *restrict delta,
    SKMLP_REAL *restrict gradient, ptrdiff_t n)
{
    for (ptrdiff_t i = start; i < stop; i++) {
        const SKMLP_REAL x = value[i];
        SKMLP_REAL *g = gradient + skmlp_index_at(indices, wide, i) * n;
        for (ptrdiff_t j = 0; j < n; j++)
            g[j] += x * delta[j];
    }
}

/* [w; v] <- P [w; v] + x_g c g, without the second term where g is NULL; then z <- z + x w, for
   which the rows ahead are prefetched, unless z is NULL. */
static inline void SKMLP_NAME(transform_row)(
    const skmlp_transform *transform, double x_g, const SKMLP_REAL *g, SKMLP_REAL *w,
    SKMLP_REAL *v, SKMLP_REAL x, SKMLP_REAL *z, const skmlp_ahead *ahead, ptrdiff_t n)
{
    ptrdiff_t n_bytes = n * (ptrdiff_t)sizeof *w;
    /* Long vectors would all cross a cache line, and take as long as two halves. */
    if (skmlp_halves && n_bytes % SKMLP_LINE && n_bytes > SKMLP_LINE / 2)
        n_bytes = SKMLP_LINE / 2;
    SKMLP_BY_LEVEL(n_bytes, transform_row, transform, x_g, g, w, v, x, z, ahead, n);
}

/* z <- z + x w, with the rows ahead prefetched */
SKMLP_CLONES static void SKMLP_NAME(add_row)(
    SKMLP_REAL x, const SKMLP_REAL *restrict w, SKMLP_REAL *restrict z,
    const skmlp_ahead *ahead, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n * (ptrdiff_t)sizeof *w; i += SKMLP_LINE)
        skmlp_prefetch_line(ahead, i);
    for (ptrdiff_t j = 0; j < n; j++)
        z[j] += x * w[j];
}

#undef SKMLP_REAL
#undef SKMLP_NAME
#endif
