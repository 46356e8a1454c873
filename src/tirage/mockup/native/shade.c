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

/* The tiles of a view that prints on some panels can reach: count blocks, each with the number of its tile, its pixels'
   terms, fabric and atlas positions, and a slot of kept samples and of the printable surface's own terms (see terms.c), or SMOOTH. */
typedef struct {
    const int32_t *tile, *slot;
    const int32_t *block;    /* (across,across) a tile's block, or -1 */
    const uint16_t *atlas;   /* (count,TILE,TILE,2) */
    const half *terms;       /* (count,TILE,TILE,TERMS) */
    const uint8_t *fabric;   /* (count,TILE,TILE) codes of fabric.c; NULL where none is seen */
    const int32_t *first;
    const uint32_t *stored;
    const uint16_t *samples;
    const half *surface;
    int32_t count, size;
} Canvas;

enum { SMOOTH = -1 };

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
static int even_texels(const Layer *l, float gx[GRID][GRID], float gy[GRID][GRID], float4v *colour) {
    float x0 = gx[0][0], x1 = x0, y0 = gy[0][0], y1 = y0;
    for (int i = 0; i < GRID * GRID; i++) {
        x0 = fminf(x0, gx[0][i]), x1 = fmaxf(x1, gx[0][i]);
        y0 = fminf(y0, gy[0][i]), y1 = fmaxf(y1, gy[0][i]);
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

/* Places interpolated between pixel centres: right wherever the surface is smooth.  colour: what the tile's texels have if
   they are all the same; NULL when that is no use. */
static int smooth_places(const Canvas *v, const Layer *l, int k, int block, Places *p, float4v *colour) {
    const int side = (TILE + 2) * k, across = (v->size + TILE - 1) / TILE, tx = v->tile[block] % across, ty = v->tile[block] / across;
    float gx[GRID][GRID], gy[GRID][GRID], ax[MAX_SIDE];
    int column[MAX_SIDE], hit = 0;
    for (int y = 0; y < GRID; y++)
        for (int x = 0; x < GRID; x++) {
            hit |= texel_position(l, atlas_pixel(v, tx * TILE + x - 2, ty * TILE + y - 2), -1e6f, &gx[y][x], &gy[y][x]);
        }
    if (!hit) return MISSED;
    if (colour && even_texels(l, gx, gy, colour)) return (*colour)[3] > 0.f ? EVEN : MISSED;
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
    return VARIED;
}

/* Places of the samples that a tile with edges keeps. */
static int kept_places(const Canvas *v, const Layer *l, int k, int slot, Places *p) {
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

/* Places of a tile's samples in a layer, or their colour if they have one. */
static int places(const Canvas *v, const Layer *l, const Yarn *yarn, int k, int block, Places *p, float4v *colour) {
    const int slot = v->slot[block], n = BLOCKS * k * BLOCKS * k;
    int found = smooth_places(v, l, k, block, p, slot == SMOOTH && !yarn->field ? colour : NULL);
    for (int i = 0; i < n && found == MISSED; i++) p->x[i] = p->y[i] = -1.f;
    if (slot != SMOOTH && kept_places(v, l, k, slot, p)) found = VARIED;
    if (found == VARIED && yarn->field) lead(yarn, l, n, p->x, p->y);
    return found;
}

/* Two neighbouring texels of a row. */
static inline float8v texels(const uint16_t *p) { return __builtin_convertvector(*(const ushort8v *)p, float8v); }

/* Lay a layer's n samples over ink (premultiplied, 0..1): bilinear, transparent beyond its border.  bare: there is no ink yet. */
static void lay(const Layer *l, const Places *p, int n, int bare, float4v *ink) {
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
        const uint16_t *q = l->texels + 4 * (long)at[i];
        const float8v a = texels(q), b = a + ay[i] * (texels(q + 4 * (long)width) - a);
        const float4v low = {b[0], b[1], b[2], b[3]}, high = {b[4], b[5], b[6], b[7]};
        const float4v t = (low + ax[i] * (high - low)) * unit;
        ink[i] = bare ? t : t + (1.f - t[3]) * ink[i];
    }
}

/* A sample and what its variation is summed from, in the order of INK. */
static inline float8v with_squares(float4v t) {
    const float bright = (t[0] + t[1] + t[2]) * (1.f / 3.f), cover = t[3];
    return (float8v){t[0], t[1], t[2], cover, cover * cover, bright * bright, bright * cover, 0.f};
}

static inline void store_ink(float8v t, half *out) {
    const half8v h = __builtin_convertvector(t, half8v);
    memcpy(out, &h, INK * sizeof(half));
}

/* Filter a tile's samples into out (TILE,TILE,INK).  A row of pixels takes its own k sample rows and those of the
   pixels above and below: each group of k is added to three sums, of which the oldest is then complete. */
static inline void filter_tile(const float4v *ink, const float *taps, const int k, half *out) {
    static _Thread_local float8v sums[3][MAX_SIDE];
    const int side = (TILE + 2) * k;
    memset(sums, 0, sizeof sums);
    for (int y = 0; y < TILE + 2; y++) {
        float8v *begun = sums[y % 3], *middle = sums[(y + 2) % 3], *complete = sums[(y + 1) % 3];
        for (int x = 0; x < side; x++) {
            float8v a = {0}, b = middle[x], c = complete[x];
            for (int r = 0; r < k; r++) {
                const float8v t = with_squares(ink[(y * k + r) * side + x]);
                a += taps[r] * t, b += taps[k + r] * t, c += taps[2 * k + r] * t;
            }
            begun[x] = a, middle[x] = b, complete[x] = c;
        }
        for (int x = 0; x < TILE && y >= 2; x++, out += INK) {
            float8v t = {0};
            for (int i = 0; i < 3 * k; i++) t += taps[i] * complete[x * k + i];
            store_ink(t, out);
        }
    }
}

/* All layers in one tile, filtered into out (TILE,TILE,INK); 0 where no ink is. */
static int print_tile(const Canvas *v, const Layer *layers, int layer_count, const Yarn *yarn, const float *taps, int k, int block, half *out) {
    static _Thread_local Places at;
    static _Thread_local float4v ink[MAX_SIDE * MAX_SIDE];
    const int n = (TILE + 2) * (TILE + 2) * k * k;
    float4v even = {0}, colour = {0};
    int sampled = 0;
    for (int l = 0; l < layer_count; l++) {
        const int found = places(v, layers + l, yarn, k, block, &at, &colour);
        if (found == EVEN) {
            even = colour + (1.f - colour[3]) * even;
            for (int i = 0; i < n && sampled; i++) ink[i] = colour + (1.f - colour[3]) * ink[i];
        } else if (found == VARIED) {
            const int bare = !sampled && even[3] == 0.f;
            for (int i = 0; i < n && !sampled && !bare; i++) ink[i] = even;
            lay(layers + l, &at, n, bare, ink);
            sampled = 1;
        }
    }
    if (!sampled) {
        for (int i = 0; i < TILE * TILE && even[3] > 0.f; i++) store_ink(with_squares(even), out + i * INK);
        return even[3] > 0.f;
    }
    switch (k) {   /* the samplings in use, each unrolled */
    case 3: filter_tile(ink, taps, 3, out); break;
    case 4: filter_tile(ink, taps, 4, out); break;
    default: filter_tile(ink, taps, k, out);
    }
    return 1;
}

/* The prints as this view sees them: the numbers of the blocks that have ink, and their ink (inked,TILE,TILE,INK).
   Both have room for every block; returns how many have. */
EXPORT int print_view(const Canvas *v, const Layer *layers, int layer_count, const Yarn *yarn, const float *taps, int k, int32_t *inked, half *ink) {
    int count = 0;
    for (int block = 0; block < v->count; block++)
        if (print_tile(v, layers, layer_count, yarn, taps, k, block, ink + (long)count * TILE * TILE * INK)) inked[count++] = block;
    return count;
}

/* Which of count blocks of kept atlas positions, `places` each, have one in a box: left, top, right, bottom, all inclusive.
   NOWHERE is in none. */
EXPORT void blocks_within(const uint16_t *atlas, int count, int places, const uint16_t (*boxes)[4], int box_count, uint8_t *within) {
    for (int b = 0; b < count; b++, atlas += 2 * places) {
        int some = 0;
        for (int k = 0; k < box_count && !some; k++)
            for (int i = 0; i < places; i++)
                some |= (atlas[2 * i] >= boxes[k][0]) & (atlas[2 * i + 1] >= boxes[k][1]) & (atlas[2 * i] <= boxes[k][2]) & (atlas[2 * i + 1] <= boxes[k][3]);
        within[b] = (uint8_t)some;
    }
}

/* The pixels of count tiles, `bytes` each, out (count,TILE,TILE), from a view's spans: row y holds columns [x0[y],x1[y]) from
   offset[y]. */
EXPORT void tile_pixels(const int32_t *tiles, int count, int size, const int32_t *x0, const int32_t *x1, const int64_t *offset,
                        const uint8_t *pixels, int bytes, uint8_t *out) {
    const int across = (size + TILE - 1) / TILE;
    for (int row = 0; row < count * TILE; row++, out += TILE * bytes) {
        const int left = tiles[row / TILE] % across * TILE, y = tiles[row / TILE] / across * TILE + row % TILE;
        const int from = y < size ? maxi(x0[y] - left, 0) : 0, to = y < size ? mini(x1[y] - left, TILE) : 0;
        memset(out, 0, (size_t)TILE * bytes);
        if (from < to) memcpy(out + from * bytes, pixels + (offset[y] + left + from - x0[y]) * bytes, (size_t)bytes * (to - from));
    }
}

/* How a finished picture looks. */
typedef struct {
    float fabric[3];         /* linear albedo */
    float exposure;
    float k_gain, k_slope;   /* multiple scattering k(rho) = k_gain rho^2 / (1 - k_slope rho) */
    float bounce[3];         /* light that bounced: fabric (1 + r fabric) / (1 + r BOUNCE_ALBEDO) */
    float hue[3];            /* of the sheen */
    float deep[3];           /* how strongly the fabric's pattern shows: see patterned */
    float bounce_ratio;      /* r */
    float background[3];     /* display values 0..1 */
    float ink_bare, ink_grip, ink_keeps;  /* how ink lies on the fabric's pattern: see covering and inked_pattern */
    int32_t channels;        /* 3: over the background; 4: straight alpha */
} Look;

/* A row of a tile: pixels on their way to bytes, plane by plane so that the loops below become vectors. */
typedef struct {
    float term[TERMS][TILE];      /* all surfaces */
    float surface[TERMS][TILE];   /* the printable surface alone (the same where nothing else shows) */
    float ink[INK][TILE];
    float rgb[3][TILE];
    float fabric[TILE];           /* its factor on light, less 1 */
} Pixels;

/* Sheen and gloss return this much of bounced light too. */
#define BOUNCE_GLOSS .025f

static inline float scatter(const Look *l, float rho) { return rho * l->k_gain * rho * rho / (1.f - l->k_slope * rho); }

/* Its mean over a pixel whose albedo varies: the curve is bent, so variation and its skew count (to the third order). */
static inline float scatter_mean(const Look *l, float rho, float variance, float skew) {
    const float s = l->k_slope * rho, d = 1.f - s, cube = 1.f / (d * d * d);
    return scatter(l, rho) + l->k_gain * cube * (.5f * variance * rho * (6.f - 6.f * s + 2.f * s * s) + skew / d);
}

/* Un-premultiply and expose; then Khronos PBR Neutral, as its specification's reference code has it. */
static inline void neutral(const Look *l, Pixels *p) {
    const float start = .8f - .04f, desaturation = .15f, d = 1.f - start;
    float peak[TILE];
    int bright = 0;
    for (int i = 0; i < TILE; i++) {
        const float scale = l->exposure / maxf(p->term[COVERAGE][i], 1e-4f);
        const float r = p->rgb[0][i] * scale, g = p->rgb[1][i] * scale, b = p->rgb[2][i] * scale;
        const float low = minf(r, minf(g, b)), offset = low < .08f ? low - 6.25f * low * low : .04f;
        p->rgb[0][i] = r - offset, p->rgb[1][i] = g - offset, p->rgb[2][i] = b - offset;
        peak[i] = maxf(r, maxf(g, b)) - offset;
    }
    for (int i = 0; i < TILE; i++) bright |= peak[i] > start;
    if (!bright) return;   /* nothing to compress, as mostly on dark fabric */
    for (int i = 0; i < TILE; i++) {
        const float over = maxf(peak[i] - start, 0.f), target = over > 0.f ? 1.f - d * d / (over + d) : peak[i];
        const float grey = 1.f - 1.f / (desaturation * (peak[i] - target) + 1.f);
        const float ratio = (1.f - grey) * (over > 0.f ? target / peak[i] : 1.f);
        for (int c = 0; c < 3; c++) p->rgb[c][i] = p->rgb[c][i] * ratio + target * grey;
    }
}

/* The sRGB curve of a linear value 0..1 (IEC 61966-2-1); its power as a polynomial of the fourth root, fitted to
   .002 codes of 255. */
static inline float srgb(float x) {
    const float t = sqrtf(sqrtf(x));
    const float power = -.061340277f + t * (.16202692f + t * (1.2554018f + t * (-.5774778f + t * (.28952866f - t * .068145856f))));
    return x < .0031308f ? 12.92f * x : power;
}

/* Premultiplied radiance and coverage to bytes, over the background or with straight alpha. */
static void finish(const Look *l, Pixels *p, uint8_t bytes[4][TILE]) {
    const float *alpha = p->term[COVERAGE];
    neutral(l, p);
    for (int c = 0; c < 3; c++) {
        const float back = l->background[c];
        if (l->channels == 3)
            for (int i = 0; i < TILE; i++) {
                const float a = alpha[i] > .9995f ? 1.f : alpha[i];
                bytes[c][i] = (uint8_t)(int)((back + (srgb(clampf(p->rgb[c][i], 0.f, 1.f)) - back) * a) * 255.f + .5f);
            }
        else
            for (int i = 0; i < TILE; i++)
                bytes[c][i] = (uint8_t)(int)(alpha[i] < .002f ? 0.f : srgb(clampf(p->rgb[c][i], 0.f, 1.f)) * 255.f + .5f);
    }
    for (int i = 0; i < TILE; i++) bytes[3][i] = (uint8_t)(int)(minf(alpha[i], 1.f) * 255.f + .5f);
}

static inline void fabric_light(const Look *l, const float k_fabric[3], Pixels *p) {
    for (int k = 0; k < 3; k++) {
        const float c = l->fabric[k], bounced = (c + BOUNCE_GLOSS) * l->bounce[k];
        for (int i = 0; i < TILE; i++)
            p->rgb[k][i] = c * p->term[DIRECT][i] + bounced * p->term[BOUNCE][i] + k_fabric[k] * p->term[MULTIPLE][i]
                           + p->term[GLOSS][i] + l->hue[k] * p->term[SHEEN][i];
    }
}

/* Eight pixels of seven half floats to planes: three rounds of interleaving turn rows into columns. */
static inline void load_eight(const half *from, float (*plane)[TILE], int at) {
    ushort8v row[8], turned[8];
    for (int i = 0; i < 7; i++) memcpy(row + i, from + 7 * i, sizeof *row);
    memcpy(row + 7, from + 48, sizeof *row);   /* nothing behind the last pixel may be read */
    row[7] = __builtin_shufflevector(row[7], row[7], 1, 2, 3, 4, 5, 6, 7, 7);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++) {
            turned[2 * i] = __builtin_shufflevector(row[i], row[i + 4], 0, 8, 1, 9, 2, 10, 3, 11);
            turned[2 * i + 1] = __builtin_shufflevector(row[i], row[i + 4], 4, 12, 5, 13, 6, 14, 7, 15);
        }
        memcpy(row, turned, sizeof row);
    }
    for (int k = 0; k < 7; k++) {
        half8v h;
        memcpy(&h, row + k, sizeof h);
        const float8v f = __builtin_convertvector(h, float8v);
        memcpy(plane[k] + at, &f, sizeof f);
    }
}

