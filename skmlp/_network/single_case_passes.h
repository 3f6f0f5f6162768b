/* The passes over the weights of one training case, for one level of the processor: single_case.h
   includes this file for each and says what the functions compute.

   A vector holds WIDTH numbers, at level 0 one, and a row of W has at least so many: n. Where rows
   are padded (padding.pxd) they are whole vectors. Elsewhere, what these leave of the columns in
   the first layer is left to the level below. In the layers above, the last vector starts early
   enough to end with the row, and from what its numbers were before: those that it shares with
   the vector before it come out the same. */

#define SKMLP_RULE SKMLP_OF_TYPE(case_rule)
#define SKMLP_UPDATE_NUMBER SKMLP_OF_TYPE(update_v0)

#include "vector.h"

#define SKMLP_READ_SUMS(p) (*(const SKMLP_NAME(sums) *)(p))

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

/* z <- x W + b in some columns, of rows of length n */
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

/* The rule of a layer's weights, with `nesterov` as a constant where it decides in a loop. */
SKMLP_INLINE SKMLP_RULE SKMLP_NAME(rule_of)(const skmlp_case_layer *layer, const int nesterov)
{
    const SKMLP_REAL eta = (SKMLP_REAL)layer->eta;
    const SKMLP_RULE rule = {eta, (SKMLP_REAL)layer->gamma, eta * (SKMLP_REAL)layer->lambda,
                             nesterov};
    return rule;
}

SKMLP_INLINE SKMLP_RULE SKMLP_NAME(without_decay)(SKMLP_RULE rule)
{
    rule.eta_lambda = 0;
    return rule;
}

/* v <- gamma v + eta (h delta + lambda w); w <- w - v, or w - (gamma v + eta (...)) */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(update)(
    const SKMLP_RULE rule, SKMLP_REAL eta_h, SKMLP_VECTOR delta, SKMLP_VECTOR *w,
    SKMLP_VECTOR *v)
{
    const SKMLP_VECTOR step = eta_h * delta + rule.eta_lambda * *w;
    *v = rule.gamma * *v + step;
    if (rule.nesterov)
        *w -= rule.gamma * *v + step;
    else
        *w -= *v;
}

SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(update_row)(
    const SKMLP_RULE rule, SKMLP_REAL eta_h, const SKMLP_REAL *restrict delta,
    SKMLP_REAL *restrict w, SKMLP_REAL *restrict v, ptrdiff_t n)
{
    const ptrdiff_t last = n - SKMLP_WIDTH;
    SKMLP_VECTOR last_w = SKMLP_READ(w + last), last_v = SKMLP_READ(v + last);
    for (ptrdiff_t j = 0; j < last; j += SKMLP_WIDTH) {
        SKMLP_VECTOR w_part = SKMLP_READ(w + j), v_part = SKMLP_READ(v + j);
        SKMLP_NAME(update)(rule, eta_h, SKMLP_READ(delta + j), &w_part, &v_part);
        SKMLP_AT(w + j) = w_part;
        SKMLP_AT(v + j) = v_part;
    }
    SKMLP_NAME(update)(rule, eta_h, SKMLP_READ(delta + last), &last_w, &last_v);
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
    const SKMLP_RULE rule, const skmlp_case_layer *layer, const SKMLP_REAL *restrict h,
    const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict delta_below)
{
    const ptrdiff_t n = layer->fan_out, fan_in = layer->fan_in;
    const ptrdiff_t n_shared = SKMLP_N_SUMS - 1 - (n - 1) % SKMLP_N_SUMS;
    SKMLP_REAL *restrict W = layer->W, *restrict v = layer->v_W;
    SKMLP_REAL rest[SKMLP_N_SUMS];
    for (int k = 0; k < SKMLP_N_SUMS; k++)
        rest[k] = k < n_shared ? 0 : delta[n - SKMLP_N_SUMS + k];
    for (ptrdiff_t i = 0; i < fan_in; i++, W += n, v += n) {
        delta_below[i] = SKMLP_NAME(row_product)(W, delta, SKMLP_READ_SUMS(rest), n);
        SKMLP_NAME(update_row)(rule, rule.eta * h[i], delta, W, v, n);
    }
}

SKMLP_TARGET static void SKMLP_NAME(case_backward)(
    const skmlp_case_layer *layer, const SKMLP_REAL *restrict h,
    const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict delta_below)
{
    const SKMLP_RULE rule_of_b =
        SKMLP_NAME(without_decay)(SKMLP_NAME(rule_of)(layer, layer->nesterov));
    SKMLP_NAME(update_row)(rule_of_b, rule_of_b.eta, delta, layer->b, layer->v_b,
                           layer->fan_out);
    if (layer->nesterov)
        SKMLP_NAME(backward_rows)(SKMLP_NAME(rule_of)(layer, 1), layer, h, delta,
                                  delta_below);
    else
        SKMLP_NAME(backward_rows)(SKMLP_NAME(rule_of)(layer, 0), layer, h, delta,
                                  delta_below);
}

