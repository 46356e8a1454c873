/* From light terms to display pixels: filter the print through the view, then colour, tone-map and lay over. */
#include <math.h>
#include <string.h>

#include "kernels.h"

enum { TILE = 16, MAX_K = 4, MAX_SIDE = (TILE + 2) * MAX_K, GRID = TILE + 4 };

/* One print: linear premultiplied RGBA texels with a transparent border, and where they lie. */
typedef struct {
    const uint16_t *texels;  /* (height,width,4) */
    int32_t width, height;
    float affine[6];         /* atlas (0..1) -> texel: x = a0 u + a1 v + a2, y = a3 u + a4 v + a5 */
    float clip[4];           /* atlas rectangle of the panel: u0, v0, u1, v1 */
} Layer;

/* What a view keeps for prints; see raster.c.  atlas (height,width,2) is the crop at (left,top). */
typedef struct {
    const float *atlas;
    int32_t left, top, width, height, size;
    const uint8_t *tiles;
    const int32_t *slot;
    const float *samples;
} PrintView;

/* A design as texels: rgba (height,width,4) straight sRGB bytes to linear premultiplied, boxes of factor*factor pixels
   averaged, with a border of one transparent texel.  Rows [from,to) of out (rows,columns,4), the border included. */
EXPORT void design_texels(const uint8_t *rgba, int width, int height, int factor, const uint16_t *linear, int columns,
                          int from, int to, uint16_t *out) {
    const float scale = 1.f / (255.f * factor * factor);
    for (int y = from; y < to; y++)
        for (int x = 0; x < columns; x++) {
            const int px0 = (x - 1) * factor, py0 = (y - 1) * factor;
            uint64_t colour[3] = {0}, cover = 0;
            for (int py = maxi(py0, 0); py < mini(py0 + factor, height); py++)
                for (int px = maxi(px0, 0); px < mini(px0 + factor, width); px++) {
                    const uint8_t *p = rgba + 4 * ((long)py * width + px);
                    for (int c = 0; c < 3; c++) colour[c] += (uint32_t)linear[p[c]] * p[3];
                    cover += p[3];
                }
            uint16_t *o = out + 4 * ((long)y * columns + x);
            for (int c = 0; c < 3; c++) o[c] = (uint16_t)(colour[c] * scale + .5f);
            o[3] = (uint16_t)(cover * scale * 65535.f + .5f);
        }
}

static inline float4v texel(const uint16_t *p) {
    return (float4v){(float)p[0], (float)p[1], (float)p[2], (float)p[3]};
}

static inline float4v layer_at(const Layer *l, float x, float y) {
    x -= .5f, y -= .5f;
    if (!(x > 0.f && y > 0.f && x < (float)(l->width - 1) && y < (float)(l->height - 1))) return (float4v){0};
    const int ix = (int)x, iy = (int)y;
    const float ax = x - ix, ay = y - iy;
    const uint16_t *p = l->texels + 4 * ((long)iy * l->width + ix), *q = p + 4 * (long)l->width;
    const float4v a = texel(p) + ax * (texel(p + 4) - texel(p)), b = texel(q) + ax * (texel(q + 4) - texel(q));
    return a + ay * (b - a);
}

/* Texel position of every sample of a tile.  Unmarked tiles interpolate between pixel centres; marked tiles have
   stored samples.  Returns 0 when the layer does not reach the tile. */