/* A row of a tile to planes; pixels beyond n are zero and not read. */
static inline void load(const half *pixels, int n, float (*plane)[TILE]) {
    half padded[TILE * 7] = {0};
    if (n < TILE) memcpy(padded, pixels, sizeof(half) * 7 * (size_t)n), pixels = padded;
    load_eight(pixels, plane, 0);
    load_eight(pixels + 56, plane, 8);
}

_Static_assert(TERMS == 7 && INK == 7 && TILE == 16, "load takes two times eight pixels of seven numbers");

/* How fabric scatters again. */
static inline void fabric_scatter(const Look *l, float k_fabric[3]) {
    for (int k = 0; k < 3; k++) k_fabric[k] = scatter(l, l->fabric[k]);
}

/* The fabric's factor on n pixels, less 1; codes may be NULL. */
static inline void load_fabric(const uint8_t *codes, int n, float *out) {
    for (int i = 0; i < TILE; i++) {
        const int code = codes && i < n ? codes[i] : NO_FABRIC;
        out[i] = code == NO_FABRIC ? 0.f : (float)(code - FABRIC_EVEN) * (1.f / FABRIC_STEPS);
    }
}

/* The fabric's pattern on all of the cloth's light: deeper where it is dark, since bright yarn lights the valleys between. */
static inline void patterned(const Look *l, Pixels *p) {
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < TILE; i++) p->rgb[k][i] *= 1.f + l->deep[k] * p->fabric[i];
}

