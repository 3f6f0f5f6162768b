/* Loops over a block of rows that are worth the widest vectors of the processor: each is
   compiled once per level (SKMLP_CLONES). What they compute stands in the .pxd files. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_BLOCKS_H
#define SKMLP_BLOCKS_H

#include <stddef.h>
#include <string.h>

#include "clones.h"
#include "sums.h"

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
   longer than the copy. The last part starts early enough to end with the row. */
static inline void skmlp_copy_row(char *to, const char *from, size_t n_bytes)
{
#define SKMLP_COPY_PARTS(part)                                           \
    for (size_t i = 0; i + (part) < n_bytes; i += (part))                \
        memcpy(to + i, from + i, part);                                  \
    memcpy(to + n_bytes - (part), from + n_bytes - (part), part)
    if (n_bytes < 16) {
        for (size_t i = 0; i < n_bytes; i += 4)
            memcpy(to + i, from + i, 4);
    } else if (n_bytes < 32) {
        SKMLP_COPY_PARTS(16);
    } else if (n_bytes <= 256) {
        SKMLP_COPY_PARTS(32);
    } else {
        memcpy(to, from, n_bytes);
    }
#undef SKMLP_COPY_PARTS
}

static inline void skmlp_prefetch(const void *start, ptrdiff_t n_bytes)
{
    for (ptrdiff_t i = 0; i < n_bytes; i += SKMLP_LINE)
        SKMLP_PREFETCH((const char *)start + i);
    SKMLP_KEEP();
}

/* How far ahead of the row being gathered the cache is told of the next ones. */
#define SKMLP_PREFETCHED_ROWS 8

/* to <- rows of n_bytes, which start stride bytes apart in data */
SKMLP_CLONES static void skmlp_gather_rows(
    const char *data, ptrdiff_t stride, const ptrdiff_t *row, char *to, ptrdiff_t rows,
    ptrdiff_t n_bytes)
{
    for (ptrdiff_t r = 0; r < rows; r++, to += n_bytes) {
        if (r + SKMLP_PREFETCHED_ROWS < rows)
            skmlp_prefetch(data + row[r + SKMLP_PREFETCHED_ROWS] * stride, n_bytes);
        skmlp_copy_row(to, data + row[r] * stride, (size_t)n_bytes);
    }
}

#define SKMLP_REAL double
#define SKMLP_NAME(name) skmlp_##name##_f64
#include "blocks.h"
#define SKMLP_REAL float
#define SKMLP_NAME(name) skmlp_##name##_f32
#include "blocks.h"

#endif
#else

/* z[r] <- b for each row r */
SKMLP_CLONES static void SKMLP_NAME(fill_rows)(
    const SKMLP_REAL *restrict b, SKMLP_REAL *restrict z, ptrdiff_t rows, ptrdiff_t n)
{
    for (ptrdiff_t r = 0; r < rows; r++, z += n)
        for (ptrdiff_t j = 0; j < n; j++)
            z[j] = b[j];
}

/* ||x - y||^2, or ||x||^2 where y is NULL: differences are of the type, the rest is in double. */
SKMLP_INLINE double SKMLP_NAME(squared_norm)(
    const SKMLP_REAL *x, const SKMLP_REAL *y, ptrdiff_t n)
{
    double sums[SKMLP_SUMS] = {0}, sum = 0;
    ptrdiff_t i = 0;
    for (; i + SKMLP_SUMS <= n; i += SKMLP_SUMS)
        for (ptrdiff_t k = 0; k < SKMLP_SUMS; k++) {
            const double d = (double)(y ? x[i + k] - y[i + k] : x[i + k]);
            sums[k] += d * d;
        }
    for (; i < n; i++) {
        const double d = (double)(y ? x[i] - y[i] : x[i]);
        sum += d * d;
    }
    for (ptrdiff_t k = 0; k < SKMLP_SUMS; k++)
        sum += sums[k];
    return sum;
}

SKMLP_CLONES static double SKMLP_NAME(sum_of_squares)(const SKMLP_REAL *x, ptrdiff_t n)
{
    return SKMLP_NAME(squared_norm)(x, NULL, n);
}

SKMLP_CLONES static double SKMLP_NAME(squared_distance)(
    const SKMLP_REAL *x, const SKMLP_REAL *y, ptrdiff_t n)
{
    return SKMLP_NAME(squared_norm)(x, y, n);
}

/* delta_below <- delta W' for a layer with one output, where delta and W are columns */
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

/* Rows of a matrix whose columns are so many bytes apart. A few columns at a time: where they are
   long, the next row of each may be in the same line of the cache. A number need not be aligned. */
