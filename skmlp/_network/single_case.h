/* One training case at a time, layer by layer: the net input of a layer, and the backward
   step that updates its weights in the same pass. In the first layer this pass also computes
   the net input of the next case, from each weight while it is in a register.

   W and v are (fan_in, fan_out) in row-major order, or one row of length fan_in where there is
   one output. The passes are written out for each level of the processor, v0 to v4, and for the
   half vectors of level 1, vh, which hold two floats; rows too short for the vectors of a level
   take the highest that has short enough ones. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_SINGLE_CASE_H
#define SKMLP_SINGLE_CASE_H

#include <stddef.h>

#include "clones.h"
#include "levels.h"
#include "sums.h"

/* A layer's weights, biases and velocities, of double or float, and what updates them. */
typedef struct {
    void *W, *b, *v_W, *v_b;
    ptrdiff_t fan_in, fan_out;
    double eta, gamma, lambda;
    int nesterov;
} skmlp_case_layer;

/* The latter in the type of the weights. */
typedef struct {
    double eta, gamma, eta_lambda;
    int nesterov;
} skmlp_case_rule_f64;
typedef struct {
    float eta, gamma, eta_lambda;
    int nesterov;
} skmlp_case_rule_f32;

#define SKMLP_PASSES "single_case_passes.h"
#include "each_level.h"

#define SKMLP_REAL double
#define SKMLP_NAME(name) skmlp_##name##_f64
#include "single_case.h"
#define SKMLP_REAL float
#define SKMLP_NAME(name) skmlp_##name##_f32
#include "single_case.h"

#endif
#else

/* z <- x W + b */
static inline void SKMLP_NAME(case_net_input)(
    const SKMLP_REAL *x, const SKMLP_REAL *W, const SKMLP_REAL *b, SKMLP_REAL *z,
    ptrdiff_t fan_in, ptrdiff_t fan_out)
{
    if (fan_out == 1)
        SKMLP_NAME(column_product)(x, W, b, z, 1, fan_in);
    else
        SKMLP_BY_LEVEL(fan_out * sizeof *z, case_net_input, x, W, b, z, fan_in, fan_out,
                       fan_out);
}

/* The backward step of a layer above the first, and its update. */
static inline void SKMLP_NAME(case_backward)(
    const skmlp_case_layer *layer, const SKMLP_REAL *h, const SKMLP_REAL *delta,
    SKMLP_REAL *delta_below)
{
    if (layer->fan_out == 1)
        SKMLP_BY_LEVEL(layer->fan_in * sizeof *h, column_backward, layer, h, delta, delta_below);
    else
        SKMLP_BY_LEVEL(layer->fan_out * sizeof *h, case_backward, layer, h, delta, delta_below);
}

/* The update of the first layer, and z <- next_x W + b. delta is scratch afterwards. */
static inline void SKMLP_NAME(case_update)(
    const skmlp_case_layer *layer, const SKMLP_REAL *x, SKMLP_REAL *delta,
    const SKMLP_REAL *next_x, SKMLP_REAL *z)
{
    if (layer->fan_out == 1) {
        SKMLP_BY_LEVEL(layer->fan_in * sizeof *x, column_update, layer, x, delta[0]);
        SKMLP_NAME(column_product)(next_x, layer->W, layer->b, z, 1, layer->fan_in);
    } else {
        SKMLP_BY_LEVEL(layer->fan_out * sizeof *x, case_update, layer, 0, x, delta, next_x, z);
    }
}

#undef SKMLP_REAL
#undef SKMLP_NAME
#endif
