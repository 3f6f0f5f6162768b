/* Sums along the rows of a block and down its columns.

   They are written out for each level of the processor, as GCC keeps vectors in memory that are
   longer than those of the processor. Numbers are added in the same order at every level. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_SUMS_H
#define SKMLP_SUMS_H

#include <stddef.h>

#include "clones.h"
#include "levels.h"

/* Sums side by side of a long sum: one alone would have to be in the order written, which has no
   vectors, and more take longer to add up than they save. */
#define SKMLP_SUMS 8

#define SKMLP_PASSES "sum_passes.h"
#include "each_level.h"

#define SKMLP_REAL double
#define SKMLP_NAME(name) skmlp_##name##_f64
#include "sums.h"
#define SKMLP_REAL float
#define SKMLP_NAME(name) skmlp_##name##_f32
#include "sums.h"

#endif
#else

/* sum <- sum + x[0] + x[1] + ... over the rows of x */
static inline void SKMLP_NAME(add_rows)(
    const SKMLP_REAL *x, SKMLP_REAL *sum, ptrdiff_t rows, ptrdiff_t n)
{
    SKMLP_BY_LEVEL(SKMLP_LONGEST, add_rows, x, sum, rows, n);
}

/* The products of a layer with one output, where W and delta are columns: BLAS has no
   vectors for matrices that are one number wide. */

/* z <- x W + b */
static inline void SKMLP_NAME(column_product)(
    const SKMLP_REAL *x, const SKMLP_REAL *W, const SKMLP_REAL *b, SKMLP_REAL *z, ptrdiff_t rows,
    ptrdiff_t n)
{
    SKMLP_BY_LEVEL(SKMLP_LONGEST, column_product, x, W, b, z, rows, n);
}

/* gradient <- gradient + h' delta */
static inline void SKMLP_NAME(add_column_gradient)(
    const SKMLP_REAL *h, const SKMLP_REAL *delta, SKMLP_REAL *gradient, ptrdiff_t rows,
    ptrdiff_t n)
{
    SKMLP_BY_LEVEL(SKMLP_LONGEST, add_column_gradient, h, delta, gradient, rows, n);
}

#undef SKMLP_REAL
#undef SKMLP_NAME
#endif
