/* Prints as a view sees them: designs as texels, sampled and filtered through the view. */
#include <math.h>
#include <string.h>

#include "canvas.h"

/* The samples of a tile and its border, k rows and k columns a pixel: a row of samples has its columns by their place within
   the pixel, BLOCKS of each, and is filled up to whole vectors (pitch).  So neighbours in memory are neighbouring pixels, and
   places between two pixels are found, and pixels filtered, eight at a time. */
enum { MAX_K = 8, PITCH = BLOCKS * MAX_K, MAX_SIDE = BLOCKS * MAX_K, MAX_SAMPLES = PITCH * MAX_SIDE, GRID = TILE + 4, WIDE = 32 };

static inline int pitch(int k) { return (BLOCKS * k + 7) & ~7; }

/* One print: linear premultiplied RGBA texels with a transparent border, and where they lie. */
typedef struct {
    const uint16_t *texels;  /* (height,width,4) */
    int32_t width, height;
    float affine[6];         /* atlas (0..1) -> texel: x = a0 u + a1 v + a2, y = a3 u + a4 v + a5 */
    float clip[4];           /* atlas rectangle of the panel: u0, v0, u1, v1 */
} Layer;

/* One texel at full resolution: straight sRGB bytes to linear premultiplied. */
static inline void design_texel(const uint8_t *p, const uint16_t *linear, uint16_t *o) {
    const uint32_t a = p[3];
    if (a == 255)
        for (int c = 0; c < 3; c++) o[c] = linear[p[c]];
    else
        for (int c = 0; c < 3; c++) o[c] = (uint16_t)((linear[p[c]] * a + 127) / 255);
    o[3] = (uint16_t)(a * 257);
}

/* The mean of a box of a design's pixels; pixels beyond it count as transparent. */
static void design_box(const uint8_t *rgba, int width, int height, int x0, int y0, int factor, const uint16_t *linear, uint16_t *o) {
    const uint64_t weight = 255ull * factor * factor;
    uint64_t sum[4] = {0};
    for (int y = maxi(y0, 0); y < mini(y0 + factor, height); y++)
        for (int x = maxi(x0, 0); x < mini(x0 + factor, width); x++) {
            const uint8_t *p = rgba + 4 * ((long)y * width + x);
            for (int c = 0; c < 3; c++) sum[c] += (uint32_t)linear[p[c]] * p[3];
            sum[3] += 65535u * p[3];
        }
    for (int c = 0; c < 4; c++) o[c] = (uint16_t)((sum[c] + weight / 2) / weight);
}

/* A design as texels: rgba (height,width,4) to boxes of factor*factor pixels with a border of one transparent texel.
   Writes rows [from,to) of out (rows,columns,4). */
EXPORT void design_texels(const uint8_t *rgba, int width, int height, int factor, const uint16_t *linear, int rows,
                          int columns, int from, int to, uint16_t *out) {
    for (int y = from; y < to; y++) {
        uint16_t *row = out + 4 * (long)y * columns;
        memset(row, 0, sizeof(uint16_t) * 4 * (size_t)columns);
        if (y == 0 || y == rows - 1) continue;
        for (int x = 1; x < columns - 1; x++)
            if (factor == 1) design_texel(rgba + 4 * ((long)(y - 1) * width + x - 1), linear, row + 4 * x);
            else design_box(rgba, width, height, (x - 1) * factor, (y - 1) * factor, factor, linear, row + 4 * x);
    }
}

/* Where ink is led off its place: a field of steps of the atlas (side,side,2) that repeats so many times over it.  field is NULL
   where places were led before. */
typedef struct {
    const int8_t *field;
    int32_t side;
    float tiles;
} Yarn;

/* Lead n places in a layer's texels along the yarn. */
static void lead(const Yarn *yarn, const Layer *l, int n, float *x, float *y) {
    const float *m = l->affine, inv = 1.f / (m[0] * m[4] - m[1] * m[3]), scale = yarn->tiles * yarn->side, step = 1.f / ATLAS_STEPS;
    for (int i = 0; i < n; i++) {
        const float dx = x[i] - m[2], dy = y[i] - m[5];
        const int column = (int)((m[4] * dx - m[1] * dy) * inv * scale) & (yarn->side - 1);
        const int row = (int)((m[0] * dy - m[3] * dx) * inv * scale) & (yarn->side - 1);
        const int8_t *by = yarn->field + 2 * ((long)row * yarn->side + column);
        x[i] += (m[0] * by[0] + m[1] * by[1]) * step;
        y[i] += (m[3] * by[0] + m[4] * by[1]) * step;
    }
}

