/* What the non-zeros of a row in CSR do with rows of weights of length n; compiled once per
   level of the processor (SKMLP_CLONES). */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_SPARSE_ROWS_H
#define SKMLP_SPARSE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "blocks.h"

static inline ptrdiff_t skmlp_index_at(const void *indices, int wide, ptrdiff_t i)
{
    return wide ? (ptrdiff_t)((const int64_t *)indices)[i] : ((const int32_t *)indices)[i];
}

/* Rows of weights lie far apart: so many non-zeros ahead they are fetched from memory into the
   second-level cache, which can wait for more of them at a time, and from there into the first. */
#define SKMLP_FAR 16
#define SKMLP_NEAR 4

#define SKMLP_REAL double
#define SKMLP_NAME(name) skmlp_##name##_f64
#include "sparse_rows.h"
#define SKMLP_REAL float
#define SKMLP_NAME(name) skmlp_##name##_f32
#include "sparse_rows.h"

#endif
#else

static inline void SKMLP_NAME(prefetch_near)(const SKMLP_REAL *row, ptrdiff_t n)
{
    const ptrdiff_t line = 64 / (ptrdiff_t)sizeof *row;
    for (ptrdiff_t j = 0; j < n; j += line)
        SKMLP_PREFETCH(row + j);
    SKMLP_KEEP();
}

static inline void SKMLP_NAME(prefetch_far)(const SKMLP_REAL *row, ptrdiff_t n)
{
    const ptrdiff_t line = 64 / (ptrdiff_t)sizeof *row;
    for (ptrdiff_t j = 0; j < n; j += line)
        SKMLP_PREFETCH_FAR(row + j);
    SKMLP_KEEP();
}

/* z <- z + x W, where x has value[i] at indices[i] for start <= i < stop */
SKMLP_CLONES static void SKMLP_NAME(add_sparse_product)(
    const SKMLP_REAL *restrict value, const void *restrict indices, int wide,
    ptrdiff_t start, ptrdiff_t stop, const SKMLP_REAL *restrict W, SKMLP_REAL *restrict z,
    ptrdiff_t n)
{
    for (ptrdiff_t i = start; i < stop; i++) {
        const SKMLP_REAL x = value[i];
        const SKMLP_REAL *w = W + skmlp_index_at(indices, wide, i) * n;
        if (i + SKMLP_FAR < stop)
            SKMLP_NAME(prefetch_far)(W + skmlp_index_at(indices, wide, i + SKMLP_FAR) * n, n);
        if (i + SKMLP_NEAR < stop)
            SKMLP_NAME(prefetch_near)(W + skmlp_index_at(indices, wide, i + SKMLP_NEAR) * n, n);
        for (ptrdiff_t j = 0; j < n; j++)
            z[j] += x * w[j];
    }
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

/* [w; v] <- P [w; v] + [a g; b g], without the second term where g is NULL */
SKMLP_CLONES static void SKMLP_NAME(transform_row)(
    const double *restrict P, SKMLP_REAL a, SKMLP_REAL b, const SKMLP_REAL *restrict g,
    SKMLP_REAL *restrict w, SKMLP_REAL *restrict v, ptrdiff_t n)
{
    const SKMLP_REAL p = (SKMLP_REAL)P[0], q = (SKMLP_REAL)P[1], r = (SKMLP_REAL)P[2],
                     s = (SKMLP_REAL)P[3];
    if (g)
        for (ptrdiff_t j = 0; j < n; j++) {
            const SKMLP_REAL old = w[j];
            w[j] = p * old + q * v[j] + a * g[j];
            v[j] = r * old + s * v[j] + b * g[j];
        }
    else
        for (ptrdiff_t j = 0; j < n; j++) {
            const SKMLP_REAL old = w[j];
            w[j] = p * old + q * v[j];
            v[j] = r * old + s * v[j];
        }
}

#undef SKMLP_REAL
#undef SKMLP_NAME
#endif
