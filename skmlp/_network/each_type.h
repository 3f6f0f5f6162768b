/* Includes the file SKMLP_PASSES for double and for float, at the level of each_level.h. Functions
   of that level are NAME(name), those of the level below BELOW(name); what all levels share is
   OF_TYPE(name). */

#define SKMLP_REAL double
#define SKMLP_REAL_BYTES 8
#define SKMLP_NAME(name) SKMLP_AT_LEVEL(name, f64)
#define SKMLP_BELOW(name) SKMLP_AT_LEVEL_BELOW(name, f64)
#define SKMLP_OF_TYPE(name) skmlp_##name##_f64
#include SKMLP_PASSES
#undef SKMLP_REAL
#undef SKMLP_REAL_BYTES
#undef SKMLP_NAME
#undef SKMLP_BELOW
#undef SKMLP_OF_TYPE

#define SKMLP_REAL float
#define SKMLP_REAL_BYTES 4
#define SKMLP_NAME(name) SKMLP_AT_LEVEL(name, f32)
#define SKMLP_BELOW(name) SKMLP_AT_LEVEL_BELOW(name, f32)
#define SKMLP_OF_TYPE(name) skmlp_##name##_f32
#include SKMLP_PASSES
#undef SKMLP_REAL
#undef SKMLP_REAL_BYTES
#undef SKMLP_NAME
#undef SKMLP_BELOW
#undef SKMLP_OF_TYPE

#undef SKMLP_VECTOR
#undef SKMLP_WIDTH
#undef SKMLP_N_SUMS
#undef SKMLP_AT
#undef SKMLP_READ
#undef SKMLP_AT_LEVEL
#undef SKMLP_AT_LEVEL_BELOW
#undef SKMLP_TARGET
#undef SKMLP_BYTES
