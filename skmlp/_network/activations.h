/* exp, logistic and tanh of n contiguous numbers, in place, as skmlp_exp_f64(x, n),
   skmlp_exp_f32(x, n) and so on. Largest errors found, in units in the last place: exp
   1.1, logistic 2.02 (near x = -1.13), tanh 2.7; in float all numbers were tried, with denormal
   ones kept.

   The loops have no branches and no calls, so that compilers vectorise them (GCC and
   Clang at -O3 -fno-math-errno -fno-trapping-math). A result must not depend on whether
   its number came in a vector or in the remainder. So no inexact product below is both
   added to something and used elsewhere: where the processor can fuse a multiplication
   with an addition, a compiler has no reason to do so in one of the two only. */

#ifndef SKMLP_REAL /* the file includes itself, once for each type */
#ifndef SKMLP_ACTIVATIONS_H
#define SKMLP_ACTIVATIONS_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(_M_FP_FAST) \
    || __FINITE_MATH_ONLY__ + 0
#error "-ffast-math would remove the roundings that these functions are built on"
#endif

/* x87 code keeps more digits than the type has until a number is stored. */
#if FLT_EVAL_METHOD == 1 || FLT_EVAL_METHOD == 2
#define SKMLP_STORED volatile const
#else
#define SKMLP_STORED const
#endif

/* exp(r) - 1 for |r| <= ln(2) / 2: r + c2 r^2 + ... with minimax coefficients (Remez),
   relative error 2^-56 (double, degree 11) and 2^-28 (float, degree 6). Even and odd
   powers apart: two short chains of dependent steps instead of a long one. */
static inline double skmlp_expm1_polynomial_f64(double r)
{
    const double r2 = r * r;
    const double even =
        5.000000000000011e-01 + r2 * (4.1666666666530155e-02 + r2 * (1.3888888943630205e-03
        + r2 * (2.4801493098818066e-05 + r2 * 2.7630248407465575e-07)));
    const double odd =
        1.6666666666666413e-01 + r2 * (8.33333333349446e-03 + r2 * (1.9841269506579748e-04
        + r2 * (2.7557586375895884e-06 + r2 * 2.500006022014549e-08)));
    return r + r2 * (even + r * odd);
}

static inline float skmlp_expm1_polynomial_f32(float r)
{
    const float r2 = r * r;
    const float even = 4.9999994e-01f + r2 * (4.166839e-02f + r2 * 1.3814599e-03f);
    const float odd = 1.6666521e-01f + r2 * 8.368717e-03f;
    return r + r2 * (even + r * odd);
}

#define SKMLP_REAL double
#define SKMLP_BITS uint64_t
#define SKMLP_NAME(name) skmlp_##name##_f64
#define SKMLP_MATH(name) name
#define SKMLP_C(literal) literal
#define SKMLP_FRACTION_BITS 52
#define SKMLP_BIAS 1023
#define SKMLP_ROUND 6755399441055744.0 /* 1.5 * 2^52 */
#define SKMLP_LN2_HIGH 6.93147180369123816490e-01
#define SKMLP_LN2_LOW 1.90821492927058770002e-10
#define SKMLP_EXP_MIN -746.0 /* exp is 0 here, */
#define SKMLP_EXP_MAX 710.0  /* inf here, */
#define SKMLP_TANH_MAX 20.0  /* and tanh 1 here */
#include "activations.h"

#define SKMLP_REAL float
#define SKMLP_BITS uint32_t
#define SKMLP_NAME(name) skmlp_##name##_f32
#define SKMLP_MATH(name) name##f
#define SKMLP_C(literal) literal##f
#define SKMLP_FRACTION_BITS 23
#define SKMLP_BIAS 127
#define SKMLP_ROUND 12582912.0f /* 1.5 * 2^23 */
#define SKMLP_LN2_HIGH 6.93359375e-01f
#define SKMLP_LN2_LOW -2.12194440e-04f
#define SKMLP_EXP_MIN -105.0f
#define SKMLP_EXP_MAX 89.0f
#define SKMLP_TANH_MAX 10.0f
#include "activations.h"

#endif
#else

/* x = k ln(2) + r, |r| <= ln(2) / 2: returns exp(r) - 1, and k + bias in the low bits of
   *exponent. Adding 1.5 * 2^52 (float: 2^23) rounds to an integer and leaves it in the
   low bits; LN2_HIGH ends in zeros, so that k * LN2_HIGH is exact. */
