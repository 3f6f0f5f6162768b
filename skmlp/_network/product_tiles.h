/* C <- scale S + A B for one level of the processor: products.h includes this file for each and
   says what the arguments are.

   C is worked through in tiles of TILE_ROWS rows and up to three vectors of columns, whose
   sums stay in registers while the inner dimension runs: a row of B is read as it lies in
   memory, and a number of A multiplies all of it. The last vector of a row of C starts early
   enough to end with the row. The columns that it shares with the vector before it are
   computed in both, from the same numbers in the same order, so it does not matter which of
   the two is stored last. */

#include "vector.h"

#if SKMLP_BYTES >= 16 /* narrower rows are left to BLAS */

/* The inner dimension is worked through in parts of INNER: shorter ones would load and store C more
   often, and of longer ones A and B would not stay in the near caches. */
#if SKMLP_BYTES == 64
#define SKMLP_INNER SKMLP_LONG_INNER
#else
#define SKMLP_INNER 128
#endif
#if SKMLP_BYTES == 64 || defined(__aarch64__) /* 32 registers */
#define SKMLP_TILE_ROWS 8
#else
#define SKMLP_TILE_ROWS 4
#endif

/* Where vector v of a row starts; whole vectors but perhaps the last. */
#define SKMLP_START(v) ((v) == vectors - 1 ? last : (v) * SKMLP_WIDTH)

/* Rows narrower than a vector need a level that can leave lanes out. */
#if SKMLP_BYTES == 64
#if SKMLP_REAL_BYTES == 8
#define SKMLP_MASKED_LOAD _mm512_maskz_loadu_pd
#define SKMLP_MASKED_STORE _mm512_mask_storeu_pd
#else
#define SKMLP_MASKED_LOAD _mm512_maskz_loadu_ps
#define SKMLP_MASKED_STORE _mm512_mask_storeu_ps
#endif
#define SKMLP_LOAD(p) (mask ? (SKMLP_VECTOR)SKMLP_MASKED_LOAD(mask, p) : SKMLP_READ(p))
#define SKMLP_STORE(p, x)                   \
    do {                                    \
        if (mask)                           \
            SKMLP_MASKED_STORE(p, mask, x); \
        else                                \
            SKMLP_AT(p) = x;                \
    } while (0)
#else
#define SKMLP_LOAD(p) SKMLP_READ(p)
#define SKMLP_STORE(p, x) (SKMLP_AT(p) = (x))
#endif

/* rows, vectors and mask are constants wherever this is inlined: the loops over them vanish. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(tile)(
    const int rows, const int vectors, const unsigned mask, ptrdiff_t last, int far,
    const SKMLP_REAL *restrict A, ptrdiff_t a_row, ptrdiff_t a_column,
    const SKMLP_REAL *restrict B, ptrdiff_t b_row, SKMLP_REAL scale, const SKMLP_REAL *S,
    ptrdiff_t s_row, SKMLP_REAL *C, ptrdiff_t n, ptrdiff_t k)
{
    /* Rows 4 to 7 have a pointer of their own: registers for seven multiples of a_row would run
       out. */
    const SKMLP_REAL *restrict A_4 = rows > 4 ? A + 4 * a_row : A;
    SKMLP_VECTOR sum[SKMLP_TILE_ROWS][3], b[3];
    /* With four rows the loop adds two terms at a time: the products of one do not hide its
       overhead. */
    const int two = SKMLP_TILE_ROWS == 4;
    (void)mask;
    SKMLP_UNROLL
    for (int r = 0; r < rows; r++)
        SKMLP_UNROLL
        for (int v = 0; v < vectors; v++)
            if (S)
                sum[r][v] = scale * SKMLP_LOAD(S + r * s_row + SKMLP_START(v));
            else
                sum[r][v] = (SKMLP_VECTOR){0};
#define SKMLP_ADD_TERM()                                                       \
    do {                                                                       \
        SKMLP_UNROLL                                                           \
        for (int v = 0; v < vectors; v++)                                      \
            b[v] = SKMLP_LOAD(B + SKMLP_START(v));                             \
        SKMLP_UNROLL                                                           \
        for (int r = 0; r < rows; r++)                                         \
            SKMLP_UNROLL                                                       \
            for (int v = 0; v < vectors; v++)                                  \
                sum[r][v] += (r < 4 ? A : A_4)[r % 4 * a_row] * b[v];          \
        A += a_column, A_4 += a_column, B += b_row;                            \
    } while (0)