/* Where each sample of a tile falls in a layer, in texels, plane by plane; beyond it where there is none. */
typedef struct {
    float x[MAX_SAMPLES + 8], y[MAX_SAMPLES + 8];
} Places;

static const float BEYOND = -1.f;

/* A kept atlas position in a layer's texels; far outside where it is not on the layer's panel. */
static inline int texel_position(const Layer *l, const uint16_t *kept, float far, float *x, float *y) {
    const float u = kept[0] * (1.f / ATLAS_STEPS), v = kept[1] * (1.f / ATLAS_STEPS), *m = l->affine;
    const int in = kept[0] != NOWHERE && u >= l->clip[0] && v >= l->clip[1] && u <= l->clip[2] && v <= l->clip[3];
    *x = in ? m[0] * u + m[1] * v + m[2] : far;
    *y = in ? m[3] * u + m[4] * v + m[5] : far;
    return in && *x > 0.f && *y > 0.f && *x < l->width && *y < l->height;
}

/* The kept atlas position of a pixel. */
static inline const uint16_t *atlas_pixel(const Canvas *v, int x, int y) {
    static const uint16_t nowhere[2] = {NOWHERE, NOWHERE};
    const int across = (v->size + TILE - 1) / TILE;
    if (x < 0 || y < 0 || x >= v->size || y >= v->size) return nowhere;
    const int block = v->block[(y / TILE) * across + x / TILE];
    return block < 0 ? nowhere : v->atlas + 2 * (((long)block * TILE + y % TILE) * TILE + x % TILE);
}

/* What a layer does to a tile: nothing, one colour everywhere, or its samples differ. */
enum { MISSED, EVEN, VARIED };

/* The colour of a tile's texels if they all have the same: those that its pixels' places x, y span, and their neighbours. */
static int even_texels(const Layer *l, float gx[GRID][WIDE], float gy[GRID][WIDE], float4v *colour) {
    float x0 = gx[0][0], x1 = x0, y0 = gy[0][0], y1 = y0;
    for (int i = 0; i < GRID * GRID; i++) {
        const int y = i / GRID, x = i % GRID;
        x0 = minf(x0, gx[y][x]), x1 = maxf(x1, gx[y][x]);
        y0 = minf(y0, gy[y][x]), y1 = maxf(y1, gy[y][x]);
    }
    if (!(x0 >= 1.f && y0 >= 1.f && x1 < l->width - 1.f && y1 < l->height - 1.f)) return 0;
    const int left = (int)x0 - 1, columns = (int)x1 + 2 - left;
    uint64_t texel, first;
    memcpy(&first, l->texels + 4 * ((long)((int)y0 - 1) * l->width + left), sizeof first);
    for (int y = (int)y0 - 1; y <= (int)y1 + 1; y++) {
        const uint16_t *row = l->texels + 4 * ((long)y * l->width + left);
        uint64_t other = 0;
        for (int x = 0; x < columns; x++) memcpy(&texel, row + 4 * x, sizeof texel), other |= texel ^ first;
        if (other) return 0;
    }
    ushort4v codes;
    memcpy(&codes, &first, sizeof codes);
    *colour = __builtin_convertvector(codes, float4v) * (1.f / 65535.f);
    return 1;
}

/* Between two values of each pixel of a row and its border, in those proportions: out (BLOCKS), and what comes behind it up to
   whole vectors is written too. */
static inline void blend(const float *a, const float *b, float share, float *out) {
    for (int x = 0; x < BLOCKS; x += 8) {
        const float8v from = *(const float8v *)(a + x), to = *(const float8v *)(b + x);
        *(float8v *)(out + x) = from + share * (to - from);
    }
}

/* Atlas positions of a tile's pixels and of two around it, row by row, far from everything where no print can lie. */
typedef struct {
    float u[GRID][WIDE], v[GRID][WIDE];
} Surroundings;

static void surroundings(const Canvas *v, int block, Surroundings *out) {
    const int across = (v->size + TILE - 1) / TILE, left = v->tile[block] % across * TILE - 2, top = v->tile[block] / across * TILE - 2;
    for (int y = 0; y < GRID; y++)
        for (int x = 0; x < WIDE; x++) {
            const uint16_t *kept = x < GRID ? atlas_pixel(v, left + x, top + y) : atlas_pixel(v, -1, -1);
            out->u[y][x] = kept[0] == NOWHERE ? -1e3f : kept[0] * (1.f / ATLAS_STEPS);
            out->v[y][x] = kept[0] == NOWHERE ? -1e3f : kept[1] * (1.f / ATLAS_STEPS);
        }
}