/* Cloth without print: terms (count, TERMS) and the fabric's codes (count) or NULL, to out (count, channels). */
EXPORT void compose_plain(const half *terms, const uint8_t *fabric, int64_t count, const Look *look, uint8_t *out) {
    float k_fabric[3];
    fabric_scatter(look, k_fabric);
    for (int64_t at = 0; at < count; at += TILE) {
        const int n = count - at < TILE ? (int)(count - at) : TILE, channels = look->channels;
        uint8_t bytes[4][TILE], *o = out + at * channels;
        Pixels p;
        load(terms + at * TERMS, n, p.term);
        fabric_light(look, k_fabric, &p);
        if (fabric) load_fabric(fabric + at, n, p.fabric), patterned(look, &p);
        finish(look, &p, bytes);
        if (n == TILE && channels == 3)
            for (int i = 0; i < TILE; i++)
                for (int c = 0; c < 3; c++) o[3 * i + c] = bytes[c][i];
        else
            for (int i = 0; i < n; i++)
                for (int c = 0; c < channels; c++) o[i * channels + c] = bytes[c][i];
    }
}

/* Columns [from,to) of a row in the background's colour; sixteen holds it for a tile's width. */
static void fill(uint8_t *row, int from, int to, int channels, const uint8_t *sixteen) {
    const int whole = 3 * TILE;
    for (; channels == 3 && from + TILE <= to; from += TILE) memcpy(row + 3 * from, sixteen, whole);
    for (; from < to; from += TILE) memcpy(row + channels * from, sixteen, (size_t)channels * mini(to - from, TILE));
}

