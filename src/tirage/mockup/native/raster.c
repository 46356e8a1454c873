/* From the mesh to per-pixel light terms: visibility, which tiles need sub-samples, and the pixel filter. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

enum { TILE = 16, MAX_K = 8, MAX_SIDE = (TILE + 2) * MAX_K, MAX_TAPS = 3 * MAX_K };

/* One camera's view of the mesh.  corner (n,3): x, y in pixels and 1/depth.  flags (m): chart | INSIDE. */
typedef struct {
    const float *corner;
    const float *uv;         /* (n,2) in atlas units 0..1 */
    const int32_t *tri;      /* (m,3) */
    const uint8_t *flags;
    int32_t tri_count, size;
} View;

/* What the cloth looks like: light textures (LANES a texel) and the albedo detail with its level of detail. */
typedef struct {
    const half *outside, *inside;
    int32_t outside_size, inside_size;
    const uint8_t *detail;   /* (detail_size,detail_size) grey, 255 = plain cloth */
    const uint8_t *busy;     /* (busy_size,busy_size): 1 where the detail varies */
    int32_t detail_size, busy_size;
} Cloths;

/* Barycentric coordinates l1, l2 as planes over the sample grid, and inverse depth at the first corner and its steps. */
typedef struct {
    float ax, ay, az, d1x, d1y, d2x, d2y, z1, z2;
} Plane;

/* A plane with the atlas position, both over depth. */
typedef struct {
    Plane p;
    float u0, v0, u1, v1, u2, v2;
} Setup;

/* In sample units; 0 when the triangle faces away. */
static inline int plane(const float *a, const float *b, const float *c, float scale, float x0, float y0, Plane *p) {
    const float e1x = (b[0] - a[0]) * scale, e1y = (b[1] - a[1]) * scale, e2x = (c[0] - a[0]) * scale, e2y = (c[1] - a[1]) * scale;
    const float area = e1x * e2y - e1y * e2x;
    if (!(area < 0.f)) return 0;   /* y runs down, so a front face turns the other way */
    const float inv = 1.f / area;
    p->ax = a[0] * scale - x0, p->ay = a[1] * scale - y0, p->az = a[2];
    p->d1x = e2y * inv, p->d1y = -e2x * inv, p->d2x = -e1y * inv, p->d2y = e1x * inv;
    p->z1 = b[2] - a[2], p->z2 = c[2] - a[2];
    return 1;
}

static inline void setup(const View *w, int t, float scale, float x0, float y0, Setup *s) {
    const int32_t *i = w->tri + 3 * (long)t;
    const float *a = w->corner + 3 * (long)i[0], *b = w->corner + 3 * (long)i[1], *c = w->corner + 3 * (long)i[2];
    const float *ua = w->uv + 2 * (long)i[0], *ub = w->uv + 2 * (long)i[1], *uc = w->uv + 2 * (long)i[2];
    plane(a, b, c, scale, x0, y0, &s->p);
    s->u0 = ua[0] * a[2], s->v0 = ua[1] * a[2];
    s->u1 = ub[0] * b[2] - s->u0, s->v1 = ub[1] * b[2] - s->v0;
    s->u2 = uc[0] * c[2] - s->u0, s->v2 = uc[1] * c[2] - s->v0;
}

static inline void atlas_at(const Setup *s, float x, float y, float *u, float *v) {
    const Plane *p = &s->p;
    const float px = x - p->ax, py = y - p->ay;
    const float l1 = p->d1x * px + p->d1y * py, l2 = p->d2x * px + p->d2y * py;
    const float w = 1.f / (p->az + l1 * p->z1 + l2 * p->z2);
    *u = (s->u0 + l1 * s->u1 + l2 * s->u2) * w;
    *v = (s->v0 + l1 * s->v1 + l2 * s->v2) * w;
}

static inline void keep_atlas(float u, float v, uint16_t *out) {
    out[0] = (uint16_t)(clampf(u, 0.f, 1.f) * ATLAS_STEPS + .5f);
    out[1] = (uint16_t)(clampf(v, 0.f, 1.f) * ATLAS_STEPS + .5f);
}

static inline float kept(uint16_t x) { return x * (1.f / ATLAS_STEPS); }

