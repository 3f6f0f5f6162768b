/* The sums of sums.h for one level of the processor: that file includes this one for each. */

#include "vector.h"

/* WIDTH, AT and READ follow this one. */
#undef SKMLP_VECTOR
#define SKMLP_VECTOR SKMLP_NAME(sums)
#define SKMLP_VECTORS (SKMLP_SUMS / SKMLP_WIDTH)

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

/* Where vector v of a strip starts; the last one starts early enough to end with the strip. */
#define SKMLP_START(v) ((v) == vectors - 1 ? columns - SKMLP_WIDTH : (v) * SKMLP_WIDTH)

/* sum <- sum + weight[0] x[0] + weight[1] x[1] + ... over the rows of x, with weights of 1 where
   weight is NULL; for a strip of columns, whose sums stay in registers. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(add_strip)(
    const int vectors, ptrdiff_t columns, const SKMLP_REAL *restrict x,
    const SKMLP_REAL *restrict weight, SKMLP_REAL *restrict sum, ptrdiff_t rows, ptrdiff_t n)
{
    SKMLP_VECTOR part[5];
    SKMLP_UNROLL
    for (int v = 0; v < vectors; v++)
        part[v] = SKMLP_READ(sum + SKMLP_START(v));
    for (ptrdiff_t r = 0; r < rows; r++, x += n)
        SKMLP_UNROLL
        for (int v = 0; v < vectors; v++)
            if (weight)
                part[v] += weight[r] * SKMLP_READ(x + SKMLP_START(v));
            else
                part[v] += SKMLP_READ(x + SKMLP_START(v));
    SKMLP_UNROLL
    for (int v = 0; v < vectors; v++)
        SKMLP_AT(sum + SKMLP_START(v)) = part[v];
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

/* The same for all columns. The last of several strips has more than a vector, so that no column
   is in two strips; where one is in two vectors, both add the same. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(add_weighted_rows)(
    const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict weight, SKMLP_REAL *restrict sum,
    ptrdiff_t rows, ptrdiff_t n)
{
    ptrdiff_t columns = n;
    if (n < SKMLP_SUMS) {
        SKMLP_NAME(add_narrow_rows)(x, weight, sum, rows, n);
        return;
    }
#define SKMLP_STRIP(vectors, columns) \
    SKMLP_NAME(add_strip)(vectors, columns, x, weight, sum, rows, n)
    for (; columns > 5 * SKMLP_WIDTH; columns -= 4 * SKMLP_WIDTH) {
        SKMLP_STRIP(4, 4 * SKMLP_WIDTH);
        x += 4 * SKMLP_WIDTH, sum += 4 * SKMLP_WIDTH;
    }
    if (columns > 4 * SKMLP_WIDTH)
        SKMLP_STRIP(5, columns);
    else if (columns > 3 * SKMLP_WIDTH)
        SKMLP_STRIP(4, columns);
    else if (columns > 2 * SKMLP_WIDTH)
        SKMLP_STRIP(3, columns);
    else if (columns > SKMLP_WIDTH)
        SKMLP_STRIP(2, columns);
    else
        SKMLP_STRIP(1, columns);
#undef SKMLP_STRIP
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
#undef SKMLP_VECTORS
#undef SKMLP_START
