/* From light terms to display pixels: filter the print through the view, then colour, tone-map and lay over. */
#include <math.h>
#include <string.h>

#include "kernels.h"

/* Ink of a pixel: premultiplied red, green, blue and coverage; the means of coverage squared, of brightness squared
   and of their product, brightness being the mean of the premultiplied colour. */
enum { TILE = 16, BLOCKS = TILE + 2, MAX_K = 8, MAX_SIDE = BLOCKS * MAX_K, GRID = TILE + 4, INK = 7 };

/* One print: linear premultiplied RGBA texels with a transparent border, and where they lie. */
typedef struct {
    const uint16_t *texels;  /* (height,width,4) */
    int32_t width, height;
    float affine[6];         /* atlas (0..1) -> texel: x = a0 u + a1 v + a2, y = a3 u + a4 v + a5 */
    float clip[4];           /* atlas rectangle of the panel: u0, v0, u1, v1 */
} Layer;

/* What a view keeps for prints, see terms.c: which tiles have a block of atlas positions (blocks,TILE,TILE,2), and of which
   pixels the positions of all samples are kept. */
typedef struct {
    const int32_t *block;
    const uint16_t *atlas;
    const int32_t *slot, *first;
    const uint32_t *stored;
    const uint16_t *samples;
    int32_t size;
} PrintView;