/* Draw triangle t into a z-buffer of inverse depth and a buffer of triangle numbers (w by h, stride = w). */
static void draw(const View *view, int t, float scale, float x0, float y0, int w, int h, float *z, int32_t *id) {
    const int32_t *i = view->tri + 3 * (long)t;
    const float *a = view->corner + 3 * (long)i[0], *b = view->corner + 3 * (long)i[1], *c = view->corner + 3 * (long)i[2];
    const float lox = fminf(a[0], fminf(b[0], c[0])) * scale - x0, hix = fmaxf(a[0], fmaxf(b[0], c[0])) * scale - x0;
    const float loy = fminf(a[1], fminf(b[1], c[1])) * scale - y0, hiy = fmaxf(a[1], fmaxf(b[1], c[1])) * scale - y0;
    const int ix0 = maxi(0, (int)ceilf(lox - .5f)), ix1 = mini(w - 1, (int)floorf(hix - .5f));
    const int iy0 = maxi(0, (int)ceilf(loy - .5f)), iy1 = mini(h - 1, (int)floorf(hiy - .5f));
    if (ix0 > ix1 || iy0 > iy1) return;
    Plane s;
    if (!plane(a, b, c, scale, x0, y0, &s)) return;
    const float dz = s.d1x * s.z1 + s.d2x * s.z2, px = ix0 + .5f - s.ax;
    const float slope[3] = {s.d1x, s.d2x, -s.d1x - s.d2x};
    float crossing[3];
    for (int k = 0; k < 3; k++) crossing[k] = slope[k] != 0.f ? -1.f / slope[k] : 0.f;
    for (int y = iy0; y <= iy1; y++) {
        const float py = y + .5f - s.ay;
        const float l1 = s.d1x * px + s.d1y * py, l2 = s.d2x * px + s.d2y * py, rest = 1.f - l1 - l2;
        float lo = 0.f, hi = (float)(ix1 - ix0);
        const float at[3] = {l1, l2, rest};
        for (int k = 0; k < 3; k++) {
            if (slope[k] > 0.f) lo = fmaxf(lo, at[k] * crossing[k]);
            else if (slope[k] < 0.f) hi = fminf(hi, at[k] * crossing[k]);
            else if (at[k] < 0.f) hi = -1.f;
        }
        const int from = (int)ceilf(lo), to = (int)floorf(hi);
        const float z0 = s.az + l1 * s.z1 + l2 * s.z2;
        float *zr = z + (long)y * w + ix0;
        int32_t *ir = id + (long)y * w + ix0;
        for (int x = from; x <= to; x++) {
            const float d = z0 + x * dz;
            if (d > zr[x]) zr[x] = d, ir[x] = t;
        }
    }
}

/* Vertices (n,3) in metres through a camera: eye, rows of rotation (right, up, forward), focal length and centre in
   pixels; corner (n,3) as in View. */
EXPORT void project(const float *position, int n, const float *eye, const float *rotation, float focal, float centre, float *corner) {
    for (int i = 0; i < n; i++) {
        const float x = position[3 * i] - eye[0], y = position[3 * i + 1] - eye[1], z = position[3 * i + 2] - eye[2];
        const float right = rotation[0] * x + rotation[1] * y + rotation[2] * z;
        const float up = rotation[3] * x + rotation[4] * y + rotation[5] * z;
        const float inv = 1.f / (rotation[6] * x + rotation[7] * y + rotation[8] * z);
        corner[3 * i] = centre + focal * right * inv;
        corner[3 * i + 1] = centre - focal * up * inv;
        corner[3 * i + 2] = inv;
    }
}

/* Whether a small triangle is surely behind what is drawn: it is farther than the corners and the middle of its box. */
static int behind(const View *view, int t, const float *z) {
    const int32_t *i = view->tri + 3 * (long)t;
    const float *a = view->corner + 3 * (long)i[0], *b = view->corner + 3 * (long)i[1], *c = view->corner + 3 * (long)i[2];
    const int size = view->size, x0 = (int)fminf(a[0], fminf(b[0], c[0])), x1 = (int)fmaxf(a[0], fmaxf(b[0], c[0]));
    const int y0 = (int)fminf(a[1], fminf(b[1], c[1])), y1 = (int)fmaxf(a[1], fmaxf(b[1], c[1]));
    if (x0 < 0 || y0 < 0 || x1 >= size || y1 >= size || x1 - x0 > 16 || y1 - y0 > 16) return 0;
    const float near = fmaxf(a[2], fmaxf(b[2], c[2])), *top = z + (long)y0 * size, *bottom = z + (long)y1 * size;
    const float middle = z[(long)((y0 + y1) / 2) * size + (x0 + x1) / 2];
    return top[x0] > near && top[x1] > near && bottom[x0] > near && bottom[x1] > near && middle > near;
}