static int positions(const PrintView *v, const Layer *l, int k, int tx, int ty, float *at) {
    const int across = (v->size + TILE - 1) / TILE, side = (TILE + 2) * k, slot = v->slot[ty * across + tx];
    const float *m = l->affine;
    if (slot >= 0) {
        const float *s = v->samples + (long)slot * side * side * 2;
        int hit = 0;
        for (int i = 0; i < side * side; i++) {
            const float a = s[2 * i], b = s[2 * i + 1];
            const int in = a >= l->clip[0] && b >= l->clip[1] && a <= l->clip[2] && b <= l->clip[3];   /* false for NaN */
            at[2 * i] = in ? m[0] * a + m[1] * b + m[2] : -1.f;
            at[2 * i + 1] = in ? m[3] * a + m[4] * b + m[5] : -1.f;
            hit |= in && at[2 * i] > 0.f && at[2 * i + 1] > 0.f && at[2 * i] < l->width && at[2 * i + 1] < l->height;
        }
        return hit;
    }
    float grid[GRID][GRID][2];
    float lo[2] = {1e9f, 1e9f}, hi[2] = {-1e9f, -1e9f};
    for (int y = 0; y < GRID; y++)
        for (int x = 0; x < GRID; x++) {
            const int px = mini(maxi(tx * TILE + x - 2 - v->left, 0), v->width - 1);
            const int py = mini(maxi(ty * TILE + y - 2 - v->top, 0), v->height - 1);
            const float *a = v->atlas + 2 * ((long)py * v->width + px);
            const int in = a[0] >= l->clip[0] && a[1] >= l->clip[1] && a[0] <= l->clip[2] && a[1] <= l->clip[3];
            grid[y][x][0] = in ? m[0] * a[0] + m[1] * a[1] + m[2] : -1e6f;
            grid[y][x][1] = in ? m[3] * a[0] + m[4] * a[1] + m[5] : -1e6f;
            for (int c = 0; c < 2; c++) lo[c] = fminf(lo[c], grid[y][x][c]), hi[c] = fmaxf(hi[c], grid[y][x][c]);
        }
    if (hi[0] < 0.f || hi[1] < 0.f || lo[0] > l->width || lo[1] > l->height) return 0;
    for (int y = 0; y < side; y++) {
        const float fy = (y + .5f) / k + .5f;
        const int iy = (int)fy;
        const float ay = fy - iy;
        float line[GRID][2];
        for (int x = 0; x < GRID; x++)
            for (int c = 0; c < 2; c++) line[x][c] = grid[iy][x][c] + ay * (grid[iy + 1][x][c] - grid[iy][x][c]);
        for (int x = 0; x < side; x++) {
            const float fx = (x + .5f) / k + .5f;
            const int ix = (int)fx;
            const float ax = fx - ix;
            for (int c = 0; c < 2; c++) at[2 * (y * side + x) + c] = line[ix][c] + ax * (line[ix + 1][c] - line[ix][c]);
        }
    }
    return 1;
}

/* Filter a tile's samples of all layers into out (TILE,TILE): premultiplied ink and its coverage, 0..1. */
static int print_tile(const PrintView *v, const Layer *layers, int layer_count, const float *taps, int k, int tx, int ty,
                      float4v out[TILE][TILE]) {
    enum { N = MAX_SIDE * MAX_SIDE };
    static _Thread_local float at[2 * N];
    static _Thread_local float4v ink[N];
    const int side = (TILE + 2) * k, reach = 3 * k;
    int any = 0;
    for (int l = 0; l < layer_count; l++) {
        if (!positions(v, layers + l, k, tx, ty, at)) continue;
        if (!any) memset(ink, 0, sizeof(float4v) * side * side);
        any = 1;
        for (int i = 0; i < side * side; i++) {
            const float4v t = layer_at(layers + l, at[2 * i], at[2 * i + 1]) * (1.f / 65535.f);
            ink[i] = t + (1.f - t[3]) * ink[i];
        }
    }
    if (!any) return 0;
    for (int y = 0; y < TILE; y++) {
        float4v row[MAX_SIDE];
        for (int x = 0; x < side; x++) {
            float4v t = {0};
            for (int i = 0; i < reach; i++) t += taps[i] * ink[(y * k + i) * side + x];
            row[x] = t;
        }
        for (int x = 0; x < TILE; x++) {
            float4v t = {0};
            for (int i = 0; i < reach; i++) t += taps[i] * row[x * k + i];
            out[y][x] = t;
        }
    }
    return 1;
}

/* The prints as this view sees them: ink (height,width,4) over the crop, premultiplied, zero where there is none. */
EXPORT void print_view(const PrintView *v, const Layer *layers, int layer_count, const float *taps, int k, half *ink) {
    const int across = (v->size + TILE - 1) / TILE;
    const int tx1 = (v->left + v->width - 1) / TILE, ty1 = (v->top + v->height - 1) / TILE;
    memset(ink, 0, sizeof(half) * 4 * (size_t)v->width * v->height);
    for (int ty = v->top / TILE; ty <= ty1; ty++)
        for (int tx = v->left / TILE; tx <= tx1; tx++) {
            float4v out[TILE][TILE];
            const int q = ty * across + tx;
            if (!(v->tiles[q] & PRINT) || ((v->tiles[q] & EDGE) && v->slot[q] < 0)) continue;
            if (!print_tile(v, layers, layer_count, taps, k, tx, ty, out)) continue;
            for (int y = 0; y < TILE; y++) {
                const int py = ty * TILE + y - v->top;
                if (py < 0 || py >= v->height) continue;
                for (int x = 0; x < TILE; x++) {
                    const int px = tx * TILE + x - v->left;
                    if (px < 0 || px >= v->width) continue;
                    for (int c = 0; c < 4; c++) ink[4 * ((long)py * v->width + px) + c] = (half)out[y][x][c];
                }
            }
        }
}

