/* One training case at a time, layer by layer: the net input of a layer, and the backward
   step that updates its weights in the same pass. In the first layer this pass also computes
   the net input of the next case, from each weight while it is in a register.

   W and v are (fan_in, fan_out) in row-major order. Rows are worked through in parts of a
   constant width, for the remainder of a loop would take longer than all else. Each function
   is compiled once per level of the processor (SKMLP_CLONES), and no function is called per
   row. A layer with one output is a single row of length fan_in. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_SINGLE_CASE_H
#define SKMLP_SINGLE_CASE_H

#include <string.h>

#include "blocks.h"

/* Numbers in a vector of 64 bytes. */
#define SKMLP_LANES (64 / (ptrdiff_t)sizeof(SKMLP_REAL))

#define SKMLP_REAL double
#define SKMLP_NAME(name) skmlp_##name##_f64
#include "single_case.h"
#define SKMLP_REAL float
#define SKMLP_NAME(name) skmlp_##name##_f32
#include "single_case.h"

#endif
#else

/* Net inputs take four rows at a time, so that z is loaded and stored a quarter as often, and
   the rows in whole vectors and then in halves of what is left. */

/* z <- z + x w for a part of 4 rows, or of 1: in the same order whether w was read or has just
   been updated. */
SKMLP_INLINE void SKMLP_NAME(add_net_input)(
    const int rows, const int width, const SKMLP_REAL *x, SKMLP_REAL w[][SKMLP_LANES],
    SKMLP_REAL *z)
{
    SKMLP_REAL sum[SKMLP_LANES];
    memcpy(sum, z, width * sizeof *z);
    SKMLP_VECTOR_LOOP
    for (int k = 0; k < width; k++)
        if (rows == 1)
            sum[k] += x[0] * w[0][k];
        else
            sum[k] += (x[0] * w[0][k] + x[1] * w[1][k]) + (x[2] * w[2][k] + x[3] * w[3][k]);
    memcpy(z, sum, width * sizeof *z);
}

SKMLP_INLINE void SKMLP_NAME(net_input_part)(
    const int rows, const int width, const SKMLP_REAL *x, const SKMLP_REAL *W, SKMLP_REAL *z,
    ptrdiff_t fan_out)
{
    SKMLP_REAL w[4][SKMLP_LANES];
    SKMLP_UNROLL
    for (int r = 0; r < rows; r++)
        memcpy(w[r], W + r * fan_out, width * sizeof *W);
    SKMLP_NAME(add_net_input)(rows, width, x, w, z);
}

SKMLP_INLINE void SKMLP_NAME(net_input_rows)(
    const int rows, const SKMLP_REAL *x, const SKMLP_REAL *W, SKMLP_REAL *z, ptrdiff_t fan_out)
{
    ptrdiff_t j = 0;
    for (; j + SKMLP_LANES <= fan_out; j += SKMLP_LANES)
        SKMLP_NAME(net_input_part)(rows, SKMLP_LANES, x, W + j, z + j, fan_out);
    SKMLP_UNROLL
    for (int width = SKMLP_LANES / 2; width > 0; width /= 2)
        if (j + width <= fan_out) {
            SKMLP_NAME(net_input_part)(rows, width, x, W + j, z + j, fan_out);
            j += width;
        }
}

/* z <- x W + b */
SKMLP_CLONES static void SKMLP_NAME(case_net_input)(
    const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict W, const SKMLP_REAL *restrict b,
    SKMLP_REAL *restrict z, ptrdiff_t fan_in, ptrdiff_t fan_out)
{
    ptrdiff_t i = 0;
    if (fan_out == 1) {
        z[0] = b[0] + SKMLP_NAME(dot)(x, W, fan_in);
        return;
    }
    memcpy(z, b, fan_out * sizeof *z);
    for (; i + 4 <= fan_in; i += 4)
        SKMLP_NAME(net_input_rows)(4, x + i, W + i * fan_out, z, fan_out);
    for (; i < fan_in; i++)
        SKMLP_NAME(net_input_rows)(1, x + i, W + i * fan_out, z, fan_out);
}

/* v <- gamma v + eta (h delta + lambda w); w <- w - v, or w - (gamma v + eta (...)), for n
   numbers, where h is one number and the others are parts of rows. */
SKMLP_INLINE void SKMLP_NAME(update_part)(
    const ptrdiff_t n, SKMLP_REAL eta_h, const SKMLP_REAL *delta, SKMLP_REAL *restrict w,
    SKMLP_REAL *restrict v, SKMLP_REAL gamma, SKMLP_REAL eta_lambda, const int nesterov)
{
    SKMLP_VECTOR_LOOP
    for (ptrdiff_t k = 0; k < n; k++) {
        const SKMLP_REAL step = eta_h * delta[k] + eta_lambda * w[k];
        v[k] = gamma * v[k] + step;
        w[k] -= nesterov ? gamma * v[k] + step : v[k];
    }
}

/* The same for a row, in parts of a constant width: without a remainder, which would take
   longer than all else. The last part starts early enough to end with the row, and from what
   its numbers were before the other parts. */