/* One sample a pixel: id (size,size) of the visible triangle or -1; rows (size,2): first and last covered
   column of each row, or size and -1.  z (size,size) is scratch. */
EXPORT void visibility(const View *view, float *z, int32_t *id, int32_t *rows) {
    const long n = (long)view->size * view->size;
    memset(z, 0, n * sizeof(float));
    memset(id, 0xff, n * sizeof(int32_t));
    for (int t = 0; t < view->tri_count; t++)
        if (!(view->flags[t] & INSIDE)) draw(view, t, 1.f, 0.f, 0.f, view->size, view->size, z, id);
    for (int t = 0; t < view->tri_count; t++)   /* the inside comes last: most of it is hidden */
        if ((view->flags[t] & INSIDE) && !behind(view, t, z)) draw(view, t, 1.f, 0.f, 0.f, view->size, view->size, z, id);
    for (int y = 0; y < view->size; y++) {
        const int32_t *row = id + (long)y * view->size;
        int first = view->size, last = -1;
        for (int x = 0; x < view->size; x++)
            if (row[x] >= 0) {
                if (first == view->size) first = x;
                last = x;
            }
        rows[2 * y] = first, rows[2 * y + 1] = last;
    }
}

/* Columns [*from, *to) of row y in which a pixel, or the one below it, shows cloth, and one on each side.  rows: see visibility. */
static inline void row_range(const View *view, const int32_t *rows, int y, int *from, int *to) {
    const int32_t *a = rows + 2 * y, *b = y + 1 < view->size ? a + 2 : a;
    *from = maxi(mini(a[0], b[0]) - 1, 0);
    *to = mini(maxi(a[1], b[1]) + 2, view->size);
}

/* Kept atlas position of every covered pixel centre: out (size,size,2), untouched elsewhere. */
EXPORT void pixel_atlas(const View *view, const int32_t *id, const int32_t *rows, uint16_t *out) {
    for (int y = 0; y < view->size; y++) {
        Setup s;
        int last = -1;
        for (int x = rows[2 * y]; x <= rows[2 * y + 1]; x++) {
            const long q = (long)y * view->size + x;
            const int t = id[q];
            if (t < 0) continue;
            if (t != last) setup(view, t, 1.f, 0.f, 0.f, &s), last = t;
            float u, v;
            atlas_at(&s, x + .5f, y + .5f, &u, &v);
            keep_atlas(u, v, out + 2 * q);
        }
    }
}

static inline void mark(uint8_t *tiles, int across, int x, int y, uint8_t bit) {
    for (int dy = -2; dy <= 2; dy += 4)
        for (int dx = -2; dx <= 2; dx += 4) {
            const int tx = (x + dx) / TILE, ty = (y + dy) / TILE;
            if (x + dx >= 0 && y + dy >= 0 && tx < across && ty < across) tiles[ty * across + tx] |= bit;
        }
}

static inline int is_busy(const Cloths *c, float u, float v) {
    const int x = (int)(clampf(u, 0.f, .99999f) * c->busy_size), y = (int)(clampf(v, 0.f, .99999f) * c->busy_size);
    return c->busy[y * c->busy_size + x];
}

/* Which tiles need sub-samples: those within two pixels of a silhouette, a seam, a fold or busy detail.
   tiles (across,across) must be zero; jump is the largest step in kept atlas units between neighbours of one surface. */