/* The tiles of a frame (size,size,channels) that are wanted, all where tiles (across,across) is NULL: the background, and on it
   the cloth of a view's spans, row y from column x0[y] to x1[y].  Either its terms and fabric are finished here, or finished
   pixels placed. */
EXPORT void cloth_frame(const half *terms, const uint8_t *fabric, const uint8_t *pixels, const int32_t *x0, const int32_t *x1, const int64_t *offset, int size,
                        const uint8_t *tiles, const Look *look, uint8_t *frame) {
    const int n = look->channels, across = (size + TILE - 1) / TILE;
    uint8_t back[4 * TILE] = {0};
    for (int i = 0; i < n * TILE && n == 3; i++) back[i] = (uint8_t)(look->background[i % 3] * 255.f + .5f);
    for (int y = 0; y < size; y++) {
        uint8_t *row = frame + (long)y * size * n;
        const uint8_t *wanted = tiles ? tiles + (long)(y / TILE) * across : NULL;
        for (int first = 0, last; first < across; first = last) {
            for (last = wanted ? first + 1 : across; wanted && last < across && wanted[last] == wanted[first]; last++);
            if (wanted && !wanted[first]) continue;
            const int left = first * TILE, right = mini(last * TILE, size);
            const int from = mini(maxi(x0[y], left), right), to = mini(maxi(x1[y], from), right);
            const int64_t at = offset[y] + from - x0[y];
            fill(row, left, from, n, back), fill(row, to, right, n, back);
            if (from == to) continue;
            if (terms) compose_plain(terms + at * TERMS, fabric ? fabric + at : NULL, to - from, look, row + from * n);
            else memcpy(row + from * n, pixels + at * n, (size_t)(to - from) * n);
        }
    }
}