static inline SKMLP_REAL SKMLP_NAME(reduced_expm1)(
    SKMLP_REAL x, SKMLP_REAL bias, SKMLP_BITS *exponent)
{
    const SKMLP_REAL shift = SKMLP_ROUND + bias;
    SKMLP_STORED SKMLP_REAL shifted = x * SKMLP_C(1.44269504088896340736) + shift;
    const SKMLP_REAL rounded = shifted, k = rounded - shift;
    memcpy(exponent, &rounded, sizeof rounded);
    return SKMLP_NAME(expm1_polynomial)((x - k * SKMLP_LN2_HIGH) - k * SKMLP_LN2_LOW);
}

/* 2^k from k + BIAS in the low bits; the shift drops all the others. */
static inline SKMLP_REAL SKMLP_NAME(power_of_2)(SKMLP_BITS exponent)
{
    SKMLP_REAL power;
    exponent <<= SKMLP_FRACTION_BITS;
    memcpy(&power, &exponent, sizeof power);
    return power;
}

/* 2^k is applied in two halves: it can be too large or too small for a normal number
   where exp(x) is finite or denormal. NaN fails both comparisons and stays. */
static inline SKMLP_REAL SKMLP_NAME(exp_of)(SKMLP_REAL x)
{
    SKMLP_BITS exponent, half;
    SKMLP_REAL y;
    x = x < SKMLP_EXP_MIN ? SKMLP_EXP_MIN : x;
    x = x > SKMLP_EXP_MAX ? SKMLP_EXP_MAX : x;
    y = SKMLP_C(1.0) + SKMLP_NAME(reduced_expm1)(x, 2 * SKMLP_BIAS, &exponent);
    half = exponent >> 1;
    return y * SKMLP_NAME(power_of_2)(half) * SKMLP_NAME(power_of_2)(exponent - half);
}

/* With e = exp(-|x|): 1 / (1 + e) = 1 - e / (1 + e), and for x < 0 e / (1 + e) =
   e - e e / (1 + e): each a good first value less a correction of at most its half. */
static inline SKMLP_REAL SKMLP_NAME(logistic_of)(SKMLP_REAL x)
{
    const SKMLP_REAL e = SKMLP_NAME(exp_of)(-SKMLP_MATH(fabs)(x));
    const SKMLP_REAL first = x < 0 ? e : SKMLP_C(1.0);
    return first - first * e / (SKMLP_C(1.0) + e);
}

/* With e = exp(2 |x|) - 1, tanh(|x|) is e / (e + 2), which loses no digits near 0: there k
   is 0, and e the polynomial's value. */
static inline SKMLP_REAL SKMLP_NAME(tanh_of)(SKMLP_REAL x)
{
    SKMLP_BITS exponent;
    SKMLP_REAL a = SKMLP_MATH(fabs)(x), power, e;
    a = a > SKMLP_TANH_MAX ? SKMLP_TANH_MAX : a;
    e = SKMLP_NAME(reduced_expm1)(SKMLP_C(2.0) * a, SKMLP_BIAS, &exponent);
    power = SKMLP_NAME(power_of_2)(exponent);
    e = power * e + (power - SKMLP_C(1.0));
    return SKMLP_MATH(copysign)(e / (e + SKMLP_C(2.0)), x);
}

SKMLP_CLONES static void SKMLP_NAME(exp)(SKMLP_REAL *x, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        x[i] = SKMLP_NAME(exp_of)(x[i]);
}

SKMLP_CLONES static void SKMLP_NAME(logistic)(SKMLP_REAL *x, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        x[i] = SKMLP_NAME(logistic_of)(x[i]);
}

SKMLP_CLONES static void SKMLP_NAME(tanh)(SKMLP_REAL *x, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        x[i] = SKMLP_NAME(tanh_of)(x[i]);
}

#undef SKMLP_REAL
#undef SKMLP_BITS
#undef SKMLP_NAME
#undef SKMLP_MATH
#undef SKMLP_C
#undef SKMLP_FRACTION_BITS
#undef SKMLP_BIAS
#undef SKMLP_ROUND
#undef SKMLP_LN2_HIGH
#undef SKMLP_LN2_LOW
#undef SKMLP_EXP_MIN
#undef SKMLP_EXP_MAX
#undef SKMLP_TANH_MAX
#endif