EXPORT void classify(const View *view, const Cloths *cloths, const int32_t *id, const int32_t *rows, const uint16_t *atlas, int jump,
                     uint8_t *tiles) {
    const int size = view->size, across = (size + TILE - 1) / TILE;
    for (int y = 0; y < size; y++) {
        int from, to;
        row_range(view, rows, y, &from, &to);
        for (int x = from; x < to; x++) {
            const long q = (long)y * size + x;
            const int t = id[q];
            const int mine = t < 0 ? -1 : view->flags[t];
            const long other[2] = {x + 1 < size ? q + 1 : q, y + 1 < size ? q + size : q};
            int edge = 0, outline = 0;
            for (int k = 0; k < 2; k++) {
                const int theirs = id[other[k]] < 0 ? -1 : view->flags[id[other[k]]];
                outline |= theirs != mine && (theirs < 0 || mine < 0);
                if (theirs != mine) edge = 1;
                else if (mine >= 0 && (abs(atlas[2 * q] - atlas[2 * other[k]]) > jump ||
                                       abs(atlas[2 * q + 1] - atlas[2 * other[k] + 1]) > jump)) edge = 1;
            }
            if (mine >= 0 && (mine & INSIDE)) mark(tiles, across, x, y, INNER);
            else if (mine >= 0) edge |= is_busy(cloths, kept(atlas[2 * q]), kept(atlas[2 * q + 1]));
            if (edge) mark(tiles, across, x, y, outline ? EDGE | INNER : EDGE);
        }
    }
}

/* Whether a print may reach a pixel: regions (128,4) are atlas rectangles by chart, empty when u1 <= u0. */
static inline int printable_pixel(const View *view, int t, const float *regions, const uint16_t *at) {
    if (t < 0 || (view->flags[t] & INSIDE)) return 0;
    const float *r = regions + 4 * (view->flags[t] & CHART_MASK);
    const float u = kept(at[0]), v = kept(at[1]);
    return u >= r[0] && v >= r[1] && u < r[2] && v < r[3];
}

/* Mark the tiles that prints may reach with PRINT. */
EXPORT void printable_tiles(const View *view, const int32_t *id, const int32_t *rows, const float *regions, const uint16_t *atlas,
                            uint8_t *tiles) {
    const int across = (view->size + TILE - 1) / TILE;
    for (int y = 0; y < view->size; y++)
        for (int x = rows[2 * y]; x <= rows[2 * y + 1]; x++) {
            const long q = (long)y * view->size + x;
            if (printable_pixel(view, id[q], regions, atlas + 2 * q)) mark(tiles, across, x, y, PRINT);
        }
}

/* The PRINT tiles' atlas positions, NOWHERE where no print may lie: out (blocks, TILE, TILE, 2) by block (across,across). */
EXPORT void print_blocks(const View *view, const int32_t *id, const float *regions, const uint16_t *atlas, const int32_t *block, uint16_t *out) {
    const int size = view->size, across = (size + TILE - 1) / TILE;
    for (int t = 0; t < across * across; t++) {
        if (block[t] < 0) continue;
        uint16_t *o = out + (long)block[t] * TILE * TILE * 2;
        for (int y = 0; y < TILE; y++)
            for (int x = 0; x < TILE; x++, o += 2) {
                const int px = (t % across) * TILE + x, py = (t / across) * TILE + y;
                const long q = (long)py * size + px;
                const int can = px < size && py < size && printable_pixel(view, id[q], regions, atlas + 2 * q);
                o[0] = can ? atlas[2 * q] : NOWHERE, o[1] = can ? atlas[2 * q + 1] : NOWHERE;
            }
    }
}

static inline float8v texel(const half *p) { return __builtin_convertvector(*(const half8v *)p, float8v); }

static inline float8v fetch(const half *map, int size, float u, float v) {
    const float fx = clampf(u * size - .5f, 0.f, size - 1.001f), fy = clampf(v * size - .5f, 0.f, size - 1.001f);
    const int ix = (int)fx, iy = (int)fy;
    const float ax = fx - ix, ay = fy - iy;
    const half *p = map + LANES * ((long)iy * size + ix), *q = p + LANES * (long)size;
    const float8v a = texel(p) + ax * (texel(p + LANES) - texel(p)), b = texel(q) + ax * (texel(q + LANES) - texel(q));
    return a + ay * (b - a);
}

