/* Numbers below the smallest normal one, 1.2e-38 or 2.2e-308, are taken for 0 while a call works.
   Weights that only decay get there, and squares of their derivatives: on some processors each
   operation with such a number takes a hundred times as long as others. */

#ifndef SKMLP_DENORMALS_H
#define SKMLP_DENORMALS_H

/* No number is stored on the other side of this. */
#ifdef __GNUC__
#define SKMLP_IN_ORDER() __asm__ volatile("" : : : "memory")
#else
#define SKMLP_IN_ORDER() (void)0
#endif

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>
#define SKMLP_FLUSH 0x8040u /* of results, of operands */
typedef unsigned skmlp_float_mode;
static inline skmlp_float_mode skmlp_get_float_mode(void) { return _mm_getcsr(); }
static inline void skmlp_set_float_mode(skmlp_float_mode mode)
{
    SKMLP_IN_ORDER();
    _mm_setcsr(mode);
    SKMLP_IN_ORDER();
}
#elif defined(__aarch64__) && defined(__GNUC__)
#include <stdint.h>
#define SKMLP_FLUSH (UINT64_C(1) << 24)
typedef uint64_t skmlp_float_mode;
static inline skmlp_float_mode skmlp_get_float_mode(void)
{
    skmlp_float_mode mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}
static inline void skmlp_set_float_mode(skmlp_float_mode mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory");
}
#else
#define SKMLP_FLUSH 0u
typedef unsigned skmlp_float_mode;
static inline skmlp_float_mode skmlp_get_float_mode(void) { return 0; }
static inline void skmlp_set_float_mode(skmlp_float_mode mode) { (void)mode; }
#endif

/* The mode before, of the thread that calls. */
static inline skmlp_float_mode skmlp_flush_denormals(void)
{
    const skmlp_float_mode before = skmlp_get_float_mode();
    skmlp_set_float_mode(before | SKMLP_FLUSH);
    return before;
}

/* Keep denormal numbers again if they were kept before. */
static inline void skmlp_restore_denormals(skmlp_float_mode before)
{
    skmlp_set_float_mode((skmlp_get_float_mode() & ~SKMLP_FLUSH) | (before & SKMLP_FLUSH));
}

#endif