/* The update of some rows, and z <- z + next_x w. All rows are read before any is stored: a read
   waits for a store whose address differs from its own by whole pages. */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(first_layer_part)(
    const SKMLP_RULE rule, const int rows, const SKMLP_REAL *x, SKMLP_VECTOR eta_delta,
    SKMLP_REAL *W, SKMLP_REAL *v, const SKMLP_REAL *next_x, SKMLP_VECTOR *z, ptrdiff_t n)
{
    SKMLP_VECTOR w[4], v_part[4];
    SKMLP_UNROLL
    for (int r = 0; r < rows; r++) {
        w[r] = SKMLP_READ(W + r * n);
        v_part[r] = SKMLP_READ(v + r * n);
    }
    SKMLP_UNROLL
    for (int r = 0; r < rows; r++) {
        SKMLP_NAME(update)(rule, x[r], eta_delta, w + r, v_part + r);
        SKMLP_AT(W + r * n) = w[r];
        SKMLP_AT(v + r * n) = v_part[r];
    }
    SKMLP_NAME(add_net_input)(rows, next_x, w, z);
}

/* The update of some columns from the first on, and z <- next_x W + b there */
SKMLP_TARGET SKMLP_INLINE void SKMLP_NAME(first_layer)(
    const SKMLP_RULE rule, const skmlp_case_layer *layer, ptrdiff_t first,
    ptrdiff_t columns, const SKMLP_REAL *restrict x, SKMLP_REAL *restrict delta,
    const SKMLP_REAL *restrict next_x, SKMLP_REAL *restrict z)
{
#define SKMLP_PART(rows, z)                                                                   \
    SKMLP_NAME(first_layer_part)(rule, rows, x + i, SKMLP_READ(delta + j), W + i * n + j,     \
                                 v_W + i * n + j, next_x + i, z, n)
    const ptrdiff_t n = layer->fan_out, fan_in = layer->fan_in;
    const SKMLP_RULE rule_of_b = SKMLP_NAME(without_decay)(rule);
    SKMLP_REAL *restrict W = (SKMLP_REAL *)layer->W + first;
    SKMLP_REAL *restrict v_W = (SKMLP_REAL *)layer->v_W + first;
    SKMLP_REAL *restrict b = (SKMLP_REAL *)layer->b + first;
    SKMLP_REAL *restrict v_b = (SKMLP_REAL *)layer->v_b + first;
    ptrdiff_t i = 0;
    delta += first;
    z += first;
    for (ptrdiff_t j = 0; j < columns; j += SKMLP_WIDTH) {
        const SKMLP_VECTOR eta_delta = rule.eta * SKMLP_READ(delta + j);
        SKMLP_VECTOR b_part = SKMLP_READ(b + j), v_part = SKMLP_READ(v_b + j);
        SKMLP_NAME(update)(rule_of_b, 1, eta_delta, &b_part, &v_part);
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
    const skmlp_case_layer *layer, ptrdiff_t first, const SKMLP_REAL *restrict x,
    SKMLP_REAL *restrict delta, const SKMLP_REAL *restrict next_x, SKMLP_REAL *restrict z)
{
    const ptrdiff_t rest = (layer->fan_out - first) % SKMLP_WIDTH;
    const ptrdiff_t columns = layer->fan_out - first - rest;
    if (layer->nesterov)
        SKMLP_NAME(first_layer)(SKMLP_NAME(rule_of)(layer, 1), layer, first,
                                columns, x, delta, next_x, z);
    else
        SKMLP_NAME(first_layer)(SKMLP_NAME(rule_of)(layer, 0), layer, first,
                                columns, x, delta, next_x, z);
#if SKMLP_BYTES > SKMLP_REAL_BYTES
    if (rest)
        SKMLP_BELOW(case_update)(layer, first + columns, x, delta, next_x, z);
#endif
}

/* The same where W and delta are columns: W is one row, and h takes the place of delta. */

SKMLP_TARGET static void SKMLP_NAME(column_update)(
    const skmlp_case_layer *layer, const SKMLP_REAL *restrict h, SKMLP_REAL delta)
{
    const SKMLP_RULE rule = SKMLP_NAME(rule_of)(layer, layer->nesterov);
    SKMLP_UPDATE_NUMBER(SKMLP_NAME(without_decay)(rule), rule.eta, delta, layer->b, layer->v_b);
    SKMLP_NAME(update_row)(rule, rule.eta * delta, h, layer->W, layer->v_W, layer->fan_in);
}

SKMLP_TARGET static void SKMLP_NAME(column_backward)(
    const skmlp_case_layer *layer, const SKMLP_REAL *restrict h,
    const SKMLP_REAL *restrict delta, SKMLP_REAL *restrict delta_below)
{
    const SKMLP_REAL *W = layer->W; /* which column_update changes */
    const ptrdiff_t fan_in = layer->fan_in;
    for (ptrdiff_t i = 0; i < fan_in; i++)
        delta_below[i] = W[i] * delta[0];
    SKMLP_NAME(column_update)(layer, h, delta[0]);
}

#undef SKMLP_READ_SUMS
#undef SKMLP_FEW
#undef SKMLP_DOWN
#undef SKMLP_ACROSS
#undef SKMLP_RULE
#undef SKMLP_UPDATE_NUMBER
