/* Passes over rows of weights for one level of the processor: sparse_rows.h includes this file for
   each and says what the functions compute. A vector holds WIDTH numbers, and a row has at least
   so many. The last vector starts early enough to end with the row, and from what its numbers were
   before: those that it shares with the vector before it come out the same. */

#include "vector.h"

/* A vector of each row. */
typedef struct {
    SKMLP_VECTOR w, v, z;
} SKMLP_NAME(row_parts);

SKMLP_TARGET SKMLP_INLINE SKMLP_NAME(row_parts) SKMLP_NAME(read_parts)(
    const SKMLP_REAL *w, const SKMLP_REAL *v, const SKMLP_REAL *z)
{
    const SKMLP_NAME(row_parts) read = {SKMLP_READ(w), SKMLP_READ(v),
                                        z ? SKMLP_READ(z) : (SKMLP_VECTOR){0}};
    return read;
}

SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(transform_parts)(
    const SKMLP_REAL P[4], SKMLP_REAL a, SKMLP_REAL b, const SKMLP_REAL *g,
    SKMLP_NAME(row_parts) old, SKMLP_REAL *w, SKMLP_REAL *v, SKMLP_REAL x, SKMLP_REAL *z)
{
    SKMLP_READ_ONCE(old.w);
    SKMLP_READ_ONCE(old.v);
    SKMLP_VECTOR new_w = P[0] * old.w + P[1] * old.v, new_v = P[2] * old.w + P[3] * old.v;
    if (g) {
        SKMLP_VECTOR change = SKMLP_READ(g);
        SKMLP_READ_ONCE(change);
        new_w += a * change;
        new_v += b * change;
    }
    SKMLP_AT(w) = new_w;
    SKMLP_AT(v) = new_v;
    if (z)
        SKMLP_AT(z) = old.z + x * new_w;
}

SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(transform)(
    const skmlp_transform *restrict transform, double x_g, const SKMLP_REAL *restrict g,
    SKMLP_REAL *restrict w, SKMLP_REAL *restrict v, SKMLP_REAL x, SKMLP_REAL *restrict z,
    const skmlp_ahead *ahead, ptrdiff_t n)
{
#define SKMLP_PART(old, j)                                                                \
    SKMLP_NAME(transform_parts)(p, a, b, g ? g + (j) : g, old, w + (j), v + (j), x,       \
                                z ? z + (j) : z)
#define SKMLP_READ_AT(j) SKMLP_NAME(read_parts)(w + (j), v + (j), z ? z + (j) : z)
    const double *P = transform->P;
    const SKMLP_REAL p[4] = {(SKMLP_REAL)P[0], (SKMLP_REAL)P[1], (SKMLP_REAL)P[2],
                             (SKMLP_REAL)P[3]};
    const SKMLP_REAL a = (SKMLP_REAL)(x_g * transform->c[0]);
    const SKMLP_REAL b = (SKMLP_REAL)(x_g * transform->c[1]);
    const ptrdiff_t line = SKMLP_LINE / (ptrdiff_t)sizeof *w, last = n - SKMLP_WIDTH;
    ptrdiff_t start = 0;
    for (; start + line <= last; start += line) {
        if (z)
            skmlp_prefetch_line(ahead, start * (ptrdiff_t)sizeof *w);
        SKMLP_UNROLL
        for (ptrdiff_t i = 0; i < line; i += SKMLP_WIDTH)
            SKMLP_PART(SKMLP_READ_AT(start + i), start + i);
    }
    /* Before the vector that it shares numbers with is stored. */
    const SKMLP_NAME(row_parts) last_parts = SKMLP_READ_AT(last);
    for (ptrdiff_t j = start; j < last; j += SKMLP_WIDTH)
        SKMLP_PART(SKMLP_READ_AT(j), j);
    for (; z && start < n; start += line)
        skmlp_prefetch_line(ahead, start * (ptrdiff_t)sizeof *w);
    SKMLP_PART(last_parts, last);
#undef SKMLP_PART
#undef SKMLP_READ_AT
}

