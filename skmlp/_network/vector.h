/* The vector of a level, for files that each_level.h includes: WIDTH numbers, and one where the
   level has no vectors. each_type.h undefines what stands here. */

#if SKMLP_BYTES > SKMLP_REAL_BYTES
typedef SKMLP_REAL SKMLP_NAME(vector)
    __attribute__((vector_size(SKMLP_BYTES), aligned(sizeof(SKMLP_REAL)), may_alias));
#else
typedef SKMLP_REAL SKMLP_NAME(vector);
#endif
#define SKMLP_VECTOR SKMLP_NAME(vector)
#define SKMLP_WIDTH ((ptrdiff_t)(sizeof(SKMLP_VECTOR) / sizeof(SKMLP_REAL)))
#define SKMLP_AT(p) (*(SKMLP_VECTOR *)(p))
#define SKMLP_READ(p) (*(const SKMLP_VECTOR *)(p))

/* Sums side by side of a long sum: a vector, but no more of them than SUMS (sums.h). */
#if SKMLP_BYTES > SKMLP_SUMS * SKMLP_REAL_BYTES
typedef SKMLP_REAL SKMLP_NAME(sums)
    __attribute__((vector_size(SKMLP_SUMS * SKMLP_REAL_BYTES), aligned(sizeof(SKMLP_REAL)),
                   may_alias));
#else
typedef SKMLP_VECTOR SKMLP_NAME(sums);
#endif
#define SKMLP_N_SUMS ((int)(sizeof(SKMLP_NAME(sums)) / sizeof(SKMLP_REAL)))
