/* The fabric's own pattern over a view: a tile that repeats over the flat panels, at the pixels' own fineness. */
#include <math.h>
#include <string.h>

#include "raster.h"

enum { LEVELS = 12, BLOCK = 8 };

/* A tile at finenesses half an octave apart: texels (side+2,side+2,2) with a border of one that repeats the other side, each
   this level's value and the next one's at the same place; FABRIC_ONE is the fabric's mean. */
typedef struct {
    const uint16_t *texels[LEVELS];
    int32_t side[LEVELS];
    int32_t levels;
    float tiles;             /* that lie side by side over the atlas */
    float finest;            /* atlas steps a pixel, squared, that the first level is for */
    uint8_t covered[CHART_MASK + 1];   /* by chart: whether the panel is of this fabric */
} Fabric;

#define FABRIC_ONE 32768.f

/* Two levels of a tile, and how much the second counts. */
typedef struct {
    const uint16_t *texels;  /* NULL: even */
    int32_t side;
    float next;
} Mix;

/* log2 within .09: the exponent, and the mantissa for its fraction. */
static inline float rough_log2(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (float)bits * (1.f / (1 << 23)) - 127.f;
}

/* The levels for pixels whose sides measure so much on the atlas, squared steps: for the longer side, but no more than twice the
   shorter, or cloth that turns away would lose all its texture. */
static inline Mix levels_for(const Fabric *f, float across, float down) {
    const float footprint = maxf(minf(maxf(across, down), 4.f * minf(across, down)), 1.f);
    const float level = maxf(rough_log2(footprint / f->finest), 0.f);
    const int i = (int)level;
    if (i >= f->levels) return (Mix){0};
    return (Mix){f->texels[i], f->side[i], level - i};
}

/* The codes of eight pixels in a row at these atlas positions. */
static inline void eight_codes(const Mix *mix, float tiles, const uint16_t *atlas, uint8_t *out) {
    int32_t at[2][BLOCK];
    float part[2][BLOCK], found[BLOCK];
    const float scale = tiles / ATLAS_STEPS, side = (float)mix->side;
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < BLOCK; i++) {
            const float x = atlas[2 * i + c] * scale, texel = (x - (float)(int)x) * side + .5f;
            at[c][i] = (int)texel;
            part[c][i] = texel - (float)at[c][i];
        }
    const int stride = mix->side + 2;
    for (int i = 0; i < BLOCK; i++) {
        const uint16_t *p = mix->texels + 2 * (at[1][i] * (long)stride + at[0][i]);
        const float4v top = __builtin_convertvector(*(const ushort4v *)p, float4v);
        const float4v bottom = __builtin_convertvector(*(const ushort4v *)(p + 2 * stride), float4v);
        const float4v row = top + part[1][i] * (bottom - top);
        const float here = row[0] + part[0][i] * (row[2] - row[0]), next = row[1] + part[0][i] * (row[3] - row[1]);
        found[i] = here + mix->next * (next - here);
    }
    for (int i = 0; i < BLOCK; i++)
        out[i] = (uint8_t)(int)clampf((found[i] * (1.f / FABRIC_ONE) - 1.f) * FABRIC_STEPS + FABRIC_EVEN + .5f, 1.f, 255.f);
}

static inline int is_covered(const Fabric *f, uint8_t shown) { return shown != NOTHING && !(shown & RIM) && f->covered[shown & CHART_MASK]; }

static inline float squared(const uint16_t *from, const uint16_t *to) {
    const float du = (float)to[0] - from[0], dv = (float)to[1] - from[1];
    return du * du + dv * dv;
}

/* The squared distance on the atlas to a neighbour of the same surface: the one after, the one before, or none. */
static inline float step_to(const Frame *frame, long q, long by, int after, int before) {
    const uint8_t shown = frame->shown[q];
    const long other = after && frame->shown[q + by] == shown ? q + by : before && frame->shown[q - by] == shown ? q - by : q;
    return squared(frame->atlas + 2 * q, frame->atlas + 2 * other);
}

/* A pixel's code by itself. */
static uint8_t pixel_code(const Frame *frame, int size, const Fabric *fabric, int x, int y) {
    const long q = (long)y * size + x;
    if (!is_covered(fabric, frame->shown[q])) return NO_FABRIC;
    const Mix mix = levels_for(fabric, step_to(frame, q, 1, x + 1 < size, x > 0), step_to(frame, q, size, y + 1 < size, y > 0));
    if (!mix.texels) return FABRIC_EVEN;
    uint16_t atlas[2 * BLOCK] = {frame->atlas[2 * q], frame->atlas[2 * q + 1]};
    uint8_t codes[BLOCK];
    eight_codes(&mix, fabric->tiles, atlas, codes);
    return codes[0];
}

