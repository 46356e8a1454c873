/* From light terms to display pixels: colour, ink, tone-map, and lay over the background. */
#include <math.h>
#include <string.h>

#include "canvas.h"

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
    float ink_soft;          /* how softly covering ends at all of it */
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

_Static_assert(TERMS == 7 && TILE == 16, "load takes two times eight pixels of seven numbers");

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

/* Ink lies on the yarn: the valleys between stitches stay a little bare.  It covers 1 at most; of a pixel that is the mean over
   what it does not resolve, were that normally distributed, to within .3 %: hence the root. */
static inline float covering(const Look *l, float share, float fabric) {
    const float over = l->ink_grip * fabric - l->ink_bare;
    return share * clampf(1.f + .5f * (over - sqrtf(over * over + l->ink_soft)), 0.f, 1.f);
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

/* A row of a tile's ink to planes; whether there is any: a row of unmarked tiles is easily without. */
static inline int load_ink(const half *from, float ink[INK][TILE]) {
    int some = 0;
    for (int q = 0; q < INK; q++)
        for (int i = 0; i < TILE; i++) ink[q][i] = (float)from[q * TILE + i];
    for (int i = 0; i < TILE; i++) some |= ink[3][i] > 0.f;
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
        Pixels p;
        if (y >= v->size || !load_ink(ink, p.ink)) continue;
        float near[3][TILE];
        uint8_t bytes[4][TILE], *o = frame + ((long)y * v->size + left) * look->channels;
        load(v->terms + ((long)block * TILE + row % TILE) * TILE * TERMS, TILE, p.term);
        if (slot == SMOOTH) memcpy(p.surface, p.term, sizeof p.term);
        else load(v->surface + ((long)slot * TILE + row % TILE) * TILE * TERMS, TILE, p.surface);
        load_fabric(v->fabric ? v->fabric + ((long)block * TILE + row % TILE) * TILE : NULL, TILE, p.fabric);
        bounced_near(look, around, v->atlas + 2 * ((long)block * TILE + row % TILE) * TILE, near);
        printed(look, k_fabric, near, &p);
        finish(look, &p, bytes);
        for (int i = 0; i < columns; i++)
            if (p.ink[3][i] >= 1e-3f && p.surface[COVERAGE][i] >= 1e-3f)
                for (int c = 0; c < look->channels; c++) o[i * look->channels + c] = bytes[c][i];
    }
}