/* Where these lie in a layer, far outside where they are not on its panel; whether any does lie there. */
static int pixel_places(const Surroundings *at, const Layer *l, float gx[GRID][WIDE], float gy[GRID][WIDE]) {
    const float *m = l->affine;
    const float8v far = (float8v){0} - 1e6f, right = (float8v){0} + (float)l->width, bottom = (float8v){0} + (float)l->height;
    int8v hit = {0};
    for (int y = 0; y < GRID; y++)
        for (int i = 0; i < WIDE; i += 8) {
            const float8v u = *(const float8v *)(at->u[y] + i), v = *(const float8v *)(at->v[y] + i);
            const int8v in = (u >= l->clip[0]) & (v >= l->clip[1]) & (u <= l->clip[2]) & (v <= l->clip[3]);
            const float8v x = (float8v)select8(in, (int8v)(m[0] * u + m[1] * v + m[2]), (int8v)far);
            const float8v y_ = (float8v)select8(in, (int8v)(m[3] * u + m[4] * v + m[5]), (int8v)far);
            *(float8v *)(gx[y] + i) = x, *(float8v *)(gy[y] + i) = y_;
            hit |= (x > 0.f) & (y_ > 0.f) & (x < right) & (y_ < bottom);
        }
    return any(hit);
}

/* Places interpolated between pixel centres: right wherever the surface is smooth.  colour: what the tile's texels have if
   they are all the same; NULL when that is no use. */
static inline int smooth_places(const Surroundings *at, const Layer *l, const int k, Places *p, float4v *colour) {
    float gx[GRID][WIDE], gy[GRID][WIDE], lx[WIDE], ly[WIDE];
    if (!pixel_places(at, l, gx, gy)) return MISSED;
    if (colour && even_texels(l, gx, gy, colour)) return (*colour)[3] > 0.f ? EVEN : MISSED;
    for (int y = 0; y < BLOCKS * k; y++) {
        const float f = (y + .5f) / k + .5f;
        const int row = (int)f;
        float *px = p->x + y * pitch(k), *py = p->y + y * pitch(k);
        blend(gx[row], gx[row + 1], f - row, lx), blend(gy[row], gy[row + 1], f - row, ly);
        for (int i = 0; i < k; i++) {
            const float g = (i + .5f) / k + .5f;
            const int from = (int)g;
            blend(lx + from, lx + from + 1, g - from, px + i * BLOCKS), blend(ly + from, ly + from + 1, g - from, py + i * BLOCKS);
        }
        for (int x = BLOCKS * k; x < pitch(k); x++) px[x] = py[x] = BEYOND;
    }
    return VARIED;
}

/* Places of the samples that a tile with edges keeps. */
static int kept_places(const Canvas *v, const Layer *l, int k, int slot, Places *p) {
    const uint16_t *s = v->samples + 2l * k * k * v->first[slot];
    int hit = 0;
    for (int b = 0; b < BLOCKS * BLOCKS; b++) {
        if (!(v->stored[(long)slot * BLOCKS + b / BLOCKS] >> (b % BLOCKS) & 1)) continue;
        for (int i = 0; i < k * k; i++, s += 2) {
            const int q = (b / BLOCKS * k + i / k) * pitch(k) + i % k * BLOCKS + b % BLOCKS;
            hit |= texel_position(l, s, BEYOND, p->x + q, p->y + q);
        }
    }
    return hit;
}

/* Places of a tile's samples in a layer, or their colour if they have one. */
static int places(const Canvas *v, const Surroundings *at, const Layer *l, const Yarn *yarn, int k, int block, Places *p, float4v *colour) {
    const int slot = v->slot[block], n = BLOCKS * k * pitch(k);
    int found = smooth_places(at, l, k, p, slot == SMOOTH && !yarn->field ? colour : NULL);
    for (int i = 0; i < n && found == MISSED && slot != SMOOTH; i++) p->x[i] = p->y[i] = BEYOND;
    if (slot != SMOOTH && kept_places(v, l, k, slot, p)) found = VARIED;
    if (found == VARIED && yarn->field) lead(yarn, l, n, p->x, p->y);
    return found;
}

/* Ink of samples, premultiplied, 0..1: red, green, blue, coverage. */
typedef struct {
    float plane[4][MAX_SAMPLES];
} Samples;

/* The texel at p and the one to its right, between those and the two below. */
static inline float8v below(const uint16_t *p, const uint16_t *under, float8v ay, const int i) {
    const float8v a = __builtin_convertvector(*(const ushort8v *)p, float8v), b = __builtin_convertvector(*(const ushort8v *)under, float8v);
    return a + ay[i] * (b - a);
}