/* One texel at full resolution: straight sRGB bytes to linear premultiplied. */
static inline void design_texel(const uint8_t *p, const uint16_t *linear, uint16_t *o) {
    const uint32_t a = p[3];
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

static inline float4v texel(const uint16_t *p) { return __builtin_convertvector(*(const ushort4v *)p, float4v); }

/* Where each sample of a tile falls in a layer, in texels, plane by plane. */
typedef struct {
    float x[MAX_SIDE * MAX_SIDE], y[MAX_SIDE * MAX_SIDE];
} Places;

/* A kept atlas position in a layer's texels; far outside where it is not on the layer's panel. */
static inline int texel_position(const Layer *l, const uint16_t *kept, float far, float *x, float *y) {
    const float u = kept[0] * (1.f / ATLAS_STEPS), v = kept[1] * (1.f / ATLAS_STEPS), *m = l->affine;
    const int in = kept[0] != NOWHERE && u >= l->clip[0] && v >= l->clip[1] && u <= l->clip[2] && v <= l->clip[3];
    *x = in ? m[0] * u + m[1] * v + m[2] : far;
    *y = in ? m[3] * u + m[4] * v + m[5] : far;
    return in && *x > 0.f && *y > 0.f && *x < l->width && *y < l->height;
}

/* The kept atlas position of a pixel. */
static inline const uint16_t *atlas_pixel(const PrintView *v, int x, int y) {
    static const uint16_t nowhere[2] = {NOWHERE, NOWHERE};
    const int across = (v->size + TILE - 1) / TILE;
    if (x < 0 || y < 0 || x >= v->size || y >= v->size) return nowhere;
    const int block = v->block[(y / TILE) * across + x / TILE];
    return block < 0 ? nowhere : v->atlas + 2 * (((long)block * TILE + y % TILE) * TILE + x % TILE);
}

/* Places interpolated between pixel centres: right wherever the surface is smooth. */
static int smooth_places(const PrintView *v, const Layer *l, int k, int tx, int ty, Places *p) {
    const int side = (TILE + 2) * k;
    float gx[GRID][GRID], gy[GRID][GRID], ax[MAX_SIDE];
    int column[MAX_SIDE], hit = 0;
    for (int y = 0; y < GRID; y++)
        for (int x = 0; x < GRID; x++) {
            hit |= texel_position(l, atlas_pixel(v, tx * TILE + x - 2, ty * TILE + y - 2), -1e6f, &gx[y][x], &gy[y][x]);
        }
    if (!hit) return 0;
    for (int x = 0; x < side; x++) {
        const float f = (x + .5f) / k + .5f;
        column[x] = (int)f, ax[x] = f - (int)f;
    }
    for (int y = 0; y < side; y++) {
        const float f = (y + .5f) / k + .5f;
        const int row = (int)f;
        const float ay = f - row;
        float lx[GRID], ly[GRID], *px = p->x + y * side, *py = p->y + y * side;
        for (int x = 0; x < GRID; x++) {
            lx[x] = gx[row][x] + ay * (gx[row + 1][x] - gx[row][x]);
            ly[x] = gy[row][x] + ay * (gy[row + 1][x] - gy[row][x]);
        }
        for (int x = 0; x < side; x++) {
            const int c = column[x];
            px[x] = lx[c] + ax[x] * (lx[c + 1] - lx[c]);
            py[x] = ly[c] + ax[x] * (ly[c + 1] - ly[c]);
        }
    }
    return 1;
}

/* Places of the samples that a tile with edges keeps. */
static int kept_places(const PrintView *v, const Layer *l, int k, int slot, Places *p) {
    const int side = BLOCKS * k;
    const uint16_t *s = v->samples + 2l * k * k * v->first[slot];
    int hit = 0;
    for (int b = 0; b < BLOCKS * BLOCKS; b++) {
        if (!(v->stored[(long)slot * BLOCKS + b / BLOCKS] >> (b % BLOCKS) & 1)) continue;
        const int at = b / BLOCKS * k * side + b % BLOCKS * k;
        for (int i = 0; i < k * k; i++, s += 2) {
            const int q = at + i / k * side + i % k;
            hit |= texel_position(l, s, -1.f, p->x + q, p->y + q);
        }
    }
    return hit;
}

/* Places of a tile's samples in a layer; 0 when the layer does not reach the tile. */
static int places(const PrintView *v, const Layer *l, int k, int tx, int ty, Places *p) {
    const int across = (v->size + TILE - 1) / TILE, slot = v->slot[ty * across + tx];
    const int smooth = smooth_places(v, l, k, tx, ty, p);
    if (slot < 0) return smooth;
    for (int i = 0; i < BLOCKS * k * BLOCKS * k && !smooth; i++) p->x[i] = p->y[i] = -1.f;
    return kept_places(v, l, k, slot, p) | smooth;
}

/* Lay a layer's n samples over ink (premultiplied, 0..1): bilinear, transparent beyond its border. */
static void lay(const Layer *l, const Places *p, int n, int first, float4v *ink) {
    static _Thread_local int32_t at[MAX_SIDE * MAX_SIDE];
    static _Thread_local float ax[MAX_SIDE * MAX_SIDE], ay[MAX_SIDE * MAX_SIDE];
    const float right = (float)(l->width - 1), bottom = (float)(l->height - 1);
    const int width = l->width;
    for (int i = 0; i < n; i++) {
        const float x = p->x[i] - .5f, y = p->y[i] - .5f;
        const int in = (x > 0.f) & (y > 0.f) & (x < right) & (y < bottom);
        const float sx = in ? x : 0.f, sy = in ? y : 0.f;   /* the corner texel is transparent */
        const int ix = (int)sx, iy = (int)sy;
        at[i] = iy * width + ix;
        ax[i] = sx - ix, ay[i] = sy - iy;
    }
    const float unit = 1.f / 65535.f;
    for (int i = 0; i < n; i++) {
        const uint16_t *q = l->texels + 4 * (long)at[i], *r = q + 4 * (long)width;
        const float4v a = texel(q) + ax[i] * (texel(q + 4) - texel(q)), b = texel(r) + ax[i] * (texel(r + 4) - texel(r));
        const float4v t = (a + ay[i] * (b - a)) * unit;
        ink[i] = first ? t : t + (1.f - t[3]) * ink[i];
    }
}

/* Filter a tile's samples of all layers into out (TILE,TILE,INK). */
static int print_tile(const PrintView *v, const Layer *layers, int layer_count, const float *taps, int k, int tx, int ty, half *out) {
    static _Thread_local Places at;
    static _Thread_local float4v ink[MAX_SIDE * MAX_SIDE];
    const int side = (TILE + 2) * k, reach = 3 * k;
    int first = 1;
    for (int l = 0; l < layer_count; l++)
        if (places(v, layers + l, k, tx, ty, &at)) lay(layers + l, &at, side * side, first, ink), first = 0;
    if (first) return 0;
    for (int y = 0; y < TILE; y++) {
        float4v row[MAX_SIDE] = {0};
        float squares[3][MAX_SIDE] = {0};
        for (int i = 0; i < reach; i++)
            for (int x = 0; x < side; x++) {
                const float4v t = ink[(y * k + i) * side + x];
                row[x] += taps[i] * t;
                const float bright = (t[0] + t[1] + t[2]) * (1.f / 3.f);
                squares[0][x] += taps[i] * t[3] * t[3];
                squares[1][x] += taps[i] * bright * bright;
                squares[2][x] += taps[i] * bright * t[3];
            }
        for (int x = 0; x < TILE; x++, out += INK) {
            float4v t = {0};
            float square[3] = {0};
            for (int i = 0; i < reach; i++) {
                t += taps[i] * row[x * k + i];
                for (int c = 0; c < 3; c++) square[c] += taps[i] * squares[c][x * k + i];
            }
            for (int c = 0; c < 4; c++) out[c] = (half)t[c];
            for (int c = 0; c < 3; c++) out[4 + c] = (half)square[c];
        }
    }
    return 1;
}

/* The prints as this view sees them: ink (blocks,TILE,TILE,INK), zero where there is none. */
EXPORT void print_view(const PrintView *v, const Layer *layers, int layer_count, const float *taps, int k, half *ink) {
    const int across = (v->size + TILE - 1) / TILE;
    for (int t = 0; t < across * across; t++) {
        if (v->block[t] < 0) continue;
        half *out = ink + (long)v->block[t] * TILE * TILE * INK;
        if (!print_tile(v, layers, layer_count, taps, k, t % across, t / across, out))
            memset(out, 0, sizeof(half) * TILE * TILE * INK);
    }
}

/* How a finished picture looks. */
typedef struct {
    float fabric[3];         /* linear albedo */
    float exposure;
    float k_gain, k_slope;   /* multiple scattering k(rho) = k_gain rho^2 / (1 - k_slope rho) */
    float bounce[3];         /* light that bounced: fabric (1 + r fabric) / (1 + r BOUNCE_ALBEDO) */
    float background[3];     /* display values 0..1 */
    int32_t channels;        /* 3: over the background; 4: straight alpha */
    const float *srgb;       /* (SRGB_STEPS + 1) display value over linear 0..1 */
} Look;

enum { SRGB_STEPS = 8192 };

enum { BLOCK = 64 };

/* Pixels on their way to bytes, plane by plane so that the loops below become vectors. */
typedef struct {
    float rgb[3][BLOCK], alpha[BLOCK];
    int64_t at[BLOCK];       /* where each goes, in pixels */
} Pixels;

/* Sheen and gloss return this much of bounced light too. */
#define BOUNCE_GLOSS .025f

static inline float scatter(const Look *l, float rho) { return rho * l->k_gain * rho * rho / (1.f - l->k_slope * rho); }

/* Its mean over a pixel whose albedo varies: the curve is bent, so variation counts (to the second order). */
static inline float scatter_mean(const Look *l, float rho, float variance) {
    const float s = l->k_slope * rho, d = 1.f - s;
    return scatter(l, rho) + .5f * variance * l->k_gain * rho * (6.f - 6.f * s + 2.f * s * s) / (d * d * d);
}

/* Un-premultiply and expose; then Khronos PBR Neutral, as its specification's reference code has it. */
static void neutral(const Look *l, Pixels *p) {
    const float start = .8f - .04f, desaturation = .15f, d = 1.f - start;
    for (int i = 0; i < BLOCK; i++) {
        const float scale = l->exposure / fmaxf(p->alpha[i], 1e-4f);
        const float r = p->rgb[0][i] * scale, g = p->rgb[1][i] * scale, b = p->rgb[2][i] * scale;
        const float low = fminf(r, fminf(g, b)), offset = low < .08f ? low - 6.25f * low * low : .04f;
        const float peak = fmaxf(r, fmaxf(g, b)) - offset, over = fmaxf(peak - start, 0.f);
        const float target = peak < start ? peak : 1.f - d * d / (over + d);
        const float ratio = target / fmaxf(peak, 1e-6f), grey = 1.f - 1.f / (desaturation * (peak - target) + 1.f);
        p->rgb[0][i] = (r - offset) * ratio * (1.f - grey) + target * grey;
        p->rgb[1][i] = (g - offset) * ratio * (1.f - grey) + target * grey;
        p->rgb[2][i] = (b - offset) * ratio * (1.f - grey) + target * grey;
    }
}

/* Linear to display by table, in place. */
static void encode(const float *srgb, float *x) {
    for (int i = 0; i < BLOCK; i++) {
        const float f = clampf(x[i], 0.f, 1.f) * SRGB_STEPS;
        const int k = mini((int)f, SRGB_STEPS - 1);
        x[i] = srgb[k] + (srgb[k + 1] - srgb[k]) * (f - k);
    }
}

/* Premultiplied radiance and coverage of n pixels to bytes: over the background, or straight alpha. */
static void finish(const Look *l, Pixels *p, int n, uint8_t *out) {
    uint8_t bytes[4][BLOCK];
    neutral(l, p);
    for (int c = 0; c < 3; c++) {
        encode(l->srgb, p->rgb[c]);
        const float back = l->background[c];
        if (l->channels == 3)
            for (int i = 0; i < BLOCK; i++) {
                const float a = p->alpha[i] > .9995f ? 1.f : p->alpha[i];
                bytes[c][i] = (uint8_t)((back + (p->rgb[c][i] - back) * a) * 255.f + .5f);
            }
        else
            for (int i = 0; i < BLOCK; i++) bytes[c][i] = (uint8_t)(p->alpha[i] < .002f ? 0.f : p->rgb[c][i] * 255.f + .5f);
    }
    for (int i = 0; i < BLOCK; i++) bytes[3][i] = (uint8_t)(fminf(p->alpha[i], 1.f) * 255.f + .5f);
    for (int i = 0; i < n; i++)
        for (int c = 0; c < l->channels; c++) out[p->at[i] * l->channels + c] = bytes[c][i];
}

static inline void fabric_light(const Look *l, const float t[TERMS], const float k_fabric[3], float out[3]) {
    for (int k = 0; k < 3; k++) {
        const float c = l->fabric[k];
        out[k] = c * t[DIRECT] + (c + BOUNCE_GLOSS) * l->bounce[k] * t[BOUNCE] + k_fabric[k] * t[MULTIPLE] + t[GLOSS];
    }
}

static inline void load(const half *terms, float t[TERMS]) {
    for (int k = 0; k < TERMS; k++) t[k] = (float)terms[k];
}

/* Cloth without print: terms (count, TERMS) to out (count, channels). */
EXPORT void compose_plain(const half *terms, int64_t count, const Look *look, uint8_t *out) {
    const float k_fabric[3] = {scatter(look, look->fabric[0]), scatter(look, look->fabric[1]), scatter(look, look->fabric[2])};
    Pixels p = {0};
    for (int64_t from = 0; from < count; from += BLOCK) {
        const int n = count - from < BLOCK ? (int)(count - from) : BLOCK;
        for (int i = 0; i < n; i++) {
            float t[TERMS], rgb[3];
            load(terms + (from + i) * TERMS, t);
            fabric_light(look, t, k_fabric, rgb);
            for (int c = 0; c < 3; c++) p.rgb[c][i] = rgb[c];
            p.alpha[i] = t[COVERAGE];
            p.at[i] = from + i;
        }
        finish(look, &p, n, out);
    }
}

/* A frame (size,size,channels): the background, and on it the finished pixels of the spans. */
EXPORT void place_spans(const uint8_t *pixels, const int32_t *x0, const int32_t *x1, const int64_t *offset, int size,
                        const Look *look, uint8_t *frame) {
    const int n = look->channels;
    uint8_t back[4] = {0};
    for (int c = 0; c < 3 && n == 3; c++) back[c] = (uint8_t)(look->background[c] * 255.f + .5f);
    for (int y = 0; y < size; y++) {
        uint8_t *row = frame + (long)y * size * n;
        const uint8_t *blank = frame;   /* the first row is written once, the others copy its ends */
        const int from = x0[y], to = x1[y] > from ? x1[y] : from;
        if (y == 0)
            for (int x = 0; x < size; x++) memcpy(row + x * n, back, n);
        else
            memcpy(row, blank, (size_t)from * n), memcpy(row + to * n, blank + to * n, (size_t)(size - to) * n);
        memcpy(row + from * n, pixels + offset[y] * n, (size_t)(to - from) * n);
    }
}

/* Ink on cloth: one pixel.  t: all surfaces; p: the printable surface alone (the same where nothing else shows).
   Light that bounced keeps the fabric's colour: tinting it by the ink around gained nothing measurable. */
static inline void printed(const Look *l, const float t[TERMS], const float p[TERMS], const float *ink,
                           const float k_fabric[3], float rgb[3]) {
    const float inv = 1.f / p[COVERAGE], share = clampf(ink[3] * inv, 0.f, 1.f), ink_inv = 1.f / ink[3];
    const float att = p[COVERAGE] / fmaxf(p[SHEEN_ATT], 1e-6f);
    const float bright = (ink[0] + ink[1] + ink[2]) * inv * (1.f / 3.f);
    const float var_cover = ink[4] * inv - share * share, var_bright = ink[5] * inv - bright * bright, both = ink[6] * inv - bright * share;
    fabric_light(l, t, k_fabric, rgb);
    for (int k = 0; k < 3; k++) {
        const float rho = ink[k] * ink_inv, c = l->fabric[k], tint = ink[k] * inv / fmaxf(bright, 1e-4f);
        const float mean = clampf(share * rho + (1.f - share) * c, 0.f, 1.f);
        const float variance = tint * tint * var_bright + c * c * var_cover - 2.f * c * tint * both;
        const float inked = att * (rho * p[DIRECT] + (rho + BOUNCE_GLOSS) * l->bounce[k] * p[BOUNCE]) + p[GLOSS_INK];
        const float cloth = c * p[DIRECT] + (c + BOUNCE_GLOSS) * l->bounce[k] * p[BOUNCE] + p[GLOSS];
        const float scattered = scatter_mean(l, mean, clampf(variance, 0.f, mean * (1.f - mean))) * (1.f + share * (att - 1.f));
        rgb[k] += share * (inked - cloth) + (scattered - k_fabric[k]) * p[MULTIPLE];
    }
}

/* Overwrite the frame where there is ink.  x0, x1, offset, terms: the view's spans; surface: see terms.c. */
EXPORT void compose_print(const PrintView *v, const half *ink, const int32_t *x0, const int32_t *x1, const int64_t *offset,
                          const half *terms, const half *surface, const Look *look, uint8_t *frame) {
    const int across = (v->size + TILE - 1) / TILE;
    const float k_fabric[3] = {scatter(look, look->fabric[0]), scatter(look, look->fabric[1]), scatter(look, look->fabric[2])};
    Pixels pixels = {0};
    int n = 0;
    for (int tile = 0; tile < across * across; tile++)
        for (int i = 0; i < TILE * TILE && v->block[tile] >= 0; i++) {
            const half *at = ink + ((long)v->block[tile] * TILE * TILE + i) * INK;
            float inked[INK];
            for (int c = 0; c < INK; c++) inked[c] = (float)at[c];
            const int px = (tile % across) * TILE + i % TILE, py = (tile / across) * TILE + i / TILE;
            if (inked[3] < 1e-3f || py >= v->size || px < x0[py] || px >= x1[py]) continue;
            const half *whole = terms + (offset[py] + px - x0[py]) * TERMS;
            float t[TERMS], p[TERMS], rgb[3];
            load(whole, t);
            load(v->slot[tile] < 0 ? whole : surface + ((long)v->slot[tile] * TILE * TILE + i) * TERMS, p);
            if (p[COVERAGE] < 1e-3f) continue;
            printed(look, t, p, inked, k_fabric, rgb);
            for (int c = 0; c < 3; c++) pixels.rgb[c][n] = rgb[c];
            pixels.alpha[n] = t[COVERAGE];
            pixels.at[n] = (int64_t)py * v->size + px;
            if (++n == BLOCK) finish(look, &pixels, n, frame), n = 0;
        }
    finish(look, &pixels, n, frame);
}