#define SKMLP_ADD_TERMS(n_terms)                                               \
    do {                                                                       \
        SKMLP_VECTOR_LOOP                                                      \
        for (ptrdiff_t p = (n_terms) >> two; p > 0; p--) {                     \
            SKMLP_ADD_TERM();                                                  \
            if (two)                                                           \
                SKMLP_ADD_TERM();                                              \
        }                                                                      \
        if (two & (n_terms))                                                   \
            SKMLP_ADD_TERM();                                                  \
    } while (0)
    if (far) { /* what the next tile starts from, and where this one will be stored */
        const int between = k >= SKMLP_TERMS_BETWEEN * rows;
        for (int row = 0; row < rows; row++) {
            SKMLP_UNROLL
            for (int v = 0; v < vectors; v++) {
                if (S)
                    __builtin_prefetch(S + (rows + row) * s_row + SKMLP_START(v), 0, 2);
                __builtin_prefetch(C + row * n + SKMLP_START(v), 1);
            }
            if (between) /* all at once would keep B waiting */
                SKMLP_ADD_TERMS(SKMLP_TERMS_BETWEEN);
        }
        k -= between ? SKMLP_TERMS_BETWEEN * rows : 0;
    }
    SKMLP_ADD_TERMS(k);
#undef SKMLP_ADD_TERMS
#undef SKMLP_ADD_TERM
    SKMLP_UNROLL
    for (int r = 0; r < rows; r++)
        SKMLP_UNROLL
        for (int v = 0; v < vectors; v++)
            SKMLP_STORE(C + r * n + SKMLP_START(v), sum[r][v]);
}

/* All rows of a strip of columns, where A of a tile starts a_tile after that of the tile before
   it. Where they are many, the strip of B is copied first: rows of B that are a power of two
   apart share few sets of the first-level cache. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(strip)(
    const int vectors, const unsigned mask, ptrdiff_t last, int far,
    const SKMLP_REAL *A, ptrdiff_t a_row, ptrdiff_t a_column, ptrdiff_t a_tile,
    const SKMLP_REAL *B, SKMLP_REAL scale, const SKMLP_REAL *S, ptrdiff_t s_row, SKMLP_REAL *C,
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k)
{
    SKMLP_REAL copy[SKMLP_INNER * 3 * SKMLP_WIDTH];
    ptrdiff_t b_row = n;
    if (vectors == 3 && m >= SKMLP_MANY_ROWS) {
        b_row = 3 * SKMLP_WIDTH;
        for (ptrdiff_t p = 0; p < k; p++)
            SKMLP_UNROLL
            for (int v = 0; v < vectors; v++)
                SKMLP_STORE(copy + p * b_row + SKMLP_START(v),
                            SKMLP_LOAD(B + p * n + SKMLP_START(v)));
        B = copy;
    }
#define SKMLP_TILE(rows)                                                                      \
    SKMLP_NAME(tile)(rows, vectors, mask, last, far, A, a_row, a_column, B, b_row, scale, S,   \
                     s_row, C, n, k);                                                         \
    A += rows == SKMLP_TILE_ROWS ? a_tile : rows * a_row;                                     \
    S = S ? S + rows * s_row : S;                                                             \
    C += rows * n
    for (; m >= SKMLP_TILE_ROWS; m -= SKMLP_TILE_ROWS) {
        SKMLP_TILE(SKMLP_TILE_ROWS);
    }
#if SKMLP_TILE_ROWS > 4
    if (m & 4) {
        SKMLP_TILE(4);
    }
#endif
    if (m & 2) {
        SKMLP_TILE(2);
    }
    if (m & 1) {
        SKMLP_TILE(1);
    }
#undef SKMLP_TILE
}

/* All strips. n is at least a vector, unless the level has masks. Inlined twice, GCC would run
   out of registers. */