static inline void SKMLP_NAME(gather_columns)(
    const char *data, ptrdiff_t row_stride, ptrdiff_t column_stride, const ptrdiff_t *row,
    SKMLP_REAL *to, ptrdiff_t rows, ptrdiff_t n)
{
    const ptrdiff_t part = SKMLP_LINE / sizeof *to;
    for (ptrdiff_t first = 0; first < n; first += part) {
        const ptrdiff_t stop = n - first < part ? n : first + part;
        for (ptrdiff_t r = 0; r < rows; r++)
            for (ptrdiff_t i = first; i < stop; i++)
                memcpy(to + r * n + i, data + row[r] * row_stride + i * column_stride, sizeof *to);
    }
}

/* y <- y + a x */
SKMLP_CLONES static void SKMLP_NAME(add_scaled)(
    SKMLP_REAL a, const SKMLP_REAL *restrict x, SKMLP_REAL *restrict y, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* Columns of `to`, whose rows start to_row numbers apart, <- rows of source, which start
   source_row apart. In parts of eight by eight: whole vectors are stored, in few rows at a time,
   as rows that are a power of two apart share few sets of the first-level cache. */
#define SKMLP_TURN(n_columns)                                               \
    for (ptrdiff_t c = 0; c < (n_columns); c++)                             \
        for (ptrdiff_t r = 0; r < 8; r++)                                   \
            to[(j + c) * to_row + i + r] = source[(i + r) * source_row + j + c]
SKMLP_CLONES static void SKMLP_NAME(transpose)(
    const SKMLP_REAL *restrict source, ptrdiff_t source_row, SKMLP_REAL *restrict to,
    ptrdiff_t to_row, ptrdiff_t rows, ptrdiff_t columns)
{
    const ptrdiff_t whole = rows / 8 * 8;
    ptrdiff_t i, j = 0;
    for (; j + 8 <= columns; j += 8)
        for (i = 0; i < whole; i += 8) {
            SKMLP_TURN(8);
        }
    for (i = 0; i < whole; i += 8) {
        SKMLP_TURN(columns - j);
    }
    for (; i < rows; i++)
        for (j = 0; j < columns; j++)
            to[j * to_row + i] = source[i * source_row + j];
}
#undef SKMLP_TURN

/* NaN passes, so that a network that diverges is noticed. */
SKMLP_CLONES static void SKMLP_NAME(relu)(SKMLP_REAL *z, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        z[i] = z[i] <= 0 ? 0 : z[i];
}

SKMLP_CLONES static void SKMLP_NAME(multiply_by_relu_derivative)(
    const SKMLP_REAL *restrict h, SKMLP_REAL *restrict delta, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        const SKMLP_REAL d = delta[i]; /* in any case, or Clang makes a branch of it */
        delta[i] = h[i] > 0 ? d : 0;
    }
}

/* delta <- delta * f'(z), with f'(z) from h = f(z), and for a layer with one output, whose W is a
   column, the whole way down: delta_below <- delta W' * f'(z). */
#define SKMLP_DERIVATIVE(name, f)                                                             \
    SKMLP_CLONES static void SKMLP_NAME(multiply_by_##name##_derivative)(                     \
        const SKMLP_REAL *restrict h, SKMLP_REAL *restrict delta, ptrdiff_t n)                \
    {                                                                                         \
        for (ptrdiff_t i = 0; i < n; i++)                                                     \
            delta[i] *= f(h[i]);                                                              \
    }                                                                                         \
    SKMLP_CLONES static void SKMLP_NAME(column_##name##_delta)(                               \
        const SKMLP_REAL *restrict delta, const SKMLP_REAL *restrict W,                       \
        const SKMLP_REAL *restrict h, SKMLP_REAL *restrict delta_below, ptrdiff_t rows,       \
        ptrdiff_t n)                                                                          \
    {                                                                                         \
        for (ptrdiff_t r = 0; r < rows; r++, h += n, delta_below += n)                        \
            for (ptrdiff_t i = 0; i < n; i++)                                                 \
                delta_below[i] = delta[r] * W[i] * f(h[i]);                                   \
    }

#define SKMLP_TANH_DERIVATIVE(h) (1 - (h) * (h))
#define SKMLP_LOGISTIC_DERIVATIVE(h) ((h) * (1 - (h)))
SKMLP_DERIVATIVE(tanh, SKMLP_TANH_DERIVATIVE)
SKMLP_DERIVATIVE(logistic, SKMLP_LOGISTIC_DERIVATIVE)

#undef SKMLP_DERIVATIVE
#undef SKMLP_TANH_DERIVATIVE
#undef SKMLP_LOGISTIC_DERIVATIVE
#undef SKMLP_REAL
#undef SKMLP_NAME
#endif
