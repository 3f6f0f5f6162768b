/* Includes the file SKMLP_PASSES, whose functions are written for the vectors of a level, once for
   each level that the compiler has (levels.h), and for each type. Level h, between 0 and 1, has
   half the vectors of level 1: of two floats. */

#define SKMLP_AT_LEVEL(name, type) skmlp_##name##_v0_##type
#define SKMLP_TARGET
#define SKMLP_BYTES 0
#include "each_type.h"

#ifdef __GNUC__
#define SKMLP_AT_LEVEL(name, type) skmlp_##name##_vh_##type
#define SKMLP_AT_LEVEL_BELOW(name, type) skmlp_##name##_v0_##type
#define SKMLP_TARGET
#define SKMLP_BYTES 8
#include "each_type.h"

#define SKMLP_AT_LEVEL(name, type) skmlp_##name##_v1_##type
#define SKMLP_AT_LEVEL_BELOW(name, type) skmlp_##name##_vh_##type
#define SKMLP_TARGET
#define SKMLP_BYTES 16
#include "each_type.h"
#endif

#ifdef SKMLP_X86_64_LEVELS
#define SKMLP_AT_LEVEL(name, type) skmlp_##name##_v3_##type
#define SKMLP_AT_LEVEL_BELOW(name, type) skmlp_##name##_v1_##type
#define SKMLP_TARGET SKMLP_TARGET_V3
#define SKMLP_BYTES 32
#include "each_type.h"

#define SKMLP_AT_LEVEL(name, type) skmlp_##name##_v4_##type
#define SKMLP_AT_LEVEL_BELOW(name, type) skmlp_##name##_v3_##type
#define SKMLP_TARGET SKMLP_TARGET_V4
#define SKMLP_BYTES 64
#include "each_type.h"
#endif

#undef SKMLP_PASSES
