/* The passes over the weights of one training case, for one level of the processor: single_case.h
   includes this file for each and says what the functions compute.

   A vector holds WIDTH numbers, at level 0 one, and a row of W has at least so many: n. Where rows
   are padded (padding.pxd) they are whole vectors. Elsewhere, what these leave of the columns in
   the first layer is left to the level below. In the layers above, the last vector starts early
   enough to end with the row, and from what its numbers were before: those that it shares with
   the vector before it come out the same. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */

#define SKMLP_REAL double
#define SKMLP_REAL_BYTES 8
#define SKMLP_NAME(name) SKMLP_AT_LEVEL(name, f64)
#define SKMLP_DOT skmlp_dot_f64
#define SKMLP_BELOW(name) SKMLP_AT_LEVEL_BELOW(name, f64)
#define SKMLP_UPDATE_NUMBER skmlp_update_v0_f64
#include "single_case_passes.h"
#define SKMLP_REAL float
#define SKMLP_REAL_BYTES 4
#define SKMLP_NAME(name) SKMLP_AT_LEVEL(name, f32)
#define SKMLP_DOT skmlp_dot_f32
#define SKMLP_BELOW(name) SKMLP_AT_LEVEL_BELOW(name, f32)
#define SKMLP_UPDATE_NUMBER skmlp_update_v0_f32
#include "single_case_passes.h"

#undef SKMLP_AT_LEVEL
#undef SKMLP_AT_LEVEL_BELOW
#undef SKMLP_TARGET
#undef SKMLP_BYTES
#else

#if SKMLP_BYTES > SKMLP_REAL_BYTES
typedef SKMLP_REAL SKMLP_NAME(numbers)
    __attribute__((vector_size(SKMLP_BYTES), aligned(sizeof(SKMLP_REAL)), may_alias));
#else
typedef SKMLP_REAL SKMLP_NAME(numbers);
#endif
/* Sums side by side of a row product: a vector, but not so many that adding them up takes longer
   than they save. */
#if SKMLP_BYTES > SKMLP_SUMS * SKMLP_REAL_BYTES
typedef SKMLP_REAL SKMLP_NAME(sums)
    __attribute__((vector_size(SKMLP_SUMS * SKMLP_REAL_BYTES), aligned(sizeof(SKMLP_REAL)),
                   may_alias));
#else
typedef SKMLP_NAME(numbers) SKMLP_NAME(sums);
#endif
#define SKMLP_N_SUMS ((int)(sizeof(SKMLP_NAME(sums)) / sizeof(SKMLP_REAL)))
#define SKMLP_READ_SUMS(p) (*(const SKMLP_NAME(sums) *)(p))
#define SKMLP_VECTOR SKMLP_NAME(numbers)
#define SKMLP_WIDTH ((ptrdiff_t)(sizeof(SKMLP_VECTOR) / sizeof(SKMLP_REAL)))
#define SKMLP_AT(p) (*(SKMLP_VECTOR *)(p))
#define SKMLP_READ(p) (*(const SKMLP_VECTOR *)(p))

/* SKMLP_PART(rows, z) works on 4 rows of W, on 2 or on one, in the columns of a vector. All rows
   of these columns, with z in a register, where there are few columns: */
#define SKMLP_FEW (8 * SKMLP_WIDTH)
#define SKMLP_DOWN(z)                      \
    for (i = 0; i + 4 <= fan_in; i += 4)   \
        SKMLP_PART(4, z);                  \
    for (; i + 2 <= fan_in; i += 2)        \
        SKMLP_PART(2, z);                  \
    for (; i < fan_in; i++)                \
        SKMLP_PART(1, z)

/* And where there are many, all columns of these rows, as they lie in memory: */
#define SKMLP_ACROSS(rows)                                     \
    for (; i + rows <= fan_in; i += rows)                      \
        for (ptrdiff_t j = 0; j < columns; j += SKMLP_WIDTH) { \
            SKMLP_VECTOR part = SKMLP_READ(z + j);             \
            SKMLP_PART(rows, &part);                           \
            SKMLP_AT(z + j) = part;                            \
        }

