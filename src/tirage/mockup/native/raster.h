/* What raster.c and terms.c share: a camera's view of the mesh, what pixels show, triangles against samples. */
#ifndef TIRAGE_RASTER_H
#define TIRAGE_RASTER_H

#include <stdint.h>
#include <string.h>

#include "kernels.h"

enum { TILE_BITS = 4, TILE = 1 << TILE_BITS, BLOCKS = TILE + 2, MAX_K = 8, MAX_SIDE = BLOCKS * MAX_K, MAX_TAPS = 3 * MAX_K };
enum { WORD = 64 };

typedef uint8_t byte8v __attribute__((vector_size(8), aligned(1)));

/* One camera's view of the mesh.  corner (n,3): x, y in pixels and 1/depth.  flags (m): chart | INSIDE or RIM. */
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
    const uint8_t *busy;     /* (busy_size,busy_size): 1 where the detail varies; NULL where nobody asks (authoring/unseen.py) */
    int32_t detail_size, busy_size;
    const half *coat;        /* (coat_size,coat_size): what a smooth material mirrors; NULL for a dull one */
    int32_t coat_size;
} Cloths;

/* A triangle that faces the camera, and the pixels that it may touch. */
typedef struct {
    int32_t triangle;
    int16_t x0, x1, y0, y1;
} Face;

/* What pixels' centres show: shown (size,size) the triangle's flags or NOTHING, atlas (size,size,2) kept positions where
   something is shown; edges and busy (size,words) a bit for each pixel whose filter reaches an edge, or busy detail, in words
   of WORD pixels. */
typedef struct {
    uint8_t *shown;
    uint16_t *atlas;
    uint64_t *edges, *busy;
} Frame;

/* Barycentric coordinates l1, l2 as planes over the sample grid, and inverse depth at the first corner and its steps. */
typedef struct {
    float ax, ay, az, d1x, d1y, d2x, d2y, z1, z2;
} Plane;

/* A plane with the atlas position, both over depth. */
typedef struct {
    Plane p;
    float u0, v0, u1, v1, u2, v2;
} Setup;

static const float8v COLUMNS = {.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f, 6.5f, 7.5f};

/* Triangles reach this far beyond their edges, in shares of their size, so that rounding opens no cracks between them. */
#define OVERLAP 2e-5f

static inline void plane(const float *a, const float *b, const float *c, float scale, float x0, float y0, Plane *p) {
    const float e1x = (b[0] - a[0]) * scale, e1y = (b[1] - a[1]) * scale, e2x = (c[0] - a[0]) * scale, e2y = (c[1] - a[1]) * scale;
    const float inv = 1.f / (e1x * e2y - e1y * e2x);
    p->ax = a[0] * scale - x0, p->ay = a[1] * scale - y0, p->az = a[2];
    p->d1x = e2y * inv, p->d1y = -e2x * inv, p->d2x = -e1y * inv, p->d2y = e1x * inv;
    p->z1 = b[2] - a[2], p->z2 = c[2] - a[2];
}

static inline const float *corner(const View *w, int t, int k) { return w->corner + 3 * (long)w->tri[3 * (long)t + k]; }

/* In sample units: scale a pixel, the origin at x0, y0. */
static inline void setup(const View *w, int t, float scale, float x0, float y0, Setup *s) {
    const int32_t *i = w->tri + 3 * (long)t;
    const float *a = corner(w, t, 0), *b = corner(w, t, 1), *c = corner(w, t, 2);
    const float *ua = w->uv + 2 * (long)i[0], *ub = w->uv + 2 * (long)i[1], *uc = w->uv + 2 * (long)i[2];
    plane(a, b, c, scale, x0, y0, &s->p);
    s->u0 = ua[0] * a[2], s->v0 = ua[1] * a[2];
    s->u1 = ub[0] * b[2] - s->u0, s->v1 = ub[1] * b[2] - s->v0;
    s->u2 = uc[0] * c[2] - s->u0, s->v2 = uc[1] * c[2] - s->v0;
}

static inline float kept(uint16_t x) { return x * (1.f / ATLAS_STEPS); }

/* Eight samples in a row against a triangle. */
typedef struct {
    float8v l1, l2, depth;
    int8v seen;
} Hit;

/* Which of the eight samples from (x, y) to the right lie in the triangle and before the inverse depths in z; they go there. */
static inline int hit(const Plane *p, float x, int y, float *z, Hit *h) {
    const float8v px = COLUMNS + (x - p->ax), before = *(const float8v *)z;
    const float py = (float)y + .5f - p->ay;
    h->l1 = p->d1x * px + p->d1y * py, h->l2 = p->d2x * px + p->d2y * py;
    h->depth = p->az + h->l1 * p->z1 + h->l2 * p->z2;
    h->seen = (h->l1 > -OVERLAP) & (h->l2 > -OVERLAP) & (h->l1 + h->l2 < 1.f + OVERLAP) & (h->depth > before);
    if (!any(h->seen)) return 0;
    *(int8v *)z = select8(h->seen, (int8v)h->depth, (int8v)before);
    return 1;
}

/* Not-a-number becomes 0. */
static inline int8v keep8(float8v x) {
    const float8v scaled = x * ATLAS_STEPS + .5f, top = (float8v){0} + ATLAS_STEPS;
    const int8v above = (int8v)scaled & (scaled > 0.f);
    return __builtin_convertvector((float8v)select8((float8v)above < top, above, (int8v)top), int8v);
}

/* The kept atlas positions of eight samples: the second number above the first. */
static inline int8v hit_atlas(const Setup *s, const Hit *h) {
    const float8v w = 1.f / h->depth;
    return keep8((s->u0 + h->l1 * s->u1 + h->l2 * s->u2) * w) | keep8((s->v0 + h->l1 * s->v1 + h->l2 * s->v2) * w) << 16;
}

static inline int is_busy(const Cloths *c, const uint16_t *at) {
    return c->busy[(at[1] * c->busy_size >> 16) * c->busy_size + (at[0] * c->busy_size >> 16)];
}

/* A grid of cells over the picture, for lists of the faces that touch each cell or its border.  A cell is 1 << wide by
   1 << high pixels. */
typedef struct {
    int32_t across, down, wide, high, border;
    const uint8_t *wanted;   /* (down,across): cells with EDGE; NULL for all */
} Grid;

/* Faces that touch each cell, as a list per cell in their order: *first (cells + 1) into *list, both to be freed.
   Returns 0, or -1 when memory ran out. */
int list_faces(const Face *face, int n, const Grid *g, int32_t **first, int32_t **list);

#endif
