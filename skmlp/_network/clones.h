/* What loops ask of the compiler, and have to know of the processor.

   SKMLP_CLONES compiles a function once for each level of x86-64; which one runs is chosen
   when the module is loaded. Clang before 18 accepts these levels, but chooses wrongly. */

#ifndef SKMLP_CLONES_H
#define SKMLP_CLONES_H

#if defined(SKMLP_HAVE_TARGET_CLONES) && !(defined(__clang__) && __clang_major__ < 18)
#define SKMLP_CLONES \
    __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define SKMLP_CLONES
#endif

#define SKMLP_LINE 64 /* bytes of a line of the cache */

#if defined(__GNUC__)
#define SKMLP_INLINE static inline __attribute__((always_inline))
#else
#define SKMLP_INLINE static inline
#endif

/* GCC vectorises a short loop only as long as it is not unrolled (VECTOR_LOOP), and keeps a small
   array in registers only where the loops over it are unrolled early (UNROLL). */
#if defined(__GNUC__) && !defined(__clang__)
#define SKMLP_VECTOR_LOOP _Pragma("GCC unroll 1")
#define SKMLP_UNROLL _Pragma("GCC unroll 8")
#else
#define SKMLP_VECTOR_LOOP
#define SKMLP_UNROLL
#endif

#endif