/* z <- z + x w, in the same order whether w was read or has just been updated. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(add_net_input)(
    const int rows, const SKMLP_REAL *x, const SKMLP_VECTOR *w, SKMLP_VECTOR *z)
{
    if (rows == 4)
        *z += (x[0] * w[0] + x[1] * w[1]) + (x[2] * w[2] + x[3] * w[3]);
    else if (rows == 2)
        *z += x[0] * w[0] + x[1] * w[1];
    else
        *z += x[0] * w[0];
}

SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(net_input_part)(
    const int rows, const SKMLP_REAL *x, const SKMLP_REAL *W, SKMLP_VECTOR *z, ptrdiff_t n)
{
    SKMLP_VECTOR w[4];
    SKMLP_UNROLL
    for (int r = 0; r < rows; r++)
        w[r] = SKMLP_READ(W + r * n);
    SKMLP_NAME(add_net_input)(rows, x, w, z);
}

SKMLP_TARGET static void SKMLP_NAME(case_net_input)(
    const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict W, const SKMLP_REAL *restrict b,
    SKMLP_REAL *restrict z, ptrdiff_t fan_in, ptrdiff_t columns, ptrdiff_t n)
{
#define SKMLP_PART(rows, z)                                                                   \
    SKMLP_NAME(net_input_part)(rows, x + i, W + i * n + j, z, n)
    const ptrdiff_t rest = columns % SKMLP_WIDTH;
    ptrdiff_t i = 0;
    columns -= rest;
    for (ptrdiff_t j = 0; j < columns; j += SKMLP_WIDTH) {
        SKMLP_VECTOR part = SKMLP_READ(b + j);
        if (columns <= SKMLP_FEW) {
            SKMLP_DOWN(&part);
        }
        SKMLP_AT(z + j) = part;
    }
    if (columns > SKMLP_FEW) {
        SKMLP_ACROSS(4)
        SKMLP_ACROSS(2)
        SKMLP_ACROSS(1)
    }
#undef SKMLP_PART
#if SKMLP_BYTES > SKMLP_REAL_BYTES
    if (rest)
        SKMLP_BELOW(case_net_input)(x, W + columns, b + columns, z + columns, fan_in, rest, n);
#endif
}

/* v <- gamma v + eta (h delta + lambda w); w <- w - v, or w - (gamma v + eta (...)) */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(update)(
    SKMLP_REAL eta_h, SKMLP_VECTOR delta, SKMLP_VECTOR *w, SKMLP_VECTOR *v, SKMLP_REAL gamma,
    SKMLP_REAL eta_lambda, const int nesterov)
{
    const SKMLP_VECTOR step = eta_h * delta + eta_lambda * *w;
    *v = gamma * *v + step;
    if (nesterov)
        *w -= gamma * *v + step;
    else
        *w -= *v;
}

SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(update_row)(
    SKMLP_REAL eta_h, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict w,
    SKMLP_REAL *restrict v, ptrdiff_t n, SKMLP_REAL gamma, SKMLP_REAL eta_lambda,
    const int nesterov)
{
    const ptrdiff_t last = n - SKMLP_WIDTH;
    SKMLP_VECTOR last_w = SKMLP_READ(w + last), last_v = SKMLP_READ(v + last);
    for (ptrdiff_t j = 0; j < last; j += SKMLP_WIDTH) {
        SKMLP_VECTOR w_part = SKMLP_READ(w + j), v_part = SKMLP_READ(v + j);
        SKMLP_NAME(update)(eta_h, SKMLP_READ(delta + j), &w_part, &v_part, gamma, eta_lambda,
                           nesterov);
        SKMLP_AT(w + j) = w_part;
        SKMLP_AT(v + j) = v_part;
    }
    SKMLP_NAME(update)(eta_h, SKMLP_READ(delta + last), &last_w, &last_v, gamma, eta_lambda,
                       nesterov);
    SKMLP_AT(w + last) = last_w;
    SKMLP_AT(v + last) = last_v;
}

/* w delta, where `rest` is the last part of delta, with zeros for the numbers that belong to the
   part before. */