/* Ink lies on the yarn: the valleys between stitches stay a little bare. */
static inline float covering(const Look *l, float share, float fabric) {
    return share * clampf(1.f - l->ink_bare + l->ink_grip * fabric, 0.f, 1.f);
}

/* The same where ink covers a share of it: ink fills it up and keeps a part.  In proportion, so that a pixel's mean is that of
   its points. */
static inline void inked_pattern(const Look *l, const float *share, Pixels *p) {
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < TILE; i++) p->rgb[k][i] *= 1.f + (l->deep[k] + share[i] * (l->ink_keeps - l->deep[k])) * p->fabric[i];
}

/* The ink around each place on the atlas: (side,side,4) premultiplied, as surroundings.py makes it. */
typedef struct {
    const float *ink;
    int32_t side;
} Around;

/* How much more or less light bounces to pixels than from bare fabric, for what is around their kept atlas positions (TILE,2). */
static inline void bounced_near(const Look *l, const Around *a, const uint16_t *atlas, float out[3][TILE]) {
    const float r = l->bounce_ratio, last = a->side - 1.001f;
    for (int i = 0; i < TILE; i++) {
        const float x = clampf(atlas[2 * i] * (1.f / ATLAS_STEPS) * a->side - .5f, 0.f, last);
        const float y = clampf(atlas[2 * i + 1] * (1.f / ATLAS_STEPS) * a->side - .5f, 0.f, last);
        const int column = (int)x, row = (int)y;
        const float *upper = a->ink + 4 * ((long)row * a->side + column), *lower = upper + 4 * (long)a->side;
        float4v corner[4];
        memcpy(corner, upper, 2 * sizeof *corner), memcpy(corner + 2, lower, 2 * sizeof *corner);
        const float4v high = corner[0] + (x - column) * (corner[1] - corner[0]), low = corner[2] + (x - column) * (corner[3] - corner[2]);
        const float4v ink = high + (y - row) * (low - high);
        for (int c = 0; c < 3; c++) {
            const float fabric = l->fabric[c], mean = ink[c] + (1.f - ink[3]) * fabric;
            out[c][i] = mean * (1.f + r * mean) / (fabric * (1.f + r * fabric));
        }
    }
}