SKMLP_TARGET __attribute__((noinline)) static void SKMLP_NAME(strips)(
    int far, const SKMLP_REAL *A, ptrdiff_t a_row, ptrdiff_t a_column, ptrdiff_t a_tile,
    const SKMLP_REAL *B, SKMLP_REAL scale, const SKMLP_REAL *S, ptrdiff_t s_row, SKMLP_REAL *C,
    ptrdiff_t m, ptrdiff_t n, ptrdiff_t k)
{
#define SKMLP_STRIP(vectors, mask)                                                           \
    SKMLP_NAME(strip)(vectors, mask, last, far, A, a_row, a_column, a_tile, B + j, scale,    \
                      S ? S + j : S, s_row, C + j, m, n, k)
    ptrdiff_t vectors;
    for (ptrdiff_t j = 0; j < n; j += vectors * SKMLP_WIDTH) {
        const ptrdiff_t left = (n - j + SKMLP_WIDTH - 1) / SKMLP_WIDTH;
        ptrdiff_t last;
        /* Four are two and two: the last vector may share columns with the one before it only
           where both are of one strip. */
        vectors = left <= 3 ? left : left == 4 ? 2 : 3;
        last = (vectors == left ? n - j : vectors * SKMLP_WIDTH) - SKMLP_WIDTH;
        if (vectors == 3)
            SKMLP_STRIP(3, 0);
        else if (vectors == 2)
            SKMLP_STRIP(2, 0);
#if SKMLP_BYTES == 64
        else if (last < 0) {
            last = 0;
            SKMLP_STRIP(1, (1u << n) - 1);
        }
#endif
        else
            SKMLP_STRIP(1, 0);
    }
#undef SKMLP_STRIP
}

/* copy <- (rows, inner) of a transposed A, tile after tile. */
SKMLP_TARGET static void SKMLP_NAME(copy_block)(
    const SKMLP_REAL *A, ptrdiff_t a_column, SKMLP_REAL *copy, ptrdiff_t rows, ptrdiff_t inner)
{
    ptrdiff_t i = 0;
    for (; i + SKMLP_TILE_ROWS <= rows; i += SKMLP_TILE_ROWS)
        for (ptrdiff_t p = 0; p < inner; p++, copy += SKMLP_TILE_ROWS)
            memcpy(copy, A + i + p * a_column, SKMLP_TILE_ROWS * sizeof *A);
    for (ptrdiff_t p = 0; p < inner; p++, copy += SKMLP_TILE_ROWS)
        for (ptrdiff_t r = i; r < rows; r++)
            copy[r - i] = A[r + p * a_column];
}

/* Strips go over blocks of rows, which stay in the second-level cache. Of a transposed A blocks
   are copied: as it lies, what a tile multiplies is in as many pages as the inner dimension is
   long. */
SKMLP_TARGET static void SKMLP_NAME(product)(
    const SKMLP_REAL *A, ptrdiff_t a_row, ptrdiff_t a_column, const SKMLP_REAL *B,
    SKMLP_REAL scale, const SKMLP_REAL *S, ptrdiff_t s_row, SKMLP_REAL *C, ptrdiff_t m,
    ptrdiff_t n, ptrdiff_t k)
{
    enum { /* the shorter the copied rows are, the more fit, and the fewer times B is copied */
        MOST_INNER = 1024 / sizeof(SKMLP_REAL),
        COPIED_INNER = MOST_INNER < SKMLP_INNER ? MOST_INNER : SKMLP_INNER,
        COPIED_ROWS = SKMLP_COPIED_BYTES / (COPIED_INNER * sizeof(SKMLP_REAL))
    };
    SKMLP_REAL copy[COPIED_INNER * COPIED_ROWS];
    const int far = m * n * sizeof *C >= SKMLP_FAR_BYTES;
    const int copied = a_row == 1 && m >= SKMLP_MANY_ROWS && n >= SKMLP_MANY_COLUMNS;
    const ptrdiff_t part = copied ? COPIED_INNER : SKMLP_INNER;
    const ptrdiff_t block = copied ? COPIED_ROWS : SKMLP_BLOCK_ROWS;
    for (ptrdiff_t p = 0; p < k; p += part, scale = 1, S = C, s_row = n) {
        const ptrdiff_t inner = k - p < part ? k - p : part;
        for (ptrdiff_t i = 0; i < m; i += block) {
            const ptrdiff_t rows = m - i < block ? m - i : block;
            const SKMLP_REAL *A_block = A + i * a_row + p * a_column;
            ptrdiff_t column = a_column, tile = SKMLP_TILE_ROWS * a_row;
            if (copied) {
                SKMLP_NAME(copy_block)(A_block, a_column, copy, rows, inner);
                A_block = copy;
                column = SKMLP_TILE_ROWS;
                tile = SKMLP_TILE_ROWS * inner;
            }
            SKMLP_NAME(strips)(far, A_block, a_row, column, tile, B + p * n, scale,
                               S ? S + i * s_row : S, s_row, C + i * n, rows, n, inner);
        }
    }
}

#undef SKMLP_START
#undef SKMLP_LOAD
#undef SKMLP_STORE
#undef SKMLP_MASKED_LOAD
#undef SKMLP_MASKED_STORE
#undef SKMLP_INNER
#undef SKMLP_TILE_ROWS
#endif