/* Whether a block shows one smooth surface: then its pixels share their levels. */
static int is_smooth(const Frame *frame, int size, int left, int top) {
    if (left + BLOCK > size || top + BLOCK > size) return 0;
    const long words = (size + WORD - 1) / WORD, q = (long)top * size + left;
    uint64_t here, first, marks = 0, other = 0;
    memcpy(&first, frame->shown + q, sizeof first);
    for (int y = 0; y < BLOCK; y++) {
        memcpy(&here, frame->shown + q + (long)y * size, sizeof here);
        other |= here ^ first;
        marks |= frame->edges[(top + y) * words + left / WORD] >> (left % WORD) & 0xff;
    }
    return !other && !marks && first == frame->shown[q] * 0x0101010101010101u;
}

static Mix block_levels(const Frame *frame, int size, const Fabric *fabric, int left, int top) {
    const uint16_t *first = frame->atlas + 2 * ((long)top * size + left);
    const float share = 1.f / ((BLOCK - 1) * (BLOCK - 1));
    const float across = squared(first, first + 2 * (BLOCK - 1)), down = squared(first, first + 2 * (BLOCK - 1) * (long)size);
    return levels_for(fabric, across * share, down * share);
}

/* One block of pixels into rows of the spans. */
static void block_codes(const Frame *frame, int size, const Fabric *fabric, int left, int top, const int32_t *x0, const int32_t *x1,
                        const int64_t *offset, uint8_t *out) {
    const int smooth = is_smooth(frame, size, left, top), covered = smooth && is_covered(fabric, frame->shown[(long)top * size + left]);
    const Mix mix = covered ? block_levels(frame, size, fabric, left, top) : (Mix){0};
    for (int y = top; y < mini(top + BLOCK, size); y++) {
        const int from = maxi(left, x0[y]), to = mini(left + BLOCK, x1[y]);
        if (from >= to) continue;
        uint8_t *row = out + offset[y] + from - x0[y], codes[BLOCK];
        if (smooth && mix.texels) {
            eight_codes(&mix, fabric->tiles, frame->atlas + 2 * ((long)y * size + left), codes);
            memcpy(row, codes + from - left, (size_t)(to - from));
        } else if (smooth) memset(row, covered ? FABRIC_EVEN : NO_FABRIC, (size_t)(to - from));
        else
            for (int x = from; x < to; x++) row[x - from] = pixel_code(frame, size, fabric, x, y);
    }
}

/* The fabric's factor on each pixel of a view's spans, as codes (shade.c): row y holds columns [x0[y],x1[y]) from offset[y].
   Pixels whose centres show none get NO_FABRIC. */
EXPORT void fabric_seen(const Frame *frame, int size, const Fabric *fabric, const int32_t *x0, const int32_t *x1,
                        const int64_t *offset, uint8_t *out) {
    for (int top = 0; top < size; top += BLOCK) {
        int from = size, to = 0;
        for (int y = top; y < mini(top + BLOCK, size); y++)
            if (x0[y] < x1[y]) from = mini(from, x0[y]), to = maxi(to, x1[y]);
        for (int left = from / BLOCK * BLOCK; left < to; left += BLOCK) block_codes(frame, size, fabric, left, top, x0, x1, offset, out);
    }
}

/* Ink follows the yarn: moves kept atlas positions (count,2) by a repeating field of steps (side,side,2), side a power of two;
   what is NOWHERE stays so. */
EXPORT void follow_yarn(uint16_t *places, int64_t count, const int8_t *field, int side, float tiles) {
    const float scale = tiles * side / ATLAS_STEPS;
    for (uint16_t *at = places; at < places + 2 * count; at += 2) {
        if (at[0] == NOWHERE) continue;
        const int x = (int)(at[0] * scale) & (side - 1), y = (int)(at[1] * scale) & (side - 1);
        const int8_t *by = field + 2 * (y * side + x);
        for (int c = 0; c < 2; c++) at[c] = (uint16_t)mini(maxi(at[c] + by[c], 0), NOWHERE - 1);
    }
}
