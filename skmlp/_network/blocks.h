/* Loops over a block of rows that are worth the widest vectors of the processor: each is
   compiled once per level (SKMLP_CLONES). What they compute stands in the .pxd files. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_BLOCKS_H
#define SKMLP_BLOCKS_H

#include <stddef.h>
#include <string.h>

#include "clones.h"

#if defined(__GNUC__)
#define SKMLP_PREFETCH(address) __builtin_prefetch(address)
#define SKMLP_PREFETCH_FAR(address) __builtin_prefetch(address, 0, 2)
/* GCC leaves out calls of a function that does nothing but prefetch, unless it has this. */
#define SKMLP_KEEP() __asm__ volatile("")
#else
#define SKMLP_PREFETCH(address) ((void)(address))
#define SKMLP_PREFETCH_FAR(address) ((void)(address))
#define SKMLP_KEEP() ((void)0)
#endif

/* Copies a row of n_bytes, a multiple of 4: memcpy, without its call where that would take
   longer than the copy. */
static inline void skmlp_copy_row(char *to, const char *from, size_t n_bytes)
{
    if (n_bytes < 16) {
        for (size_t i = 0; i < n_bytes; i += 4)
            memcpy(to + i, from + i, 4);
    } else if (n_bytes <= 256) {
        for (size_t i = 0; i + 16 < n_bytes; i += 16)
            memcpy(to + i, from + i, 16);
        memcpy(to + n_bytes - 16, from + n_bytes - 16, 16);
    } else {
        memcpy(to, from, n_bytes);
    }
}

/* Sums side by side, where the compiler has vectors: one alone would have to be in the order
   written, which cannot be vectorised, and more take longer to add up than they save. */
#define SKMLP_SUMS 8

#define SKMLP_REAL double
#define SKMLP_NAME(name) skmlp_##name##_f64
#include "blocks.h"
#define SKMLP_REAL float
#define SKMLP_NAME(name) skmlp_##name##_f32
#include "blocks.h"

#endif
#else

#if defined(__GNUC__)
typedef SKMLP_REAL SKMLP_NAME(sums)
    __attribute__((vector_size(SKMLP_SUMS * sizeof(SKMLP_REAL)), aligned(sizeof(SKMLP_REAL)),
                   may_alias));
#else
typedef SKMLP_REAL SKMLP_NAME(sums);
#endif
#define SKMLP_N_SUMS ((int)(sizeof(SKMLP_NAME(sums)) / sizeof(SKMLP_REAL)))

/* z[r] <- b for each row r */
SKMLP_CLONES static void SKMLP_NAME(fill_rows)(
    const SKMLP_REAL *restrict b, SKMLP_REAL *restrict z, ptrdiff_t rows, ptrdiff_t n)
{
    for (ptrdiff_t r = 0; r < rows; r++, z += n)
        for (ptrdiff_t j = 0; j < n; j++)
            z[j] = b[j];
}

/* sum <- sum + x[0] + x[1] + ... over the rows of x */
SKMLP_CLONES static void SKMLP_NAME(add_rows)(
    const SKMLP_REAL *restrict x, SKMLP_REAL *restrict sum, ptrdiff_t rows, ptrdiff_t n)
{
    ptrdiff_t r = 0;
    /* Four rows at a time: sum is loaded and stored a quarter as often. */
    for (; r + 4 <= rows; r += 4, x += 4 * n)
        for (ptrdiff_t j = 0; j < n; j++)
            sum[j] += (x[j] + x[n + j]) + (x[2 * n + j] + x[3 * n + j]);
    for (; r < rows; r++, x += n)
        for (ptrdiff_t j = 0; j < n; j++)
            sum[j] += x[j];
}

