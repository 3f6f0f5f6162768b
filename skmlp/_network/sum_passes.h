/* The sums of sums.h for one level of the processor: that file includes this one for each. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */

#define SKMLP_REAL double
#define SKMLP_REAL_BYTES 8
#define SKMLP_NAME(name) SKMLP_AT_LEVEL(name, f64)
#include "sum_passes.h"
#define SKMLP_REAL float
#define SKMLP_REAL_BYTES 4
#define SKMLP_NAME(name) SKMLP_AT_LEVEL(name, f32)
#include "sum_passes.h"

#undef SKMLP_AT_LEVEL
#undef SKMLP_TARGET
#undef SKMLP_BYTES
#else

#if SKMLP_BYTES > SKMLP_SUMS * SKMLP_REAL_BYTES
typedef SKMLP_REAL SKMLP_NAME(addends)
    __attribute__((vector_size(SKMLP_SUMS * SKMLP_REAL_BYTES), aligned(sizeof(SKMLP_REAL)),
                   may_alias));
#elif SKMLP_BYTES
typedef SKMLP_REAL SKMLP_NAME(addends)
    __attribute__((vector_size(SKMLP_BYTES), aligned(sizeof(SKMLP_REAL)), may_alias));
#else
typedef SKMLP_REAL SKMLP_NAME(addends);
#endif
#define SKMLP_VECTOR SKMLP_NAME(addends)
#define SKMLP_WIDTH ((int)(sizeof(SKMLP_VECTOR) / sizeof(SKMLP_REAL)))
#define SKMLP_VECTORS (SKMLP_SUMS / SKMLP_WIDTH)
#define SKMLP_AT(p) (*(SKMLP_VECTOR *)(p))
#define SKMLP_READ(p) (*(const SKMLP_VECTOR *)(p))

/* x y */
SKMLP_TARGET SKMLP_INLINE SKMLP_REAL SKMLP_NAME(dot)(
    const SKMLP_REAL *x, const SKMLP_REAL *y, ptrdiff_t n)
{
    SKMLP_VECTOR part[SKMLP_VECTORS];
    SKMLP_REAL sum[SKMLP_WIDTH], rest = 0;
    ptrdiff_t i = 0;
    SKMLP_UNROLL
    for (int v = 0; v < SKMLP_VECTORS; v++)
        part[v] = (SKMLP_VECTOR){0};
    for (; i + SKMLP_SUMS <= n; i += SKMLP_SUMS)
        SKMLP_UNROLL
        for (int v = 0; v < SKMLP_VECTORS; v++)
            part[v] += SKMLP_READ(x + i + v * SKMLP_WIDTH) * SKMLP_READ(y + i + v * SKMLP_WIDTH);
    for (; i < n; i++)
        rest += x[i] * y[i];
    SKMLP_UNROLL
    for (int half = SKMLP_VECTORS / 2; half > 0; half /= 2)
        SKMLP_UNROLL
        for (int v = 0; v < half; v++)
            part[v] += part[v + half];
    SKMLP_AT(sum) = part[0];
    for (int half = SKMLP_WIDTH / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            sum[k] += sum[k + half];
    return sum[0] + rest;
}

SKMLP_TARGET static void SKMLP_NAME(column_product)(
    const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict W, const SKMLP_REAL *restrict b,
    SKMLP_REAL *restrict z, ptrdiff_t rows, ptrdiff_t n)
{
    for (ptrdiff_t r = 0; r < rows; r++, x += n)
        z[r] = b[0] + SKMLP_NAME(dot)(x, W, n);
}

/* sum <- sum + weight[0] x[0] + weight[1] x[1] + ... over the rows of x, with weights of 1 where
   weight is NULL; for vectors of columns, whose sums stay in registers. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(add_columns)(
    const int vectors, const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict weight,
    SKMLP_REAL *restrict sum, ptrdiff_t rows, ptrdiff_t n)
{
    SKMLP_VECTOR part[4];
    SKMLP_UNROLL
    for (int v = 0; v < vectors; v++)
        part[v] = SKMLP_AT(sum + v * SKMLP_WIDTH);
    for (ptrdiff_t r = 0; r < rows; r++, x += n)
        SKMLP_UNROLL
        for (int v = 0; v < vectors; v++)
            if (weight)
                part[v] += weight[r] * SKMLP_READ(x + v * SKMLP_WIDTH);
            else
                part[v] += SKMLP_READ(x + v * SKMLP_WIDTH);
    SKMLP_UNROLL
    for (int v = 0; v < vectors; v++)
        SKMLP_AT(sum + v * SKMLP_WIDTH) = part[v];
}

/* The same for all columns, where they are fewer than SUMS. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(add_narrow_rows)(
    const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict weight, SKMLP_REAL *restrict sum,
    ptrdiff_t rows, ptrdiff_t n)
{
    for (ptrdiff_t j = 0; j < n; j++) {
        SKMLP_REAL part[4] = {0};
        ptrdiff_t r = 0;
        for (; r + 4 <= rows; r += 4)
            SKMLP_UNROLL
            for (int k = 0; k < 4; k++)
                part[k] += (weight ? weight[r + k] : 1) * x[(r + k) * n + j];
        for (; r < rows; r++)
            part[0] += (weight ? weight[r] : 1) * x[r * n + j];
        sum[j] += (part[0] + part[1]) + (part[2] + part[3]);
    }
}

/* The same for all columns. If they are not whole vectors, the last one starts early enough to end
   with the row, and from what its numbers were before: those that it shares with the vector before
   it come out the same. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(add_weighted_rows)(
    const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict weight, SKMLP_REAL *restrict sum,
    ptrdiff_t rows, ptrdiff_t n)
{
    const ptrdiff_t last = n - SKMLP_WIDTH;
    SKMLP_REAL last_sum[SKMLP_WIDTH];
    ptrdiff_t j = 0;
    if (n < SKMLP_SUMS) {
        SKMLP_NAME(add_narrow_rows)(x, weight, sum, rows, n);
        return;
    }
    SKMLP_AT(last_sum) = SKMLP_READ(sum + last);
    for (; j + 4 * SKMLP_WIDTH <= n; j += 4 * SKMLP_WIDTH)
        SKMLP_NAME(add_columns)(4, x + j, weight, sum + j, rows, n);
    for (; j <= last; j += SKMLP_WIDTH)
        SKMLP_NAME(add_columns)(1, x + j, weight, sum + j, rows, n);
    if (j < n) {
        SKMLP_NAME(add_columns)(1, x + last, weight, last_sum, rows, n);
        SKMLP_AT(sum + last) = SKMLP_READ(last_sum);
    }
}

SKMLP_TARGET static void SKMLP_NAME(add_rows)(
    const SKMLP_REAL *restrict x, SKMLP_REAL *restrict sum, ptrdiff_t rows, ptrdiff_t n)
{
    SKMLP_NAME(add_weighted_rows)(x, NULL, sum, rows, n);
}

SKMLP_TARGET static void SKMLP_NAME(add_column_gradient)(
    const SKMLP_REAL *restrict h, const SKMLP_REAL *restrict delta,
    SKMLP_REAL *restrict gradient, ptrdiff_t rows, ptrdiff_t n)
{
    SKMLP_NAME(add_weighted_rows)(h, delta, gradient, rows, n);
}

#undef SKMLP_VECTOR
#undef SKMLP_WIDTH
#undef SKMLP_VECTORS
#undef SKMLP_AT
#undef SKMLP_READ
#undef SKMLP_REAL
#undef SKMLP_REAL_BYTES
#undef SKMLP_NAME
#endif
