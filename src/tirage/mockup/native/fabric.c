/* The fabric's own pattern over a view: a tile that repeats over the flat panels, at the pixels' own fineness. */
#include <math.h>
#include <string.h>

#include "raster.h"

enum { LEVELS = 12 };

/* A tile at finenesses half an octave apart: texels (side,side), FABRIC_ONE is the fabric's mean; side is a power of two. */
typedef struct {
    const uint16_t *texels[LEVELS];
    int32_t side[LEVELS];
    int32_t levels;
    float tiles;             /* that lie side by side over the atlas */
    float finest;            /* atlas steps a pixel, squared, that the first level is for */
    uint8_t covered[CHART_MASK + 1];   /* by chart: whether the panel is of this fabric */
} Fabric;

#define FABRIC_ONE 32768.f

/* log2 within .09: the exponent, and the mantissa for its fraction. */
static inline float rough_log2(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (float)bits * (1.f / (1 << 23)) - 127.f;
}

static inline float repeated(const uint16_t *texels, int side, float x, float y) {
    const float fx = x * side - .5f, fy = y * side - .5f, left = floorf(fx), top = floorf(fy), ax = fx - left, ay = fy - top;
    const int last = side - 1, x0 = (int)left & last, x1 = (x0 + 1) & last, y0 = ((int)top & last) * side, y1 = (((int)top + 1) & last) * side;
    const float a = texels[y0 + x0] + ax * (texels[y0 + x1] - texels[y0 + x0]), b = texels[y1 + x0] + ax * (texels[y1 + x1] - texels[y1 + x0]);
    return a + ay * (b - a);
}

/* Between the two levels for a pixel of this footprint, squared atlas steps; beyond the last level even. */
static inline float fabric_at(const Fabric *f, float u, float v, float footprint) {
    const float level = maxf(rough_log2(footprint / f->finest), 0.f), x = u * f->tiles, y = v * f->tiles;
    const int i = (int)level;
    if (i >= f->levels) return FABRIC_ONE;
    const float a = repeated(f->texels[i], f->side[i], x, y), b = i + 1 < f->levels ? repeated(f->texels[i + 1], f->side[i + 1], x, y) : FABRIC_ONE;
    return a + (level - i) * (b - a);
}

/* The squared distance on the atlas to a neighbour of the same surface: the one after, the one before, or none. */
static inline float step_to(const Frame *frame, long q, long by, int after, int before) {
    const uint8_t shown = frame->shown[q];
    const long other = after && frame->shown[q + by] == shown ? q + by : before && frame->shown[q - by] == shown ? q - by : q;
    const float du = frame->atlas[2 * other] - frame->atlas[2 * q], dv = frame->atlas[2 * other + 1] - frame->atlas[2 * q + 1];
    return du * du + dv * dv;
}

/* A pixel's footprint on the atlas, squared: the longer side, but no more than twice the shorter, or cloth that turns away would
   lose all its texture. */
static inline float footprint(const Frame *frame, int size, int x, int y) {
    const long q = (long)y * size + x;
    const float across = step_to(frame, q, 1, x + 1 < size, x > 0), down = step_to(frame, q, size, y + 1 < size, y > 0);
    return maxf(minf(maxf(across, down), 4.f * minf(across, down)), 1.f);
}

/* The fabric's factor on each pixel of a view's spans, as codes (shade.c): row y holds columns [x0[y],x1[y]) from offset[y].
   Pixels whose centres show none get NO_FABRIC. */
EXPORT void fabric_seen(const Frame *frame, int size, const Fabric *fabric, const int32_t *x0, const int32_t *x1,
                        const int64_t *offset, uint8_t *out) {
    for (int y = 0; y < size; y++)
        for (int x = x0[y]; x < x1[y]; x++) {
            const long q = (long)y * size + x;
            const uint8_t shown = frame->shown[q];
            uint8_t code = NO_FABRIC;
            if (shown != NOTHING && !(shown & RIM) && fabric->covered[shown & CHART_MASK]) {
                const float found = fabric_at(fabric, kept(frame->atlas[2 * q]), kept(frame->atlas[2 * q + 1]), footprint(frame, size, x, y));
                code = (uint8_t)clampf((found * (1.f / FABRIC_ONE) - 1.f) * FABRIC_STEPS + FABRIC_EVEN + .5f, 1.f, 255.f);
            }
            out[offset[y] + x - x0[y]] = code;
        }
}

/* Ink follows the yarn: moves kept atlas positions (count,2) by up to `reach` atlas units along a repeating field of offsets
   (side,side,2) in -1..1; what is NOWHERE stays so. */
EXPORT void follow_yarn(uint16_t *places, int64_t count, const float *field, int side, float tiles, float reach) {
    for (uint16_t *at = places; at < places + 2 * count; at += 2) {
        if (at[0] == NOWHERE) continue;
        const float x = kept(at[0]) * tiles * side, y = kept(at[1]) * tiles * side;
        const float *by = field + 2 * (((long)y & (side - 1)) * side + ((long)x & (side - 1)));
        for (int c = 0; c < 2; c++) at[c] = (uint16_t)clampf(at[c] + by[c] * reach * ATLAS_STEPS + .5f, 0.f, ATLAS_STEPS);
    }
}
