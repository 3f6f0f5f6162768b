/* What threads need that share the work of a large update. */

#ifndef SKMLP_THREADS_H
#define SKMLP_THREADS_H

#include <stddef.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "clones.h"

/* How many threads a parallel loop may have: as OpenMP says, or one without it. */
static inline int skmlp_max_threads(void)
{
#ifdef _OPENMP
    return omp_get_max_threads();
#else
    return 1;
#endif
}

/* Whether a loop may have fewer threads than it asks for (OMP_DYNAMIC), of the thread that calls. */
static inline int skmlp_is_dynamic(void)
{
#ifdef _OPENMP
    return omp_get_dynamic();
#else
    return 0;
#endif
}

static inline void skmlp_set_dynamic(int dynamic)
{
#ifdef _OPENMP
    omp_set_dynamic(dynamic);
#else
    (void)dynamic;
#endif
}

/* Ask for the lines of the cache that are about to be written. Where another core has read
   a line, a store waits until this core owns it: some 20 ns each where stores follow one
   another, and a third of that where many are asked for. */
static inline void skmlp_claim(const char *start, ptrdiff_t n_bytes)
{
#ifdef __GNUC__
    for (ptrdiff_t i = 0; i < n_bytes; i += SKMLP_LINE)
#ifdef __x86_64__
        /* The compiler's own prefetch asks for reading, unless a processor is named. Those
           that lack this instruction pass over it. */
        __asm__ volatile("prefetchw %0" : : "m"(start[i]));
#else
        __builtin_prefetch(start + i, 1);
#endif
#else
    (void)start;
    (void)n_bytes;
#endif
}

#endif