SKMLP_TARGET static void SKMLP_NAME(transform_row)(
    const skmlp_transform *restrict transform, double x_g, const SKMLP_REAL *restrict g,
    SKMLP_REAL *restrict w, SKMLP_REAL *restrict v, SKMLP_REAL x, SKMLP_REAL *restrict z,
    const skmlp_ahead *ahead, ptrdiff_t n)
{
    if (g && z)
        SKMLP_NAME(transform)(transform, x_g, g, w, v, x, z, ahead, n);
    else if (z)
        SKMLP_NAME(transform)(transform, x_g, NULL, w, v, x, z, ahead, n);
    else if (g)
        SKMLP_NAME(transform)(transform, x_g, g, w, v, x, NULL, NULL, n);
    else
        SKMLP_NAME(transform)(transform, x_g, NULL, w, v, x, NULL, NULL, n);
}

/* Where vector v of a strip starts; the last one starts early enough to end with the strip. */
#define SKMLP_START(v) ((v) == vectors - 1 ? columns - SKMLP_WIDTH : (v) * SKMLP_WIDTH)

/* add_sparse_product for a strip of columns, whose sums stay in registers. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(add_strip_of_product)(
    const int vectors, ptrdiff_t columns, const SKMLP_REAL *restrict value,
    const void *restrict indices, int wide, ptrdiff_t start, ptrdiff_t stop,
    const SKMLP_REAL *restrict W, SKMLP_REAL *restrict z, ptrdiff_t n)
{
    const ptrdiff_t n_bytes = columns * (ptrdiff_t)sizeof *W;
    SKMLP_VECTOR part[8];
    SKMLP_UNROLL
    for (int v = 0; v < vectors; v++)
        part[v] = SKMLP_READ(z + SKMLP_START(v));
    for (ptrdiff_t i = start; i < stop; i++) {
        const ptrdiff_t far = i + SKMLP_FAR < stop ? i + SKMLP_FAR : stop - 1;
        const ptrdiff_t near = i + SKMLP_NEAR < stop ? i + SKMLP_NEAR : stop - 1;
        const SKMLP_REAL x = value[i], *w = W + skmlp_index_at(indices, wide, i) * n;
        const char *far_w = (const char *)(W + skmlp_index_at(indices, wide, far) * n);
        const char *near_w = (const char *)(W + skmlp_index_at(indices, wide, near) * n);
        for (ptrdiff_t k = 0; k < n_bytes; k += SKMLP_LINE) {
            SKMLP_PREFETCH_FAR(far_w + k);
            SKMLP_PREFETCH(near_w + k);
        }
        SKMLP_UNROLL
        for (int v = 0; v < vectors; v++)
            part[v] += x * SKMLP_READ(w + SKMLP_START(v));
    }
    SKMLP_UNROLL
    for (int v = 0; v < vectors; v++)
        SKMLP_AT(z + SKMLP_START(v)) = part[v];
}

SKMLP_TARGET static void SKMLP_NAME(add_sparse_product)(
    const SKMLP_REAL *restrict value, const void *restrict indices, int wide, ptrdiff_t start,
    ptrdiff_t stop, const SKMLP_REAL *restrict W, SKMLP_REAL *restrict z, ptrdiff_t n)
{
    /* The last of several strips has more than a vector, else columns would be added to twice. */
    ptrdiff_t columns = n;
#define SKMLP_STRIP(vectors, columns)                                                          \
    SKMLP_NAME(add_strip_of_product)(vectors, columns, value, indices, wide, start, stop, W, z, n)
    for (; columns > 8 * SKMLP_WIDTH; columns -= 7 * SKMLP_WIDTH) {
        SKMLP_STRIP(7, 7 * SKMLP_WIDTH);
        W += 7 * SKMLP_WIDTH, z += 7 * SKMLP_WIDTH;
    }
    if (columns > 7 * SKMLP_WIDTH)
        SKMLP_STRIP(8, columns);
    else if (columns > 6 * SKMLP_WIDTH)
        SKMLP_STRIP(7, columns);
    else if (columns > 5 * SKMLP_WIDTH)
        SKMLP_STRIP(6, columns);
    else if (columns > 4 * SKMLP_WIDTH)
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

#undef SKMLP_START
