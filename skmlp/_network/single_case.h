/* One training case at a time, layer by layer: the net input of a layer, and the backward
   step that updates its weights in the same pass.

   W and v are (fan_in, fan_out) in row-major order. Rows are worked through in vectors, so
   each function is compiled once per level of the processor (SKMLP_CLONES), and no function
   is called per row. A layer with one output is a single row of length fan_in. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_SINGLE_CASE_H
#define SKMLP_SINGLE_CASE_H

#include <string.h>

#include "blocks.h"

#define SKMLP_REAL double
#define SKMLP_NAME(name) skmlp_##name##_f64
#include "single_case.h"
#define SKMLP_REAL float
#define SKMLP_NAME(name) skmlp_##name##_f32
#include "single_case.h"

#endif
#else

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
    /* Four rows at a time: z is loaded and stored a quarter as often. */
    for (; i + 4 <= fan_in; i += 4, W += 4 * fan_out)
        for (ptrdiff_t j = 0; j < fan_out; j++)
            z[j] += (x[i] * W[j] + x[i + 1] * W[fan_out + j])
                + (x[i + 2] * W[2 * fan_out + j] + x[i + 3] * W[3 * fan_out + j]);
    for (; i < fan_in; i++, W += fan_out)
        for (ptrdiff_t j = 0; j < fan_out; j++)
            z[j] += x[i] * W[j];
}

/* v <- gamma v + eta (h delta + lambda w); w <- w - v, or w - (gamma v + eta (...)), where
   h is one number and the others are rows. */
static inline void SKMLP_NAME(update_row)(
    SKMLP_REAL h, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict w,
    SKMLP_REAL *restrict v, ptrdiff_t n, SKMLP_REAL eta, SKMLP_REAL gamma, SKMLP_REAL lambda,
    int nesterov)
{
    const SKMLP_REAL eta_h = eta * h, eta_lambda = eta * lambda;
    if (nesterov)
        for (ptrdiff_t j = 0; j < n; j++) {
            const SKMLP_REAL step = eta_h * delta[j] + eta_lambda * w[j];
            v[j] = gamma * v[j] + step;
            w[j] -= gamma * v[j] + step;
        }
    else
        for (ptrdiff_t j = 0; j < n; j++) {
            v[j] = gamma * v[j] + (eta_h * delta[j] + eta_lambda * w[j]);
            w[j] -= v[j];
        }
}

/* delta_below <- W delta with the weights before the update, unless it is NULL; then the
   update of W and b. */
SKMLP_CLONES static void SKMLP_NAME(case_backward)(
    const SKMLP_REAL *restrict h, const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict W,
    SKMLP_REAL *restrict b, SKMLP_REAL *restrict v_W, SKMLP_REAL *restrict v_b,
    SKMLP_REAL *restrict delta_below, ptrdiff_t fan_in, ptrdiff_t fan_out, SKMLP_REAL eta,
    SKMLP_REAL gamma, SKMLP_REAL lambda, int nesterov)
{
    SKMLP_NAME(update_row)(1, delta, b, v_b, fan_out, eta, gamma, 0, nesterov);
    if (fan_out == 1) {
        if (delta_below)
            for (ptrdiff_t i = 0; i < fan_in; i++)
                delta_below[i] = W[i] * delta[0];
        SKMLP_NAME(update_row)(delta[0], h, W, v_W, fan_in, eta, gamma, lambda, nesterov);
        return;
    }
    for (ptrdiff_t i = 0; i < fan_in; i++, W += fan_out, v_W += fan_out) {
        if (delta_below)
            delta_below[i] = SKMLP_NAME(dot)(W, delta, fan_out);
        SKMLP_NAME(update_row)(h[i], delta, W, v_W, fan_out, eta, gamma, lambda, nesterov);
    }
}

#undef SKMLP_REAL
#undef SKMLP_NAME
#endif
