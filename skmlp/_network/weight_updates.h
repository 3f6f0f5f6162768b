/* How much to update: one loop per rule over all parameters, compiled once per level of the
   processor (SKMLP_CLONES), because the roots and quotients gain from its widest vectors.
   g is the gradient, w the parameters; the other vectors are the rule's state. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_WEIGHT_UPDATES_H
#define SKMLP_WEIGHT_UPDATES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

/* sqrt(x) to one unit in the last place, for the time of a few multiplications: the roots
   of doubles in the processor's divider take longer than all the rest of an update, and
   the quotient needs it too. y approaches 1 / sqrt(x) by Newton's method from a first value
   that halves the exponent (Lomont 2003, "Fast inverse square root"), and one more step
   corrects x y. An infinite x gives NaN, and a denormal one too small a root. */
static inline double skmlp_root_f64(double x)
{
    const double minus_half_x = -0.5 * x;
    uint64_t bits;
    double y, root;
    memcpy(&bits, &x, sizeof x);
    bits = UINT64_C(0x5fe6eb50c7b537a9) - (bits >> 1);
    memcpy(&y, &bits, sizeof y);
    y *= 1.5 + minus_half_x * y * y;
    y *= 1.5 + minus_half_x * y * y;
    y *= 1.5 + minus_half_x * y * y;
    root = x * y;
    return root + 0.5 * y * (x - root * root);
}

typedef enum {
    SKMLP_NO_RULE,
    SKMLP_MOMENTUM,
    SKMLP_NESTEROV,
    SKMLP_ADAGRAD,
    SKMLP_RMSPROP,
    SKMLP_ADADELTA,
    SKMLP_ADAM
} skmlp_rule_name;

typedef struct {
    int name;
    ptrdiff_t n_vectors; /* of state that the rule needs, each as long as the parameters */
    double momentum;     /* gamma */
    double rho, beta_1, beta_2, epsilon;
} skmlp_update_rule;

typedef struct {
    const skmlp_update_rule *rule;
    double learning_rate;
    ptrdiff_t t;            /* its number, counted from 1 */
    ptrdiff_t n_parameters; /* from one vector of state to the next */
} skmlp_update;

#define SKMLP_REAL double
#define SKMLP_SQRT skmlp_root_f64
#define SKMLP_NAME(name) skmlp_##name##_f64
#include "weight_updates.h"
#define SKMLP_REAL float
#define SKMLP_SQRT sqrtf
#define SKMLP_NAME(name) skmlp_##name##_f32
#include "weight_updates.h"

#endif
#else

/* v <- gamma v + eta g; w <- w - v */
SKMLP_CLONES static void SKMLP_NAME(momentum)(
    const SKMLP_REAL *restrict g, SKMLP_REAL *restrict v, SKMLP_REAL *restrict w,
    ptrdiff_t n, SKMLP_REAL eta, SKMLP_REAL gamma)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        v[i] = gamma * v[i] + eta * g[i];
        w[i] -= v[i];
    }
}

/* v <- gamma v + eta g; w <- w - (gamma v + eta g) */
SKMLP_CLONES static void SKMLP_NAME(nesterov)(
    const SKMLP_REAL *restrict g, SKMLP_REAL *restrict v, SKMLP_REAL *restrict w,
    ptrdiff_t n, SKMLP_REAL eta, SKMLP_REAL gamma)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        v[i] = gamma * v[i] + eta * g[i];
        w[i] -= gamma * v[i] + eta * g[i];
    }
}

/* s <- s + g^2; w <- w - eta g / (sqrt(s) + epsilon) */
SKMLP_CLONES static void SKMLP_NAME(adagrad)(
    const SKMLP_REAL *restrict g, SKMLP_REAL *restrict s, SKMLP_REAL *restrict w,
    ptrdiff_t n, SKMLP_REAL eta, SKMLP_REAL epsilon)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        s[i] += g[i] * g[i];
        w[i] -= eta * g[i] / (SKMLP_SQRT(s[i]) + epsilon);
    }
}

/* s <- rho s + (1 - rho) g^2; w <- w - eta g / (sqrt(s) + epsilon) */
SKMLP_CLONES static void SKMLP_NAME(rmsprop)(
    const SKMLP_REAL *restrict g, SKMLP_REAL *restrict s, SKMLP_REAL *restrict w,
    ptrdiff_t n, SKMLP_REAL eta, SKMLP_REAL rho, SKMLP_REAL one_minus_rho,
    SKMLP_REAL epsilon)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        s[i] = rho * s[i] + one_minus_rho * (g[i] * g[i]);
        w[i] -= eta * g[i] / (SKMLP_SQRT(s[i]) + epsilon);
    }
}