/* How a finished picture looks. */
typedef struct {
    float fabric[3];         /* linear albedo */
    float exposure;
    float k_gain, k_slope;   /* multiple scattering k(rho) = k_gain rho^2 / (1 - k_slope rho) */
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

static inline float scatter(const Look *l, float rho) { return rho * l->k_gain * rho * rho / (1.f - l->k_slope * rho); }

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
        out[k] = c * (t[DIRECT] + c * (t[BOUNCE] + c * t[BOUNCE2])) + k_fabric[k] * t[MULTIPLE] + t[GLOSS];
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

/* Copy finished span pixels into a frame (size,size,channels). */
EXPORT void place_spans(const uint8_t *pixels, const int32_t *x0, const int32_t *x1, const int64_t *offset, int size,
                        int channels, uint8_t *frame) {
    for (int y = 0; y < size; y++)
        if (x1[y] > x0[y])
            memcpy(frame + ((long)y * size + x0[y]) * channels, pixels + offset[y] * channels, (size_t)(x1[y] - x0[y]) * channels);
}

/* Ink on cloth: one pixel.  t: all surfaces; p: the printable surface alone (the same where nothing else shows).
   Light that bounced keeps the fabric's colour: tinting it by the ink around gained nothing measurable. */
static inline void printed(const Look *l, const float t[TERMS], const float p[TERMS], const float *ink,
                           const float k_fabric[3], float rgb[3]) {
    const float seen = p[COVERAGE], share = clampf(ink[3] / seen, 0.f, 1.f);
    const float att = seen / fmaxf(p[SHEEN_ATT], 1e-6f), inv = 1.f / ink[3];
    float cloth[3];
    fabric_light(l, t, k_fabric, rgb);
    fabric_light(l, p, k_fabric, cloth);
    for (int k = 0; k < 3; k++) {
        const float rho = ink[k] * inv, c = l->fabric[k];
        const float lit = att * (rho * (p[DIRECT] + c * (p[BOUNCE] + c * p[BOUNCE2])) + scatter(l, rho) * p[MULTIPLE]) + p[GLOSS_INK];
        rgb[k] += share * (lit - cloth[k]);
    }
}

/* Overwrite the frame where there is ink.  x0, offset, terms: the view's spans; surface: see raster.c. */
EXPORT void compose_print(const PrintView *v, const half *ink, const int32_t *x0, const int32_t *x1, const int64_t *offset,
                          const half *terms, const half *surface, const Look *look, uint8_t *frame) {
    const int across = (v->size + TILE - 1) / TILE;
    const float *fabric = look->fabric, k_fabric[3] = {scatter(look, fabric[0]), scatter(look, fabric[1]), scatter(look, fabric[2])};
    Pixels pixels = {0};
    int n = 0;
    for (int y = 0; y < v->height; y++)
        for (int x = 0; x < v->width; x++) {
            const long q = (long)y * v->width + x;
            const half *at = ink + 4 * q;
            const float i[4] = {(float)at[0], (float)at[1], (float)at[2], (float)at[3]};
            const int px = v->left + x, py = v->top + y;
            if (i[3] < 1e-3f || px < x0[py] || px >= x1[py]) continue;
            const int slot = v->slot[(py / TILE) * across + px / TILE];
            const half *whole = terms + (offset[py] + px - x0[py]) * TERMS;
            float t[TERMS], p[TERMS], rgb[3];
            load(whole, t);
            load(slot < 0 ? whole : surface + (((long)slot * TILE + py % TILE) * TILE + px % TILE) * TERMS, p);
            if (p[COVERAGE] < 1e-3f) continue;
            printed(look, t, p, i, k_fabric, rgb);
            for (int c = 0; c < 3; c++) pixels.rgb[c][n] = rgb[c];
            pixels.alpha[n] = t[COVERAGE];
            pixels.at[n] = (int64_t)py * v->size + px;
            if (++n == BLOCK) finish(look, &pixels, n, frame), n = 0;
        }
    finish(look, &pixels, n, frame);
}