static inline float detail_at(const Cloths *c, float u, float v) {
    const int size = c->detail_size;
    const float fx = clampf(u * size - .5f, 0.f, size - 1.001f), fy = clampf(v * size - .5f, 0.f, size - 1.001f);
    const int ix = (int)fx, iy = (int)fy;
    const float ax = fx - ix, ay = fy - iy;
    const uint8_t *p = c->detail + (long)iy * size + ix;
    const float a = p[0] + ax * (p[1] - p[0]), b = p[size] + ax * (p[size + 1] - p[size]);
    return (a + ay * (b - a)) * (1.f / 255.f);
}

/* Put the albedo's detail into a point's light. */
static inline float8v detailed(const Cloths *c, float8v light, float u, float v) {
    const float d = detail_at(c, u, v);
    return light * (float8v){d, d * d * d, d, 1.f, 1.f, 1.f, 1.f, 0.f};
}

/* The terms of one sample. */
static inline float8v sample_terms(const Cloths *c, int inside, float u, float v) {
    if (inside) return fetch(c->inside, c->inside_size, u, v);
    return detailed(c, fetch(c->outside, c->outside_size, u, v), u, v);
}

static inline void store(half *out, float8v t) {
    const half8v h = __builtin_convertvector(t, half8v);
    memcpy(out, &h, TERMS * sizeof(half));
}

/* Whether a tile has to draw a triangle: most of the cloth's inside is hidden behind its outside. */
static inline int wanted(uint8_t tile, uint8_t flags) { return (tile & EDGE) && ((tile & INNER) || !(flags & INSIDE)); }

/* The tiles that a front-facing triangle touches, with a pixel of border: left, right, top, bottom; empty otherwise. */
static void tile_box(const View *view, int t, int across, int16_t *box) {
    const int32_t *i = view->tri + 3 * (long)t;
    const float *a = view->corner + 3 * (long)i[0], *b = view->corner + 3 * (long)i[1], *c = view->corner + 3 * (long)i[2];
    const float area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]), tile = 1.f / TILE;
    box[0] = box[2] = 1, box[1] = box[3] = 0;
    if (!(area < 0.f)) return;
    box[0] = (int16_t)maxi(0, (int)((fminf(a[0], fminf(b[0], c[0])) - 1.f) * tile));
    box[1] = (int16_t)mini(across - 1, (int)((fmaxf(a[0], fmaxf(b[0], c[0])) + 1.f) * tile));
    box[2] = (int16_t)maxi(0, (int)((fminf(a[1], fminf(b[1], c[1])) - 1.f) * tile));
    box[3] = (int16_t)mini(across - 1, (int)((fmaxf(a[1], fmaxf(b[1], c[1])) + 1.f) * tile));
}

/* Triangles that touch each tile, as a list per tile: *first (tiles + 1) into *list. */
static int bin(const View *view, const uint8_t *tiles, int across, int32_t **first, int32_t **list) {
    const int n = across * across;
    int32_t *count = calloc((size_t)n + 1, sizeof *count), *entries = NULL, *pos = NULL;
    int16_t *boxes = malloc((size_t)view->tri_count * 4 * sizeof *boxes);
    if (!count || !boxes) goto fail;
    for (int t = 0; t < view->tri_count; t++) {
        int16_t *q = boxes + 4 * (long)t;
        tile_box(view, t, across, q);
        for (int y = q[2]; y <= q[3]; y++)
            for (int x = q[0]; x <= q[1]; x++) count[y * across + x + 1] += wanted(tiles[y * across + x], view->flags[t]);
    }
    for (int i = 0; i < n; i++) count[i + 1] += count[i];
    entries = malloc(((size_t)count[n] + 1) * sizeof *entries);
    pos = malloc((size_t)n * sizeof *pos);
    if (!entries || !pos) goto fail;
    memcpy(pos, count, (size_t)n * sizeof *pos);
    for (int t = 0; t < view->tri_count; t++) {
        const int16_t *q = boxes + 4 * (long)t;
        for (int y = q[2]; y <= q[3]; y++)
            for (int x = q[0]; x <= q[1]; x++)
                if (wanted(tiles[y * across + x], view->flags[t])) entries[pos[y * across + x]++] = t;
    }
    free(boxes), free(pos);
    *first = count, *list = entries;
    return 0;
fail:
    free(count), free(boxes), free(entries), free(pos);
    return -1;
}

