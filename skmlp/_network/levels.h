/* Levels of the processor, for code that is written out for each because it has its own vectors.

   They are named as those of x86-64 (3: vectors of 32 bytes, 4: of 64); level 1 is what every
   processor has, with vectors of 16 bytes, and level 0 has none. SKMLP_CLONES is for loops that
   need no more than to be compiled again. */

#ifndef SKMLP_LEVELS_H
#define SKMLP_LEVELS_H

#include <stddef.h>

/* Not on Windows, where GCC aligns the stack to 16 bytes only but spills wider vectors. */
#if defined(__GNUC__) && defined(__x86_64__) && !defined(_WIN32)
#define SKMLP_X86_64_LEVELS
#include <cpuid.h>
#include <immintrin.h>
#define SKMLP_TARGET_V3 __attribute__((target("avx2,fma,prfchw")))
#define SKMLP_TARGET_V4 __attribute__((target("avx512f,fma,prfchw")))
#endif

/* The level in use: the highest of the processor, unless a test or a benchmark asks for one. */
static int skmlp_level;

/* Whether level 3 takes over from level 4 where it is as fast or faster: the processor works
   through vectors of 64 bytes in halves, and no test asks for level 4. */
static int skmlp_halves;

/* 0 where the compiler has no vectors. */
static inline int skmlp_highest_level(void)
{
#ifdef SKMLP_X86_64_LEVELS
    if (__builtin_cpu_supports("avx512f"))
        return 4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return 3;
#endif
#ifdef __GNUC__
    return 1;
#else
    return 0;
#endif
}

/* Source: AMD64 Architecture Programmer's Manual, volume 3, "CPUID Fn8000_001A Performance
   Optimization Identifiers": FP256, and FP512 of later processors. Others have no such leaf. */
static inline int skmlp_has_halves(void)
{
#ifdef SKMLP_X86_64_LEVELS
    unsigned eax, ebx, ecx, edx;
    if (__get_cpuid(0x8000001a, &eax, &ebx, &ecx, &edx))
        return (eax & 1 << 2) && !(eax & 1 << 3);
#endif
    return 0;
}

/* Bytes of a vector of the level in use. */
static inline ptrdiff_t skmlp_vector_bytes(void)
{
    return skmlp_level == 4 ? 64 : skmlp_level == 3 ? 32 : skmlp_level == 1 ? 16 : 1;
}

static inline void skmlp_use_level(int level)
{
    skmlp_level = level;
    skmlp_halves = 0;
}

static inline void skmlp_use_best_level(void)
{
    skmlp_level = skmlp_highest_level();
    skmlp_halves = skmlp_has_halves();
}

/* The function of the level in use, or of the highest whose vectors are no longer than n_bytes:
   with LONGEST always the former. */
#define SKMLP_LONGEST 64
#ifdef __GNUC__
#define SKMLP_BY_LOW_LEVEL(n_bytes, name, ...)                \
    do {                                                      \
        if (skmlp_level >= 1 && (n_bytes) >= 16)              \
            SKMLP_NAME(name##_v1)(__VA_ARGS__);               \
        else if (skmlp_level >= 1 && (n_bytes) >= 8)          \
            SKMLP_NAME(name##_vh)(__VA_ARGS__);               \
        else                                                  \
            SKMLP_NAME(name##_v0)(__VA_ARGS__);               \
    } while (0)
#else
#define SKMLP_BY_LOW_LEVEL(n_bytes, name, ...) SKMLP_NAME(name##_v0)(__VA_ARGS__)
#endif

#ifdef SKMLP_X86_64_LEVELS
#define SKMLP_BY_LEVEL(n_bytes, name, ...)                    \
    do {                                                      \
        if (skmlp_level >= 4 && (n_bytes) >= 64)              \
            SKMLP_NAME(name##_v4)(__VA_ARGS__);               \
        else if (skmlp_level >= 3 && (n_bytes) >= 32)         \
            SKMLP_NAME(name##_v3)(__VA_ARGS__);               \
        else                                                  \
            SKMLP_BY_LOW_LEVEL(n_bytes, name, __VA_ARGS__);   \
    } while (0)
#else
#define SKMLP_BY_LEVEL SKMLP_BY_LOW_LEVEL
#endif

#endif