SKMLP_TARGET SKMLP_INLINE SKMLP_REAL SKMLP_NAME(row_product)(
    const SKMLP_REAL *restrict w, const SKMLP_REAL *restrict delta,
    const SKMLP_NAME(sums) rest, ptrdiff_t n)
{
    const ptrdiff_t last = n - SKMLP_N_SUMS;
    SKMLP_NAME(sums) part = SKMLP_READ_SUMS(w + last) * rest;
    SKMLP_REAL sum[SKMLP_N_SUMS];
    for (ptrdiff_t j = 0; j < last; j += SKMLP_N_SUMS)
        part += SKMLP_READ_SUMS(w + j) * SKMLP_READ_SUMS(delta + j);
    *(SKMLP_NAME(sums) *)sum = part;
    for (int half = SKMLP_N_SUMS / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            sum[k] += sum[k + half];
    return sum[0];
}

/* delta_below <- W delta with the weights before the update; then the update of W. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(backward_rows)(
    const SKMLP_REAL *restrict h, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict v, SKMLP_REAL *restrict delta_below, ptrdiff_t fan_in, ptrdiff_t n,
    SKMLP_REAL eta, SKMLP_REAL gamma, SKMLP_REAL eta_lambda, const int nesterov)
{
    const ptrdiff_t n_shared = SKMLP_N_SUMS - 1 - (n - 1) % SKMLP_N_SUMS;
    SKMLP_REAL rest[SKMLP_N_SUMS];
    for (int k = 0; k < SKMLP_N_SUMS; k++)
        rest[k] = k < n_shared ? 0 : delta[n - SKMLP_N_SUMS + k];
    for (ptrdiff_t i = 0; i < fan_in; i++, W += n, v += n) {
        delta_below[i] = SKMLP_NAME(row_product)(W, delta, SKMLP_READ_SUMS(rest), n);
        SKMLP_NAME(update_row)(eta * h[i], delta, W, v, n, gamma, eta_lambda, nesterov);
    }
}

SKMLP_TARGET static void SKMLP_NAME(case_backward)(
    const SKMLP_REAL *restrict h, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict b, SKMLP_REAL *restrict v_W, SKMLP_REAL *restrict v_b,
    SKMLP_REAL *restrict delta_below, ptrdiff_t fan_in, ptrdiff_t n, SKMLP_REAL eta,
    SKMLP_REAL gamma, SKMLP_REAL lambda, const int nesterov)
{
    SKMLP_NAME(update_row)(eta, delta, b, v_b, n, gamma, 0, nesterov);
    if (nesterov)
        SKMLP_NAME(backward_rows)(h, delta, W, v_W, delta_below, fan_in, n, eta, gamma,
                                  eta * lambda, 1);
    else
        SKMLP_NAME(backward_rows)(h, delta, W, v_W, delta_below, fan_in, n, eta, gamma,
                                  eta * lambda, 0);
}

/* The update of some rows, and z <- z + next_x w. All rows are read before any is stored: a read
   waits for a store whose address differs from its own by whole pages. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(first_layer_part)(
    const int rows, const SKMLP_REAL *x, SKMLP_VECTOR eta_delta, SKMLP_REAL *W, SKMLP_REAL *v,
    const SKMLP_REAL *next_x, SKMLP_VECTOR *z, ptrdiff_t n, SKMLP_REAL gamma,
    SKMLP_REAL eta_lambda, const int nesterov)
{
    SKMLP_VECTOR w[4], v_part[4];
    SKMLP_UNROLL
    for (int r = 0; r < rows; r++) {
        w[r] = SKMLP_READ(W + r * n);
        v_part[r] = SKMLP_READ(v + r * n);
    }
    SKMLP_UNROLL
    for (int r = 0; r < rows; r++) {
        SKMLP_NAME(update)(x[r], eta_delta, w + r, v_part + r, gamma, eta_lambda, nesterov);
        SKMLP_AT(W + r * n) = w[r];
        SKMLP_AT(v + r * n) = v_part[r];
    }
    SKMLP_NAME(add_net_input)(rows, next_x, w, z);
}

SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(first_layer)(
    const SKMLP_REAL *restrict x, SKMLP_REAL *restrict delta, SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict b, SKMLP_REAL *restrict v_W, SKMLP_REAL *restrict v_b,
    const SKMLP_REAL *restrict next_x, SKMLP_REAL *restrict z, ptrdiff_t fan_in,
    ptrdiff_t columns, ptrdiff_t n, SKMLP_REAL eta, SKMLP_REAL gamma, SKMLP_REAL eta_lambda,
    const int nesterov)
{
#define SKMLP_PART(rows, z)                                                                   \
    SKMLP_NAME(first_layer_part)(rows, x + i, SKMLP_READ(delta + j), W + i * n + j,           \
                                 v_W + i * n + j, next_x + i, z, n, gamma, eta_lambda,        \
                                 nesterov)
    ptrdiff_t i = 0;
    for (ptrdiff_t j = 0; j < columns; j += SKMLP_WIDTH) {
        const SKMLP_VECTOR eta_delta = eta * SKMLP_READ(delta + j);
        SKMLP_VECTOR b_part = SKMLP_READ(b + j), v_part = SKMLP_READ(v_b + j);
        SKMLP_NAME(update)(1, eta_delta, &b_part, &v_part, gamma, 0, nesterov);
        SKMLP_AT(b + j) = b_part;
        SKMLP_AT(v_b + j) = v_part;
        SKMLP_AT(delta + j) = eta_delta;
        if (columns <= SKMLP_FEW) {
            SKMLP_DOWN(&b_part);
        }
        SKMLP_AT(z + j) = b_part;
    }
    if (columns > SKMLP_FEW) {
        SKMLP_ACROSS(4)
        SKMLP_ACROSS(2)
        SKMLP_ACROSS(1)
    }
#undef SKMLP_PART
}

SKMLP_TARGET static void SKMLP_NAME(case_update)(
    const SKMLP_REAL *restrict x, SKMLP_REAL *restrict delta, SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict b, SKMLP_REAL *restrict v_W, SKMLP_REAL *restrict v_b,
    const SKMLP_REAL *restrict next_x, SKMLP_REAL *restrict z, ptrdiff_t fan_in,
    ptrdiff_t columns, ptrdiff_t n, SKMLP_REAL eta, SKMLP_REAL gamma, SKMLP_REAL lambda,
    const int nesterov)
{
    const ptrdiff_t rest = columns % SKMLP_WIDTH;
    columns -= rest;
    if (nesterov)
        SKMLP_NAME(first_layer)(x, delta, W, b, v_W, v_b, next_x, z, fan_in, columns, n, eta,
                                gamma, eta * lambda, 1);
    else
        SKMLP_NAME(first_layer)(x, delta, W, b, v_W, v_b, next_x, z, fan_in, columns, n, eta,
                                gamma, eta * lambda, 0);
#if SKMLP_BYTES > SKMLP_REAL_BYTES
    if (rest)
        SKMLP_BELOW(case_update)(x, delta + columns, W + columns, b + columns, v_W + columns,
                                 v_b + columns, next_x, z + columns, fan_in, rest, n, eta,
                                 gamma, lambda, nesterov);
#endif
}

/* The same where W and delta are columns: W is one row, and h takes the place of delta. */

SKMLP_TARGET static void SKMLP_NAME(column_net_input)(
    const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict W, const SKMLP_REAL *restrict b,
    SKMLP_REAL *restrict z, ptrdiff_t fan_in)
{
    z[0] = b[0] + SKMLP_DOT(x, W, fan_in);
}

SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(update_column)(
    const SKMLP_REAL *restrict h, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict b, SKMLP_REAL *restrict v_W, SKMLP_REAL *restrict v_b,
    ptrdiff_t fan_in, SKMLP_REAL eta, SKMLP_REAL gamma, SKMLP_REAL lambda, const int nesterov)
{
    SKMLP_UPDATE_NUMBER(eta, delta[0], b, v_b, gamma, 0, nesterov);
    SKMLP_NAME(update_row)(eta * delta[0], h, W, v_W, fan_in, gamma, eta * lambda, nesterov);
}

SKMLP_TARGET static void SKMLP_NAME(column_backward)(
    const SKMLP_REAL *restrict h, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict b, SKMLP_REAL *restrict v_W, SKMLP_REAL *restrict v_b,
    SKMLP_REAL *restrict delta_below, ptrdiff_t fan_in, SKMLP_REAL eta, SKMLP_REAL gamma,
    SKMLP_REAL lambda, const int nesterov)
{
    for (ptrdiff_t i = 0; i < fan_in; i++)
        delta_below[i] = W[i] * delta[0];
    SKMLP_NAME(update_column)(h, delta, W, b, v_W, v_b, fan_in, eta, gamma, lambda, nesterov);
}

SKMLP_TARGET static void SKMLP_NAME(column_update)(
    const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict b, SKMLP_REAL *restrict v_W, SKMLP_REAL *restrict v_b,
    const SKMLP_REAL *restrict next_x, SKMLP_REAL *restrict z, ptrdiff_t fan_in, SKMLP_REAL eta,
    SKMLP_REAL gamma, SKMLP_REAL lambda, const int nesterov)
{
    SKMLP_NAME(update_column)(x, delta, W, b, v_W, v_b, fan_in, eta, gamma, lambda, nesterov);
    z[0] = b[0] + SKMLP_DOT(next_x, W, fan_in);
}

#undef SKMLP_N_SUMS
#undef SKMLP_READ_SUMS
#undef SKMLP_VECTOR
#undef SKMLP_WIDTH
#undef SKMLP_AT
#undef SKMLP_READ
#undef SKMLP_FEW
#undef SKMLP_DOWN
#undef SKMLP_ACROSS
#undef SKMLP_REAL
#undef SKMLP_REAL_BYTES
#undef SKMLP_NAME
#undef SKMLP_DOT
#undef SKMLP_BELOW
#undef SKMLP_UPDATE_NUMBER
#endif