/* s <- rho s + (1 - rho) g^2; step = sqrt(d + epsilon) / sqrt(s + epsilon) g;
   d <- rho d + (1 - rho) step^2; w <- w - eta step */
SKMLP_CLONES static void SKMLP_NAME(adadelta)(
    const SKMLP_REAL *restrict g, SKMLP_REAL *restrict s, SKMLP_REAL *restrict d,
    SKMLP_REAL *restrict w, ptrdiff_t n, SKMLP_REAL eta, SKMLP_REAL rho,
    SKMLP_REAL one_minus_rho, SKMLP_REAL epsilon)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        SKMLP_REAL step;
        s[i] = rho * s[i] + one_minus_rho * (g[i] * g[i]);
        step = SKMLP_SQRT((d[i] + epsilon) / (s[i] + epsilon)) * g[i];
        d[i] = rho * d[i] + one_minus_rho * (step * step);
        w[i] -= eta * step;
    }
}

/* m <- beta_1 m + (1 - beta_1) g; s <- beta_2 s + (1 - beta_2) g^2;
   w <- w - eta_t m / (sqrt(s) scale + epsilon), where the caller puts the corrections of
   the bias into eta_t = eta / (1 - beta_1^t) and scale = 1 / sqrt(1 - beta_2^t) */
SKMLP_CLONES static void SKMLP_NAME(adam)(
    const SKMLP_REAL *restrict g, SKMLP_REAL *restrict m, SKMLP_REAL *restrict s,
    SKMLP_REAL *restrict w, ptrdiff_t n, SKMLP_REAL eta_t, SKMLP_REAL scale,
    SKMLP_REAL beta_1, SKMLP_REAL one_minus_beta_1, SKMLP_REAL beta_2,
    SKMLP_REAL one_minus_beta_2, SKMLP_REAL epsilon)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        m[i] = beta_1 * m[i] + one_minus_beta_1 * g[i];
        s[i] = beta_2 * s[i] + one_minus_beta_2 * (g[i] * g[i]);
        w[i] -= eta_t * m[i] / (SKMLP_SQRT(s[i]) * scale + epsilon);
    }
}

/* Updates n parameters by one of the rules. Constants are computed in double and then rounded. */
static inline void SKMLP_NAME(update_weights)(
    const skmlp_update *update, const SKMLP_REAL *g, SKMLP_REAL *state, SKMLP_REAL *w, ptrdiff_t n)
{
    const skmlp_update_rule *rule = update->rule;
    const double t = (double)update->t;
    const SKMLP_REAL eta = (SKMLP_REAL)update->learning_rate, gamma = (SKMLP_REAL)rule->momentum,
                     rho = (SKMLP_REAL)rule->rho, one_minus_rho = (SKMLP_REAL)(1 - rule->rho),
                     epsilon = (SKMLP_REAL)rule->epsilon;
    switch (rule->name) {
    case SKMLP_MOMENTUM:
        SKMLP_NAME(momentum)(g, state, w, n, eta, gamma);
        break;
    case SKMLP_NESTEROV:
        SKMLP_NAME(nesterov)(g, state, w, n, eta, gamma);
        break;
    case SKMLP_ADAGRAD:
        SKMLP_NAME(adagrad)(g, state, w, n, eta, epsilon);
        break;
    case SKMLP_RMSPROP:
        SKMLP_NAME(rmsprop)(g, state, w, n, eta, rho, one_minus_rho, epsilon);
        break;
    case SKMLP_ADADELTA:
        SKMLP_NAME(adadelta)(g, state, state + update->n_parameters, w, n, eta, rho, one_minus_rho,
                             epsilon);
        break;
    case SKMLP_ADAM:
        SKMLP_NAME(adam)(g, state, state + update->n_parameters, w, n,
                         (SKMLP_REAL)(update->learning_rate / (1 - pow(rule->beta_1, t))),
                         (SKMLP_REAL)(1 / sqrt(1 - pow(rule->beta_2, t))),
                         (SKMLP_REAL)rule->beta_1, (SKMLP_REAL)(1 - rule->beta_1),
                         (SKMLP_REAL)rule->beta_2, (SKMLP_REAL)(1 - rule->beta_2), epsilon);
        break;
    }
}

#undef SKMLP_REAL
#undef SKMLP_SQRT
#undef SKMLP_NAME
#endif