/* A layer's colours at samples i and i + 4 of eight, side by side. */
static inline float8v two_texels(const Layer *l, const int32_t at[8], float8v ax, float8v ay, const int i) {
    const uint16_t *p = l->texels + 4 * (long)at[i], *q = l->texels + 4 * (long)at[i + 4];
    const long row = 4 * (long)l->width;
    const float8v a = below(p, p + row, ay, i), b = below(q, q + row, ay, i + 4);
    const float8v left = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11), right = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
    return left + (float8v){ax[i], ax[i], ax[i], ax[i], ax[i + 4], ax[i + 4], ax[i + 4], ax[i + 4]} * (right - left);
}

/* A layer's colours at eight samples, of texels from `at` on and their neighbours: bilinear, plane by plane. */
static inline void eight_texels(const Layer *l, const int32_t at[8], float8v ax, float8v ay, float8v out[4]) {
    const float8v t0 = two_texels(l, at, ax, ay, 0), t1 = two_texels(l, at, ax, ay, 1);
    const float8v t2 = two_texels(l, at, ax, ay, 2), t3 = two_texels(l, at, ax, ay, 3);
    const float8v rg01 = __builtin_shufflevector(t0, t1, 0, 8, 1, 9, 4, 12, 5, 13), ba01 = __builtin_shufflevector(t0, t1, 2, 10, 3, 11, 6, 14, 7, 15);
    const float8v rg23 = __builtin_shufflevector(t2, t3, 0, 8, 1, 9, 4, 12, 5, 13), ba23 = __builtin_shufflevector(t2, t3, 2, 10, 3, 11, 6, 14, 7, 15);
    const float8v unit = (float8v){0} + 1.f / 65535.f;
    out[0] = __builtin_shufflevector(rg01, rg23, 0, 1, 8, 9, 4, 5, 12, 13) * unit;
    out[1] = __builtin_shufflevector(rg01, rg23, 2, 3, 10, 11, 6, 7, 14, 15) * unit;
    out[2] = __builtin_shufflevector(ba01, ba23, 0, 1, 8, 9, 4, 5, 12, 13) * unit;
    out[3] = __builtin_shufflevector(ba01, ba23, 2, 3, 10, 11, 6, 7, 14, 15) * unit;
}

/* Lay a layer's n samples over the ink, transparent beyond its border.  bare: there is no ink yet. */
static void lay(const Layer *l, const Places *p, int n, int bare, Samples *ink) {
    const float8v right = (float8v){0} + (float)(l->width - 1), bottom = (float8v){0} + (float)(l->height - 1);
    for (int i = 0; i < n; i += 8) {
        const float8v x = *(const float8v *)(p->x + i) - .5f, y = *(const float8v *)(p->y + i) - .5f;
        const int8v in = (x > 0.f) & (y > 0.f) & (x < right) & (y < bottom);
        float8v t[4] = {{0}};
        if (any(in)) {   /* the corner texel, for those beyond, is transparent */
            const float8v sx = (float8v)((int8v)x & in), sy = (float8v)((int8v)y & in);
            const int8v ix = __builtin_convertvector(sx, int8v), iy = __builtin_convertvector(sy, int8v), at = iy * l->width + ix;
            int32_t first[8];
            memcpy(first, &at, sizeof first);
            eight_texels(l, first, sx - __builtin_convertvector(ix, float8v), sy - __builtin_convertvector(iy, float8v), t);
        } else if (!bare) continue;
        for (int c = 0; c < 4; c++) {
            float8v *to = (float8v *)(ink->plane[c] + i);
            *to = bare ? t[c] : t[c] + (1.f - t[3]) * *to;
        }
    }
}

/* An even colour over all n samples; or, where there is no ink yet, under what comes. */
static void lay_even(float4v colour, int n, int bare, Samples *ink) {
    for (int c = 0; c < 4; c++)
        for (int i = 0; i < n; i++) ink->plane[c][i] = bare ? colour[c] : colour[c] + (1.f - colour[3]) * ink->plane[c][i];
}

/* What a pixel's variation is summed from, in the order of INK. */
static inline float8v ink_term(int q, float8v r, float8v g, float8v b, float8v cover) {
    const float8v bright = (r + g + b) * (1.f / 3.f);
    switch (q) {
    case 0: return r;
    case 1: return g;
    case 2: return b;
    case 3: return cover;
    case 4: return cover * cover;
    case 5: return bright * bright;
    default: return bright * cover;
    }
}