SKMLP_INLINE void SKMLP_NAME(update_row)(
    const int width, SKMLP_REAL eta_h, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict w,
    SKMLP_REAL *restrict v, ptrdiff_t n, SKMLP_REAL gamma, SKMLP_REAL eta_lambda,
    const int nesterov)
{
    const ptrdiff_t last = n - width;
    SKMLP_REAL last_w[SKMLP_LANES], last_v[SKMLP_LANES];
    memcpy(last_w, w + last, width * sizeof *w);
    memcpy(last_v, v + last, width * sizeof *v);
    for (ptrdiff_t j = 0; j < last; j += width)
        SKMLP_NAME(update_part)(width, eta_h, delta + j, w + j, v + j, gamma, eta_lambda,
                                nesterov);
    SKMLP_NAME(update_part)(width, eta_h, delta + last, last_w, last_v, gamma, eta_lambda,
                            nesterov);
    memcpy(w + last, last_w, width * sizeof *w);
    memcpy(v + last, last_v, width * sizeof *v);
}

/* w delta, in parts as above; `rest` is the last part of delta, with zeros for the numbers
   that belong to the part before. */
SKMLP_INLINE SKMLP_REAL SKMLP_NAME(row_product)(
    const int width, const SKMLP_REAL *restrict w, const SKMLP_REAL *restrict delta,
    const SKMLP_REAL *restrict rest, ptrdiff_t n)
{
    const ptrdiff_t last = n - width;
    SKMLP_REAL sum[SKMLP_SUMS];
    for (int k = 0; k < width; k++)
        sum[k] = w[last + k] * rest[k];
    for (ptrdiff_t j = 0; j < last; j += width)
        for (int k = 0; k < width; k++)
            sum[k] += w[j + k] * delta[j + k];
    for (int half = width / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++)
            sum[k] += sum[k + half];
    return sum[0];
}

/* delta_below <- W delta with the weights before the update; then the update of W. */
SKMLP_INLINE void SKMLP_NAME(backward_rows)(
    const int width, const SKMLP_REAL *restrict h, const SKMLP_REAL *restrict delta,
    SKMLP_REAL *restrict W, SKMLP_REAL *restrict v, SKMLP_REAL *restrict delta_below,
    ptrdiff_t fan_in, ptrdiff_t n, SKMLP_REAL eta, SKMLP_REAL gamma, SKMLP_REAL eta_lambda,
    const int nesterov)
{
    const int sums = width < SKMLP_SUMS ? width : SKMLP_SUMS;
    const ptrdiff_t n_shared = sums - 1 - (n - 1) % sums;
    SKMLP_REAL rest[SKMLP_SUMS];
    for (int k = 0; k < sums; k++)
        rest[k] = k < n_shared ? 0 : delta[n - sums + k];
    for (ptrdiff_t i = 0; i < fan_in; i++, W += n, v += n) {
        delta_below[i] = SKMLP_NAME(row_product)(sums, W, delta, rest, n);
        SKMLP_NAME(update_row)(width, eta * h[i], delta, W, v, n, gamma, eta_lambda, nesterov);
    }
}

/* The backward step of a layer above the first, and its update. */
SKMLP_CLONES static void SKMLP_NAME(case_backward)(
    const SKMLP_REAL *restrict h, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict b, SKMLP_REAL *restrict v_W, SKMLP_REAL *restrict v_b,
    SKMLP_REAL *restrict delta_below, ptrdiff_t fan_in, ptrdiff_t fan_out, SKMLP_REAL eta,
    SKMLP_REAL gamma, SKMLP_REAL lambda, int nesterov)
{
#define SKMLP_ROWS(width)                                                                     \
    do {                                                                                      \
        if (nesterov)                                                                         \
            SKMLP_NAME(backward_rows)(width, h, delta, W, v_W, delta_below, fan_in, fan_out,  \
                                      eta, gamma, eta * lambda, 1);                           \
        else                                                                                  \
            SKMLP_NAME(backward_rows)(width, h, delta, W, v_W, delta_below, fan_in, fan_out,  \
                                      eta, gamma, eta * lambda, 0);                           \
    } while (0)
    SKMLP_NAME(update_part)(fan_out, eta, delta, b, v_b, gamma, 0, nesterov);
    if (fan_out >= SKMLP_LANES) {
        SKMLP_ROWS(SKMLP_LANES);
    } else if (fan_out >= SKMLP_LANES / 2) {
        SKMLP_ROWS(SKMLP_LANES / 2);
    } else if (fan_out >= SKMLP_LANES / 4) {
        SKMLP_ROWS(SKMLP_LANES / 4);
    } else if (fan_out > 1) {
        SKMLP_ROWS(1);
    } else {
        for (ptrdiff_t i = 0; i < fan_in; i++)
            delta_below[i] = W[i] * delta[0];
        SKMLP_NAME(update_part)(fan_in, eta * delta[0], h, W, v_W, gamma, eta * lambda, nesterov);
    }
#undef SKMLP_ROWS
}