/* Where a view's finished pixels go: row y holds columns [x0[y], x1[y]) from offset[y]. */
typedef struct {
    const int32_t *x0, *x1;
    const int64_t *offset;
    half *terms;             /* (pixels, TERMS) */
} Spans;

/* Tiles where a printable surface meets anything else keep their samples: slot (across,across) is -1 or an index
   into samples (slots, side, side, 2), kept atlas positions, and surface (slots, TILE, TILE, TERMS) terms of the
   printable surface alone. */
typedef struct {
    const int32_t *slot;
    uint16_t *samples;
    half *surface;
    uint8_t printable[128];  /* by chart */
} Prints;

typedef struct {
    float z[MAX_SIDE * MAX_SIDE];
    int32_t id[MAX_SIDE * MAX_SIDE];
    float8v row[MAX_K][MAX_SIDE], printed_row[MAX_K][MAX_SIDE];
    float8v sum[TILE][MAX_SIDE], printed_sum[TILE][MAX_SIDE];
} Scratch;

/* One tile at work: where its samples lie, and what it leaves for prints (samples may be NULL). */
typedef struct {
    const View *view;
    const Cloths *cloths;
    const uint8_t *printable;
    int k, side;
    float x0, y0;
    uint16_t *samples;
    Scratch *scratch;
} Job;

/* Whether the k by k samples from (x,y) show one smooth piece of one surface. */
static int one_surface(const Job *j, int x, int y) {
    const int32_t *id = j->scratch->id + y * j->side + x;
    const float *z = j->scratch->z + y * j->side + x;
    if (id[0] < 0) return 0;
    const int flags = j->view->flags[id[0]];
    float near = z[0], far = z[0];
    for (int r = 0; r < j->k; r++)
        for (int c = 0; c < j->k; c++) {
            const int q = r * j->side + c;
            if (id[q] < 0 || j->view->flags[id[q]] != flags) return 0;
            near = fmaxf(near, z[q]), far = fminf(far, z[q]);
        }
    return near - far < .0012f * near;   /* 2.5 mm at two metres: neither a fold nor a grazing view */
}

/* Light of the k by k samples from (x,y) into the rows.  Where they show one smooth piece of cloth they share one
   look-up of light, and of detail too where that is even; elsewhere each sample looks for itself. */
static void block_terms(const Job *j, int x, int y) {
    Scratch *m = j->scratch;
    const int k = j->k, smooth = one_surface(j, x, y);
    Setup s;
    int last = -1, even = 0;
    float8v common = {0};
    float u, v;
    if (smooth) {
        last = m->id[y * j->side + x];
        const int inside = j->view->flags[last] & INSIDE;
        setup(j->view, last, (float)k, j->x0, j->y0, &s);
        atlas_at(&s, x + .5f * k, y + .5f * k, &u, &v);
        even = inside || !is_busy(j->cloths, u, v);
        common = even ? sample_terms(j->cloths, inside, u, v) : fetch(j->cloths->outside, j->cloths->outside_size, u, v);
    }
    for (int r = 0; r < k; r++)
        for (int c = 0; c < k; c++) {
            const int q = (y + r) * j->side + x + c, t = m->id[q];
            float8v terms = common;
            if (j->samples) j->samples[2 * q] = j->samples[2 * q + 1] = NOWHERE;
            const int flags = t < 0 ? INSIDE : j->view->flags[t];
            const int prints = j->samples && !(flags & INSIDE) && j->printable[flags & CHART_MASK];
            if (t >= 0 && (!even || prints)) {
                if (t != last) setup(j->view, t, (float)k, j->x0, j->y0, &s), last = t;
                atlas_at(&s, x + c + .5f, y + r + .5f, &u, &v);
                if (!smooth) terms = sample_terms(j->cloths, flags & INSIDE, u, v);
                else if (!even) terms = detailed(j->cloths, common, u, v);
                if (prints) keep_atlas(u, v, j->samples + 2 * q);
            }
            m->row[r][x + c] = terms;
            if (j->samples) m->printed_row[r][x + c] = prints ? terms : (float8v){0};
        }
}