/* x y */
static inline SKMLP_REAL SKMLP_NAME(dot)(const SKMLP_REAL *x, const SKMLP_REAL *y, ptrdiff_t n)
{
    SKMLP_NAME(sums) part = {0};
    SKMLP_REAL sum[SKMLP_N_SUMS], rest = 0;
    ptrdiff_t i = 0;
    for (; i + SKMLP_N_SUMS <= n; i += SKMLP_N_SUMS)
        part += *(const SKMLP_NAME(sums) *)(x + i) * *(const SKMLP_NAME(sums) *)(y + i);
    for (; i < n; i++)
        rest += x[i] * y[i];
    *(SKMLP_NAME(sums) *)sum = part;
    for (int half = SKMLP_N_SUMS / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            sum[k] += sum[k + half];
    return sum[0] + rest;
}

/* x[0]^2 + x[1]^2 + ..., in double precision for any type */
SKMLP_CLONES static double SKMLP_NAME(sum_of_squares)(const SKMLP_REAL *x, ptrdiff_t n)
{
    double sums[SKMLP_SUMS] = {0}, sum = 0;
    ptrdiff_t i = 0;
    for (; i + SKMLP_SUMS <= n; i += SKMLP_SUMS)
        for (ptrdiff_t k = 0; k < SKMLP_SUMS; k++)
            sums[k] += (double)x[i + k] * (double)x[i + k];
    for (; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    for (ptrdiff_t k = 0; k < SKMLP_SUMS; k++)
        sum += sums[k];
    return sum;
}

/* The products of a layer with one output, where W and delta are columns: BLAS has no
   vectors for matrices that are one number wide. */

/* z <- x W + b */
SKMLP_CLONES static void SKMLP_NAME(column_product)(
    const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict W, const SKMLP_REAL *restrict b,
    SKMLP_REAL *restrict z, ptrdiff_t rows, ptrdiff_t n)
{
    for (ptrdiff_t r = 0; r < rows; r++, x += n)
        z[r] = b[0] + SKMLP_NAME(dot)(x, W, n);
}

/* gradient <- gradient + h' delta */
SKMLP_CLONES static void SKMLP_NAME(add_column_gradient)(
    const SKMLP_REAL *restrict h, const SKMLP_REAL *restrict delta,
    SKMLP_REAL *restrict gradient, ptrdiff_t rows, ptrdiff_t n)
{
    ptrdiff_t r = 0;
    for (; r + 4 <= rows; r += 4, h += 4 * n)
        for (ptrdiff_t i = 0; i < n; i++)
            gradient[i] += (h[i] * delta[r] + h[n + i] * delta[r + 1])
                + (h[2 * n + i] * delta[r + 2] + h[3 * n + i] * delta[r + 3]);
    for (; r < rows; r++, h += n)
        for (ptrdiff_t i = 0; i < n; i++)
            gradient[i] += h[i] * delta[r];
}

/* delta_below <- delta W' */
SKMLP_CLONES static void SKMLP_NAME(column_error_below)(
    const SKMLP_REAL *restrict delta, const SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict delta_below, ptrdiff_t rows, ptrdiff_t n)
{
    for (ptrdiff_t r = 0; r < rows; r++, delta_below += n)
        for (ptrdiff_t i = 0; i < n; i++)
            delta_below[i] = delta[r] * W[i];
}

/* y <- a x */
SKMLP_CLONES static void SKMLP_NAME(scale)(
    SKMLP_REAL a, const SKMLP_REAL *restrict x, SKMLP_REAL *restrict y, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] = a * x[i];
}

/* y <- y + a x */
SKMLP_CLONES static void SKMLP_NAME(add_scaled)(
    SKMLP_REAL a, const SKMLP_REAL *restrict x, SKMLP_REAL *restrict y, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* to (columns, rows) <- source (rows, columns), transposed: eight rows side by side, so that
   whole vectors are stored. */
SKMLP_CLONES static void SKMLP_NAME(transpose)(
    const SKMLP_REAL *restrict source, SKMLP_REAL *restrict to, ptrdiff_t rows, ptrdiff_t columns)
{
    ptrdiff_t i = 0;
    for (; i + 8 <= rows; i += 8)
        for (ptrdiff_t j = 0; j < columns; j++)
            for (ptrdiff_t r = i; r < i + 8; r++)
                to[j * rows + r] = source[r * columns + j];
    for (; i < rows; i++)
        for (ptrdiff_t j = 0; j < columns; j++)
            to[j * rows + i] = source[i * columns + j];
}

/* NaN passes, so that a network that diverges is noticed. */
SKMLP_CLONES static void SKMLP_NAME(relu)(SKMLP_REAL *z, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        z[i] = z[i] <= 0 ? 0 : z[i];
}

SKMLP_CLONES static void SKMLP_NAME(multiply_by_relu_derivative)(
    const SKMLP_REAL *restrict h, SKMLP_REAL *restrict delta, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        delta[i] = h[i] > 0 ? delta[i] : 0;
}

SKMLP_CLONES static void SKMLP_NAME(multiply_by_tanh_derivative)(
    const SKMLP_REAL *restrict h, SKMLP_REAL *restrict delta, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        delta[i] *= 1 - h[i] * h[i];
}

SKMLP_CLONES static void SKMLP_NAME(multiply_by_logistic_derivative)(
    const SKMLP_REAL *restrict h, SKMLP_REAL *restrict delta, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        delta[i] *= h[i] * (1 - h[i]);
}

#undef SKMLP_N_SUMS
#undef SKMLP_REAL
#undef SKMLP_NAME
#endif