typedef float Sums[INK][PITCH];

/* The k rows of samples of a row of pixels, added to three sums: the one that begins, of which they are the first third of the
   filter, the middle one, and the one that they complete. */
static inline void add_rows(const Samples *ink, int y, const float *taps, const int k, Sums begun, Sums middle, Sums complete) {
    for (int x = 0; x < pitch(k); x += 8) {
        float8v s[MAX_K][4];
        for (int r = 0; r < k; r++)
            for (int c = 0; c < 4; c++) s[r][c] = *(const float8v *)(ink->plane[c] + (y * k + r) * pitch(k) + x);
        for (int q = 0; q < INK; q++) {
            float8v a = {0}, b = *(float8v *)(middle[q] + x), c = *(float8v *)(complete[q] + x);
            for (int r = 0; r < k; r++) {
                const float8v t = ink_term(q, s[r][0], s[r][1], s[r][2], s[r][3]);
                a += taps[r] * t, b += taps[k + r] * t, c += taps[2 * k + r] * t;
            }
            *(float8v *)(begun[q] + x) = a, *(float8v *)(middle[q] + x) = b, *(float8v *)(complete[q] + x) = c;
        }
    }
}

/* Filter a tile's samples into out (TILE,INK,TILE). */
static inline void filter_tile(const Samples *ink, const float *taps, const int k, half *out) {
    static _Thread_local Sums sums[3];
    memset(sums, 0, sizeof sums);
    for (int y = 0; y < BLOCKS; y++) {
        float (*complete)[PITCH] = sums[(y + 1) % 3];
        add_rows(ink, y, taps, k, sums[y % 3], sums[(y + 2) % 3], complete);
        for (int q = 0; q < INK && y >= 2; q++)
            for (int x = 0; x < TILE; x += 8, out += 8) {
                float8v t = {0};
                for (int i = 0; i < 3 * k; i++) t += taps[i] * *(const float8v *)(complete[q] + i % k * BLOCKS + i / k + x);
                const half8v h = __builtin_convertvector(t, half8v);
                memcpy(out, &h, sizeof h);
            }
    }
}

/* A tile of one colour. */
static void fill_tile(float4v colour, half *out) {
    const float8v r = {colour[0]}, g = {colour[1]}, b = {colour[2]}, cover = {colour[3]};
    for (int q = 0; q < INK; q++)
        for (int x = 0; x < TILE; x++) out[q * TILE + x] = (half)ink_term(q, r, g, b, cover)[0];
    for (int y = 1; y < TILE; y++) memcpy(out + (long)y * INK * TILE, out, INK * TILE * sizeof(half));
}

/* All layers in one tile, filtered into out (TILE,INK,TILE); 0 where no ink is. */
static int print_tile(const Canvas *v, const Layer *layers, int layer_count, const Yarn *yarn, const float *taps, int k, int block, half *out) {
    static _Thread_local Places at;
    static _Thread_local Samples ink;
    Surroundings around;
    const int n = BLOCKS * k * pitch(k);
    float4v even = {0}, colour = {0};
    int sampled = 0;
    surroundings(v, block, &around);
    for (int l = 0; l < layer_count; l++) {
        const int found = places(v, &around, layers + l, yarn, k, block, &at, &colour);
        if (found == EVEN) {
            even = colour + (1.f - colour[3]) * even;
            if (sampled) lay_even(colour, n, 0, &ink);
        } else if (found == VARIED) {
            const int bare = !sampled && even[3] == 0.f;
            if (!sampled && !bare) lay_even(even, n, 1, &ink);
            lay(layers + l, &at, n, bare, &ink);
            sampled = 1;
        }
    }
    if (!sampled) {
        if (even[3] > 0.f) fill_tile(even, out);
        return even[3] > 0.f;
    }
    switch (k) {   /* the samplings in use, each unrolled */
    case 3: filter_tile(&ink, taps, 3, out); break;
    case 4: filter_tile(&ink, taps, 4, out); break;
    default: filter_tile(&ink, taps, k, out);
    }
    return 1;
}

/* The prints as this view sees them: the numbers of the blocks that have ink, and their ink (inked,TILE,INK,TILE).
   Both have room for every block; returns how many have. */
EXPORT int print_view(const Canvas *v, const Layer *layers, int layer_count, const Yarn *yarn, const float *taps, int k, int32_t *inked, half *ink) {
    int count = 0;
    for (int block = 0; block < v->count; block++)
        if (print_tile(v, layers, layer_count, yarn, taps, k, block, ink + (long)count * TILE * TILE * INK)) inked[count++] = block;
    return count;
}