/* All samples of a tile through the vertical half of the filter. */
static void tile_rows(const Job *j, const float *taps) {
    Scratch *m = j->scratch;
    const int k = j->k, side = j->side, reach = 3 * k;
    for (int block = 0; block < TILE + 2; block++) {
        for (int x = 0; x < side; x += k) block_terms(j, x, block * k);
        /* Output row o takes sample rows o*k .. o*k + 3k - 1: the border is one pixel, the filter three wide. */
        for (int r = 0; r < k; r++)
            for (int o = maxi(0, block - 2); o <= mini(TILE - 1, block); o++) {
                const int tap = block * k + r - o * k;
                if (tap >= reach) continue;
                const float w = taps[tap];
                for (int x = 0; x < side; x++) m->sum[o][x] += w * m->row[r][x];
                if (j->samples)
                    for (int x = 0; x < side; x++) m->printed_sum[o][x] += w * m->printed_row[r][x];
            }
    }
}

static inline float8v across_taps(const float8v *row, const float *taps, int x, int k) {
    float8v t = {0};
    for (int i = 0; i < 3 * k; i++) t += taps[i] * row[x * k + i];
    return t;
}

static void tile_terms(const View *view, const Cloths *cloths, const Spans *spans, const Prints *prints,
                       const float *taps, int k, int tx, int ty, const int32_t *list, int n, Scratch *m) {
    const int side = (TILE + 2) * k, slot = prints->slot[ty * ((view->size + TILE - 1) / TILE) + tx];
    const float sx = (float)(tx * TILE - 1) * k, sy = (float)(ty * TILE - 1) * k;
    uint16_t *samples = slot < 0 ? NULL : prints->samples + (long)slot * side * side * 2;
    memset(m->z, 0, sizeof(float) * side * side);
    memset(m->id, 0xff, sizeof(int32_t) * side * side);
    memset(m->sum, 0, sizeof m->sum);
    if (samples) memset(m->printed_sum, 0, sizeof m->printed_sum);
    for (int q = 0; q < n; q++) draw(view, list[q], (float)k, sx, sy, side, side, m->z, m->id);
    const Job job = {view, cloths, prints->printable, k, side, sx, sy, samples, m};
    tile_rows(&job, taps);
    for (int y = 0; y < TILE && ty * TILE + y < view->size; y++) {
        const int py = ty * TILE + y;
        for (int x = 0; x < TILE; x++) {
            const int px = tx * TILE + x;
            if (samples) store(prints->surface + (((long)slot * TILE + y) * TILE + x) * TERMS, across_taps(m->printed_sum[y], taps, x, k));
            if (px < spans->x0[py] || px >= spans->x1[py]) continue;
            store(spans->terms + (spans->offset[py] + px - spans->x0[py]) * TERMS, across_taps(m->sum[y], taps, x, k));
        }
    }
}

/* Fill spans->terms: plain tiles by one sample a pixel, marked tiles by k*k samples through the filter taps (3k). */
EXPORT int terms(const View *view, const Cloths *cloths, const int32_t *id, const uint16_t *atlas, const uint8_t *tiles,
                 const Spans *spans, const Prints *prints, const float *taps, int k) {
    const int size = view->size, across = (size + TILE - 1) / TILE;
    const float8v zero = {0};
    for (int y = 0; y < size; y++)
        for (int x = spans->x0[y]; x < spans->x1[y]; x++) {
            if (tiles[(y / TILE) * across + x / TILE] & EDGE) continue;
            const long q = (long)y * size + x;
            half *out = spans->terms + (spans->offset[y] + x - spans->x0[y]) * TERMS;
            const float u = kept(atlas[2 * q]), v = kept(atlas[2 * q + 1]);
            store(out, id[q] < 0 ? zero : sample_terms(cloths, view->flags[id[q]] & INSIDE, u, v));
        }
    int32_t *first, *list;
    if (bin(view, tiles, across, &first, &list)) return -1;
    Scratch *scratch = malloc(sizeof *scratch);
    if (scratch)
        for (int ty = 0; ty < across; ty++)
            for (int tx = 0; tx < across; tx++) {
                const int q = ty * across + tx;
                if (first[q + 1] > first[q])
                    tile_terms(view, cloths, spans, prints, taps, k, tx, ty, list + first[q], first[q + 1] - first[q], scratch);
            }
    free(first), free(list), free(scratch);
    return scratch ? 0 : -1;
}