/* The update of a part of 4 rows, or of 1, and z <- z + next_x w. */
SKMLP_INLINE void SKMLP_NAME(first_layer_part)(
    const int rows, const int width, const SKMLP_REAL *eta_x, const SKMLP_REAL *delta,
    SKMLP_REAL *W, SKMLP_REAL *v, const SKMLP_REAL *next_x, SKMLP_REAL *z, ptrdiff_t fan_out,
    SKMLP_REAL gamma, SKMLP_REAL eta_lambda, const int nesterov)
{
    SKMLP_REAL w[4][SKMLP_LANES], v_part[SKMLP_LANES], delta_part[SKMLP_LANES];
    memcpy(delta_part, delta, width * sizeof *delta);
    SKMLP_UNROLL
    for (int r = 0; r < rows; r++) {
        memcpy(w[r], W + r * fan_out, width * sizeof *W);
        memcpy(v_part, v + r * fan_out, width * sizeof *v);
        SKMLP_NAME(update_part)(width, eta_x[r], delta_part, w[r], v_part, gamma, eta_lambda,
                                nesterov);
        memcpy(W + r * fan_out, w[r], width * sizeof *W);
        memcpy(v + r * fan_out, v_part, width * sizeof *v);
    }
    SKMLP_NAME(add_net_input)(rows, width, next_x, w, z);
}

SKMLP_INLINE void SKMLP_NAME(first_layer_rows)(
    const int rows, const SKMLP_REAL *x, const SKMLP_REAL *delta, SKMLP_REAL *W, SKMLP_REAL *v,
    const SKMLP_REAL *next_x, SKMLP_REAL *z, ptrdiff_t fan_out, SKMLP_REAL eta,
    SKMLP_REAL gamma, SKMLP_REAL eta_lambda, const int nesterov)
{
    SKMLP_REAL eta_x[4];
    ptrdiff_t j = 0;
    SKMLP_UNROLL
    for (int r = 0; r < rows; r++)
        eta_x[r] = eta * x[r];
    for (; j + SKMLP_LANES <= fan_out; j += SKMLP_LANES)
        SKMLP_NAME(first_layer_part)(rows, SKMLP_LANES, eta_x, delta + j, W + j, v + j, next_x,
                                     z + j, fan_out, gamma, eta_lambda, nesterov);
    SKMLP_UNROLL
    for (int width = SKMLP_LANES / 2; width > 0; width /= 2)
        if (j + width <= fan_out) {
            SKMLP_NAME(first_layer_part)(rows, width, eta_x, delta + j, W + j, v + j, next_x,
                                         z + j, fan_out, gamma, eta_lambda, nesterov);
            j += width;
        }
}

SKMLP_INLINE void SKMLP_NAME(first_layer)(
    const SKMLP_REAL *x, const SKMLP_REAL *delta, SKMLP_REAL *W, SKMLP_REAL *v,
    const SKMLP_REAL *next_x, SKMLP_REAL *z, ptrdiff_t fan_in, ptrdiff_t fan_out,
    SKMLP_REAL eta, SKMLP_REAL gamma, SKMLP_REAL eta_lambda, const int nesterov)
{
    ptrdiff_t i = 0;
    for (; i + 4 <= fan_in; i += 4)
        SKMLP_NAME(first_layer_rows)(4, x + i, delta, W + i * fan_out, v + i * fan_out,
                                     next_x + i, z, fan_out, eta, gamma, eta_lambda, nesterov);
    for (; i < fan_in; i++)
        SKMLP_NAME(first_layer_rows)(1, x + i, delta, W + i * fan_out, v + i * fan_out,
                                     next_x + i, z, fan_out, eta, gamma, eta_lambda, nesterov);
}

/* The update of the first layer, and z <- next_x W + b. */
SKMLP_CLONES static void SKMLP_NAME(case_update)(
    const SKMLP_REAL *restrict x, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict b, SKMLP_REAL *restrict v_W, SKMLP_REAL *restrict v_b,
    const SKMLP_REAL *restrict next_x, SKMLP_REAL *restrict z, ptrdiff_t fan_in,
    ptrdiff_t fan_out, SKMLP_REAL eta, SKMLP_REAL gamma, SKMLP_REAL lambda, int nesterov)
{
    SKMLP_NAME(update_part)(fan_out, eta, delta, b, v_b, gamma, 0, nesterov);
    if (fan_out == 1) {
        SKMLP_NAME(update_part)(fan_in, eta * delta[0], x, W, v_W, gamma, eta * lambda, nesterov);
        z[0] = b[0] + SKMLP_NAME(dot)(next_x, W, fan_in);
        return;
    }
    memcpy(z, b, fan_out * sizeof *z);
    if (nesterov)
        SKMLP_NAME(first_layer)(x, delta, W, v_W, next_x, z, fan_in, fan_out, eta, gamma,
                                eta * lambda, 1);
    else
        SKMLP_NAME(first_layer)(x, delta, W, v_W, next_x, z, fan_in, fan_out, eta, gamma,
                                eta * lambda, 0);
}

#undef SKMLP_REAL
#undef SKMLP_NAME
#endif