/* Ink on cloth.  near: how much light bounces there, as a factor on that of bare fabric. */
static inline void printed(const Look *l, const float k_fabric[3], float near[3][TILE], Pixels *p) {
    float share[TILE], bright[TILE], att[TILE], var_cover[TILE], var_bright[TILE], both[TILE];
    float (*ink)[TILE] = p->ink, (*s)[TILE] = p->surface;
    for (int i = 0; i < TILE; i++) {
        const float inv = 1.f / maxf(s[COVERAGE][i], 1e-6f);
        share[i] = clampf(ink[3][i] * inv, 0.f, 1.f);
        bright[i] = (ink[0][i] + ink[1][i] + ink[2][i]) * inv * (1.f / 3.f);
        att[i] = s[COVERAGE][i] / maxf(s[SHEEN_ATT][i], 1e-6f);
        var_cover[i] = ink[4][i] * inv - share[i] * share[i];
        var_bright[i] = ink[5][i] * inv - bright[i] * bright[i];
        both[i] = ink[6][i] * inv - bright[i] * share[i];
        share[i] = covering(l, share[i], p->fabric[i]);
    }
    fabric_light(l, k_fabric, p);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < TILE; i++) {
            const float rho = ink[k][i] / maxf(ink[3][i], 1e-6f), c = l->fabric[k];
            const float tint = ink[k][i] / maxf(s[COVERAGE][i], 1e-6f) / maxf(bright[i], 1e-4f);
            const float mean = clampf(share[i] * rho + (1.f - share[i]) * c, 0.f, 1.f);
            const float variance = tint * tint * var_bright[i] + c * c * var_cover[i] - 2.f * c * tint * both[i];
            const float fabric_only = l->bounce[k] * s[BOUNCE][i], bounced = near[k][i] * fabric_only;
            const float inked = att[i] * (rho * s[DIRECT][i] + (rho + BOUNCE_GLOSS) * bounced + s[GLOSS][i]);
            const float cloth = c * s[DIRECT][i] + (c + BOUNCE_GLOSS) * bounced + s[GLOSS][i] + l->hue[k] * s[SHEEN][i];
            const float step = rho - c, skew = step * step * step * maxf(var_cover[i], 0.f) * (1.f - 2.f * share[i]);
            const float scattered = scatter_mean(l, mean, clampf(variance, 0.f, mean * (1.f - mean)), skew) * (1.f + share[i] * (att[i] - 1.f));
            p->rgb[k][i] += share[i] * (inked - cloth) + (scattered - k_fabric[k]) * s[MULTIPLE][i] + (c + BOUNCE_GLOSS) * (bounced - fabric_only);
        }
    inked_pattern(l, share, p);
}

