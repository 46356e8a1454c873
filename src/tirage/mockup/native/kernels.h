/* Shared types of the native kernels.  All arrays are C-contiguous; rows of images run top to bottom.
   Functions that allocate return 0, or -1 when memory ran out. */
#ifndef TIRAGE_KERNELS_H
#define TIRAGE_KERNELS_H

#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

typedef float float4v __attribute__((vector_size(16), aligned(16)));
typedef float float8v __attribute__((vector_size(32), aligned(4)));
typedef int32_t int8v __attribute__((vector_size(32), aligned(4)));
typedef _Float16 half;
typedef half half8v __attribute__((vector_size(16), aligned(2)));
typedef uint16_t ushort4v __attribute__((vector_size(8), aligned(2)));
typedef uint16_t ushort8v __attribute__((vector_size(16), aligned(2)));

/* What light does to one point of the cloth, seen from one camera (docs/relight.md has the formula):
   radiance(rho) = rho (direct + fabric s(fabric) bounce) + rho k(rho) multiple + gloss + hue sheen on fabric; ink has no sheen, so
   there its own light is left out and its attenuation of all other light divided out.  Light textures hold LANES half floats a texel, the last
   unused; finished pixels hold TERMS half floats, filtered and premultiplied by coverage. */
enum { DIRECT, MULTIPLE, BOUNCE, GLOSS, SHEEN_ATT, SHEEN, COVERAGE, TERMS, LANES };

/* The albedo at which first and further bounces are summed; others scale the sum by s (shade.c). */
#define BOUNCE_ALBEDO .8f

/* A tile of pixels: some lie at an edge (EDGE), a print can reach it (PRINT), some show busy detail (BUSY). */
enum { EDGE = 1, PRINT = 2, BUSY = 4 };

/* Triangle flags: a chart number, and whether this is the inside of the cloth or its cut edge.  A pixel can show NOTHING, too,
   which counts as inside. */
enum { INSIDE = 0x80, RIM = 0x40, CHART_MASK = 0x3f, NOTHING = 0xff };

/* Atlas positions that are kept are 16-bit, 1 / ATLAS_STEPS of its side (.002 cm); NOWHERE where no print can lie. */
#define ATLAS_STEPS 65534.f
#define NOWHERE 65535

/* A fabric's factor on light as a code: 1 + (code - FABRIC_EVEN) / FABRIC_STEPS; NO_FABRIC is 1 without a fabric. */
enum { NO_FABRIC = 0, FABRIC_EVEN = 128, FABRIC_STEPS = 256 };

/* Not-a-number becomes lo, so that no index is ever out of range. */
static inline float clampf(float x, float lo, float hi) { return x > lo ? (x < hi ? x : hi) : lo; }
/* One instruction each; those of math.h take three, to have their way with not-a-number. */
static inline float minf(float a, float b) { return a < b ? a : b; }
static inline float maxf(float a, float b) { return a > b ? a : b; }
static inline int mini(int a, int b) { return a < b ? a : b; }
static inline int maxi(int a, int b) { return a > b ? a : b; }

static inline int8v select8(int8v mask, int8v a, int8v b) { return (a & mask) | (b & ~mask); }

static inline int any(int8v mask) {
    uint64_t part[4];
    memcpy(part, &mask, sizeof part);
    return (part[0] | part[1] | part[2] | part[3]) != 0;
}

#endif
