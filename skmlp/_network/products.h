/* Matrix products, for small matrices without the packing that BLAS spends its time on:

       C <- scale S + A B with A (m, k), B (k, n), C (m, n)

   B and C are in row-major order without gaps; A[i, p] is at i a_row + p a_column, so that A
   may be transposed. Row i of S starts at i s_row: S may be C itself, one row for all
   (s_row = 0), or NULL for zeros. m and k are positive, and a row of C has 16 bytes or more.

   The sum for a number of C starts with scale S and runs over the inner dimension in order: a row
   of C has the same bits whatever the other rows are. Levels of the processor differ by the
   fused multiplication. They are written out here and not by SKMLP_CLONES, because each has
   its own vectors and tiles. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_PRODUCTS_H
#define SKMLP_PRODUCTS_H

#include <stddef.h>
#include <string.h>

#include "clones.h"
#include "levels.h"
#include "sums.h"

/* Copies are made for at least so many rows of C, or columns. */
#define SKMLP_MANY_ROWS 64
#define SKMLP_MANY_COLUMNS 192
/* Rows of C in a block. */
#define SKMLP_BLOCK_ROWS 256
/* A copied block of A has COPIED_BYTES. Copies are on the stack, of which musl gives a thread
   128 KiB. */
#if defined(__linux__) && !defined(__GLIBC__)
#define SKMLP_COPIED_BYTES (1 << 16)
#define SKMLP_LONG_INNER 128
#else
#define SKMLP_COPIED_BYTES (1 << 18)
#define SKMLP_LONG_INNER 256
#endif
/* A C of this many is in no near cache: its tiles are asked for ahead. */
#define SKMLP_FAR_BYTES (1 << 20)
/* After a row of such a tile has been asked for, so many terms are added before the next. */
#define SKMLP_TERMS_BETWEEN 8

#define SKMLP_PASSES "product_tiles.h"
#include "each_level.h"

#ifdef SKMLP_X86_64_LEVELS
/* Whether level 3 is faster at a product where the processor works through vectors of level 4 in
   halves (measured on Zen 4). It is if rows have an odd number of halves: level 4 computes the
   last one twice, and starts every other row in the middle of a cache line. But strips of level 3
   are narrower, and read A, and B if it is not copied, from the cache more often. With few terms
   per sum most of the time goes into their starts and ends, and those of narrower tiles overlap
   more with the next. */
static inline int skmlp_suits_halves(ptrdiff_t m, ptrdiff_t n_bytes, ptrdiff_t k)
{
    const ptrdiff_t n_halves = (n_bytes + 31) / 32;
    if (!skmlp_halves || n_bytes < 32)
        return 0;
    if (n_halves % 2)
        return n_halves < 6 || k < 128 || m >= SKMLP_MANY_ROWS;
    return n_halves <= 32 && k < 32;
}
#endif

#define SKMLP_REAL double
#define SKMLP_NAME(name) skmlp_##name##_f64
#include "products.h"
#define SKMLP_REAL float
#define SKMLP_NAME(name) skmlp_##name##_f32
#include "products.h"

#endif
#else

/* By the code of the level in use, which is not 0, or of the first where a row is too narrow. */
static inline void SKMLP_NAME(product)(
    const SKMLP_REAL *A, ptrdiff_t a_row, ptrdiff_t a_column, const SKMLP_REAL *B,
    SKMLP_REAL scale, const SKMLP_REAL *S, ptrdiff_t s_row, SKMLP_REAL *C, ptrdiff_t m,
    ptrdiff_t n, ptrdiff_t k)
{
#ifdef SKMLP_X86_64_LEVELS
    const ptrdiff_t n_bytes = n * (ptrdiff_t)sizeof(SKMLP_REAL);
    if (skmlp_level == 4 && !skmlp_suits_halves(m, n_bytes, k)) {
        SKMLP_NAME(product_v4)(A, a_row, a_column, B, scale, S, s_row, C, m, n, k);
        return;
    }
    if (skmlp_level >= 3 && n_bytes >= 32) {
        SKMLP_NAME(product_v3)(A, a_row, a_column, B, scale, S, s_row, C, m, n, k);
        return;
    }
#endif
#if defined(__GNUC__)
    SKMLP_NAME(product_v1)(A, a_row, a_column, B, scale, S, s_row, C, m, n, k);
#endif
}

#undef SKMLP_REAL
#undef SKMLP_NAME
#endif