/* Whether a row of a tile has ink at all; a row of unmarked tiles is easily without. */
static inline int any_ink(const half *ink) {
    int some = 0;
    for (int i = 0; i < TILE; i++) some |= ink[i * INK + 3] > (half)0.f;
    return some;
}

/* Overwrite the frame where there is ink: count blocks with their ink, as print_view leaves them. */
EXPORT void compose_print(const Canvas *v, const int32_t *inked, int count, const half *ink, const Around *around, const Look *look, uint8_t *frame) {
    const int across = (v->size + TILE - 1) / TILE;
    float k_fabric[3];
    fabric_scatter(look, k_fabric);
    for (int row = 0; row < count * TILE; row++, ink += TILE * INK) {
        const int block = inked[row / TILE], slot = v->slot[block], left = v->tile[block] % across * TILE;
        const int y = v->tile[block] / across * TILE + row % TILE, columns = mini(v->size - left, TILE);
        if (y >= v->size || !any_ink(ink)) continue;
        Pixels p;
        float near[3][TILE];
        uint8_t bytes[4][TILE], *o = frame + ((long)y * v->size + left) * look->channels;
        load(v->terms + ((long)block * TILE + row % TILE) * TILE * TERMS, TILE, p.term);
        if (slot == SMOOTH) memcpy(p.surface, p.term, sizeof p.term);
        else load(v->surface + ((long)slot * TILE + row % TILE) * TILE * TERMS, TILE, p.surface);
        load(ink, TILE, p.ink);
        load_fabric(v->fabric ? v->fabric + ((long)block * TILE + row % TILE) * TILE : NULL, TILE, p.fabric);
        bounced_near(look, around, v->atlas + 2 * ((long)block * TILE + row % TILE) * TILE, near);
        printed(look, k_fabric, near, &p);
        finish(look, &p, bytes);
        for (int i = 0; i < columns; i++)
            if (p.ink[3][i] >= 1e-3f && p.surface[COVERAGE][i] >= 1e-3f)
                for (int c = 0; c < look->channels; c++) o[i * look->channels + c] = bytes[c][i];
    }
}
