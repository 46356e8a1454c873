/* From the mesh to per-pixel light terms: visibility, which pixels need sub-samples, and the pixel filter. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

enum { TILE_BITS = 4, TILE = 1 << TILE_BITS, BLOCKS = TILE + 2, MAX_K = 8, MAX_SIDE = BLOCKS * MAX_K, MAX_TAPS = 3 * MAX_K };
enum { BAND_BITS = 6, BAND = 1 << BAND_BITS, WORD = 64, REACH = 2 };

typedef int32_t int8v __attribute__((vector_size(32), aligned(4)));
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
    const uint8_t *busy;     /* (busy_size,busy_size): 1 where the detail varies; NULL where it is finer nowhere */
    int32_t detail_size, busy_size;
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

static inline int8v select8(int8v mask, int8v a, int8v b) { return (a & mask) | (b & ~mask); }

/* Not-a-number becomes 0. */
static inline int8v keep8(float8v x) {
    const float8v scaled = x * ATLAS_STEPS + .5f, top = (float8v){0} + ATLAS_STEPS;
    const int8v above = (int8v)scaled & (scaled > 0.f);
    return __builtin_convertvector((float8v)select8((float8v)above < top, above, (int8v)top), int8v);
}

static inline int any(int8v mask) {
    uint64_t part[4];
    memcpy(part, &mask, sizeof part);
    return (part[0] | part[1] | part[2] | part[3]) != 0;
}

/* Eight samples in a row against a triangle. */
typedef struct {
    float8v l1, l2, depth;
    int8v seen;
} Hit;

/* Which of the samples from (x, y) on lie in the triangle and before the inverse depths in z; they go there. */
static inline int hit(const Plane *p, int x, int y, float *z, Hit *h) {
    const float8v px = COLUMNS + ((float)x - p->ax), before = *(const float8v *)z;
    const float py = (float)y + .5f - p->ay;
    h->l1 = p->d1x * px + p->d1y * py, h->l2 = p->d2x * px + p->d2y * py;
    h->depth = p->az + h->l1 * p->z1 + h->l2 * p->z2;
    h->seen = (h->l1 > -OVERLAP) & (h->l2 > -OVERLAP) & (h->l1 + h->l2 < 1.f + OVERLAP) & (h->depth > before);
    if (!any(h->seen)) return 0;
    *(int8v *)z = select8(h->seen, (int8v)h->depth, (int8v)before);
    return 1;
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

/* The triangles that face the camera and touch the picture: out has room for all.  Returns how many. */
EXPORT int faces(const View *view, Face *out) {
    const float last = (float)(view->size - 1);
    int n = 0;
    for (int t = 0; t < view->tri_count; t++) {
        const float *a = corner(view, t, 0), *b = corner(view, t, 1), *c = corner(view, t, 2);
        const float area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        if (!(area < 0.f)) continue;   /* y runs down, so a front face turns the other way */
        const float x0 = fminf(a[0], fminf(b[0], c[0])), x1 = fmaxf(a[0], fmaxf(b[0], c[0]));
        const float y0 = fminf(a[1], fminf(b[1], c[1])), y1 = fmaxf(a[1], fmaxf(b[1], c[1]));
        if (!(x1 > 0.f && y1 > 0.f && x0 < last + 1.f && y0 < last + 1.f)) continue;
        out[n++] = (Face){t, (int16_t)clampf(x0, 0.f, last), (int16_t)clampf(x1, 0.f, last),
                          (int16_t)clampf(y0, 0.f, last), (int16_t)clampf(y1, 0.f, last)};
    }
    return n;
}

/* A grid of cells over the picture, for lists of the faces that touch each cell or its border.  A cell is 1 << wide by
   1 << high pixels. */
typedef struct {
    int32_t across, down, wide, high, border;
    const uint8_t *wanted;   /* (down,across): cells with EDGE; NULL for all */
} Grid;

static inline void cells(const Grid *g, const Face *f, int *x0, int *x1, int *y0, int *y1) {
    *x0 = maxi(f->x0 - g->border, 0) >> g->wide, *x1 = mini((f->x1 + g->border) >> g->wide, g->across - 1);
    *y0 = maxi(f->y0 - g->border, 0) >> g->high, *y1 = mini((f->y1 + g->border) >> g->high, g->down - 1);
}

static inline int listed(const Grid *g, int cell) { return !g->wanted || (g->wanted[cell] & EDGE); }

/* Faces that touch each cell, as a list per cell in their order: *first (cells + 1) into *list. */
static int bin(const Face *face, int n, const Grid *g, int32_t **first, int32_t **list) {
    const int count = g->across * g->down;
    int32_t *from = calloc((size_t)count + 2, sizeof *from), *entries = NULL;
    int x0, x1, y0, y1;
    if (!from) return -1;
    for (int i = 0; i < n; i++) {
        cells(g, face + i, &x0, &x1, &y0, &y1);
        for (int y = y0; y <= y1; y++)
            for (int x = x0; x <= x1; x++) from[y * g->across + x + 2] += listed(g, y * g->across + x);
    }
    for (int i = 0; i < count; i++) from[i + 2] += from[i + 1];
    entries = malloc(((size_t)from[count + 1] + 1) * sizeof *entries);
    if (!entries) return free(from), -1;
    for (int i = 0; i < n; i++) {
        cells(g, face + i, &x0, &x1, &y0, &y1);
        for (int y = y0; y <= y1; y++)
            for (int x = x0; x <= x1; x++)
                if (listed(g, y * g->across + x)) entries[from[y * g->across + x + 1]++] = i;
    }
    *first = from, *list = entries;
    return 0;
}

/* Draw a face into rows [top, bottom) of the frame; z (rows,size) holds their inverse depths. */
static void draw_pixels(const View *view, const Face *f, int top, int bottom, float *z, const Frame *frame) {
    const int size = view->size, from = maxi(f->y0, top), to = mini(f->y1 + 1, bottom);
    const uint8_t flags = view->flags[f->triangle];
    Setup s;
    Hit h;
    setup(view, f->triangle, 1.f, 0.f, 0.f, &s);
    for (int y = from; y < to; y++)
        for (int first = f->x0; first <= f->x1; first += 8) {
            const int x = mini(first, size - 8);
            const long q = (long)y * size + x;
            if (!hit(&s.p, x, y, z + q - (long)top * size, &h)) continue;
            const float8v w = 1.f / h.depth;
            const int8v at = keep8((s.u0 + h.l1 * s.u1 + h.l2 * s.u2) * w) | keep8((s.v0 + h.l1 * s.v1 + h.l2 * s.v2) * w) << 16;
            int8v *atlas = (int8v *)(frame->atlas + 2 * q);
            byte8v *shown = (byte8v *)(frame->shown + q);
            const byte8v seen = (byte8v)__builtin_convertvector(h.seen, byte8v);
            *atlas = select8(h.seen, at, *atlas);
            *shown = (seen & flags) | (~seen & *shown);
        }
}

/* First and last column of a row that shows something, or size and -1. */
static void row_ends(const uint8_t *shown, int size, int32_t *ends) {
    static const uint8_t nothing[8] = {NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING};
    int from = 0, to = size - 1;
    while (from + 8 <= size && !memcmp(shown + from, nothing, 8)) from += 8;
    while (from < size && shown[from] == NOTHING) from++;
    while (to >= from + 8 && !memcmp(shown + to - 7, nothing, 8)) to -= 8;
    while (to >= from && shown[to] == NOTHING) to--;
    ends[0] = from, ends[1] = to < from ? -1 : to;
}

/* Which pixels of a row differ from their right or lower neighbour so much that an edge lies between: edge (size) is 0 or 1. */
static void row_edges(const View *view, const Frame *frame, int y, int from, int to, int jump, uint8_t *edge) {
    const int size = view->size;
    const uint8_t *shown = frame->shown + (long)y * size, *below = y + 1 < size ? shown + size : shown;
    const uint16_t *atlas = frame->atlas + 2 * (long)y * size, *under = y + 1 < size ? atlas + 2 * (long)size : atlas;
    const int last = mini(to, size - 1);
    for (int x = from; x < to; x++) {
        const int du = abs(atlas[2 * x] - under[2 * x]), dv = abs(atlas[2 * x + 1] - under[2 * x + 1]);
        edge[x] = (shown[x] != below[x]) | ((shown[x] != NOTHING) & ((du > jump) | (dv > jump)));
    }
    for (int x = from; x < last; x++) {
        const int du = abs(atlas[2 * x] - atlas[2 * x + 2]), dv = abs(atlas[2 * x + 1] - atlas[2 * x + 3]);
        edge[x] |= (shown[x] != shown[x + 1]) | ((shown[x] != NOTHING) & ((du > jump) | (dv > jump)));
    }
}

static inline int is_busy(const Cloths *c, const uint16_t *at) {
    return c->busy[(at[1] * c->busy_size >> 16) * c->busy_size + (at[0] * c->busy_size >> 16)];
}

static void row_busy(const View *view, const Cloths *cloths, const Frame *frame, int y, int from, int to, uint8_t *busy) {
    const uint8_t *shown = frame->shown + (long)y * view->size;
    const uint16_t *atlas = frame->atlas + 2 * (long)y * view->size;
    for (int x = from; x < to; x++)
        busy[x] = !(shown[x] & INSIDE) && is_busy(cloths, atlas + 2 * x);
}

/* Atlas rectangles by chart that prints may reach, in kept positions: left, top, right, bottom; empty when right <= left. */
typedef uint16_t Regions[CHART_MASK + 1][4];

static inline int printable(const uint16_t *r, const uint16_t *at) {
    return (at[0] >= r[0]) & (at[1] >= r[1]) & (at[0] < r[2]) & (at[1] < r[3]);
}

/* Which pixels of a row a print may reach: reached (size) is 0 or 1. */
static void row_reached(const View *view, const Frame *frame, const Regions regions, int y, int from, int to, uint8_t *reached) {
    const uint8_t *shown = frame->shown + (long)y * view->size;
    const uint16_t *atlas = frame->atlas + 2 * (long)y * view->size;
    for (int x = from, end; x < to; x = end) {
        for (end = x; end < to && shown[end] == shown[x]; end++);
        if (shown[x] & INSIDE) memset(reached + x, 0, (size_t)(end - x));
        else
            for (int i = x; i < end; i++) reached[i] = (uint8_t)printable(regions[shown[x] & CHART_MASK], atlas + 2 * i);
    }
}

/* A row of 0 and 1 as bits, spread by REACH to both sides. */
static void row_bits(const uint8_t *row, int words, uint64_t *bits) {
    uint64_t before = 0, here = 0;
    for (int w = -1; w < words; w++) {
        uint64_t next = 0;
        for (int i = 0; i < WORD && w + 1 < words; i++) next |= (uint64_t)row[(w + 1) * WORD + i] << i;
        if (w >= 0) bits[w] = here | here << 1 | here << 2 | here >> 1 | here >> 2 | before >> 62 | before >> 63 | next << 63 | next << 62;
        before = here, here = next;
    }
}

/* Sets a flag of the tiles that have a bit within REACH rows of row y. */
static void mark_tiles(const uint64_t *bits, int words, int across, int size, int y, uint8_t flag, uint8_t *tiles) {
    uint8_t *upper = tiles + maxi(y - REACH, 0) / TILE * across, *lower = tiles + mini(y + REACH, size - 1) / TILE * across;
    for (int w = 0; w < words; w++)
        for (int i = 0; bits[w] && i < WORD / TILE && w * (WORD / TILE) + i < across; i++)
            if (bits[w] >> (i * TILE) & 0xffff) upper[w * (WORD / TILE) + i] |= flag, lower[w * (WORD / TILE) + i] |= flag;
}

/* What marks the pixels of a picture: the largest step in kept atlas units between neighbours of one surface, where
   prints may reach, and scratch for a row. */
typedef struct {
    const View *view;
    const Cloths *cloths;
    const Frame *frame;
    const uint16_t (*regions)[4];
    int jump, words;
    int32_t *rows;
    uint8_t *tiles, *row;
    uint64_t *bits;
} Marker;

/* The marker's row as bits into the rows around y, and as a flag into their tiles. */
static void set_marks(const Marker *m, int y, uint8_t flag, uint64_t *marks) {
    const int size = m->view->size;
    row_bits(m->row, m->words, m->bits);
    mark_tiles(m->bits, m->words, (size + TILE - 1) / TILE, size, y, flag, m->tiles);
    for (int r = maxi(y - REACH, 0); r <= mini(y + REACH, size - 1) && marks; r++)
        for (int w = 0; w < m->words; w++) marks[(long)r * m->words + w] |= m->bits[w];
}

/* Mark what lies within REACH pixels of a silhouette, a seam or a fold, or of busy detail, and the tiles that prints may reach. */
static void mark_row(const Marker *m, int y) {
    const int size = m->view->size;
    const int32_t *a = m->rows + 2 * y, *b = y + 1 < size ? a + 2 : a;
    const int from = maxi(mini(a[0], b[0]) - 1, 0), to = mini(maxi(a[1], b[1]) + 2, size);
    if (from >= to) return;
    memset(m->row, 0, (size_t)m->words * WORD);
    row_edges(m->view, m->frame, y, from, to, m->jump, m->row);
    set_marks(m, y, EDGE, m->frame->edges);
    if (m->cloths->busy) row_busy(m->view, m->cloths, m->frame, y, from, to, m->row), set_marks(m, y, BUSY, m->frame->busy);
    row_reached(m->view, m->frame, m->regions, y, from, to, m->row);
    set_marks(m, y, PRINT, NULL);
}

/* See the faces (face_count), one sample a pixel, band by band so that depths stay in the cache: fills the frame, rows
   (size,2) first and last column that shows something, or size and -1, and the tiles' flags.  edges, busy and tiles must be zero. */
EXPORT int look(const View *view, const Face *face, int face_count, const Cloths *cloths, const uint16_t (*regions)[4], int jump,
                const Frame *frame, int32_t *rows, uint8_t *tiles) {
    const int size = view->size, words = (size + WORD - 1) / WORD;
    const Grid bands = {1, (size + BAND - 1) / BAND, 15, BAND_BITS, 0, NULL};
    int32_t *first = NULL, *list = NULL;
    float *z = malloc((size_t)BAND * size * sizeof *z);
    uint8_t *row = malloc((size_t)words * WORD);
    uint64_t *bits = malloc((size_t)words * sizeof *bits);
    const int failed = !z || !row || !bits || bin(face, face_count, &bands, &first, &list);
    const Marker marker = {view, cloths, frame, regions, jump, words, rows, tiles, row, bits};
    for (int band = 0, marked = 0; band < bands.down && !failed; band++) {
        const int top = band * BAND, bottom = mini(top + BAND, size);
        memset(z, 0, (size_t)(bottom - top) * size * sizeof *z);
        memset(frame->shown + (long)top * size, NOTHING, (size_t)(bottom - top) * size);
        for (int i = first[band]; i < first[band + 1]; i++) draw_pixels(view, face + list[i], top, bottom, z, frame);
        for (int y = top; y < bottom; y++) row_ends(frame->shown + (long)y * size, size, rows + 2 * y);
        for (; marked < (bottom < size ? bottom - 1 : size); marked++) mark_row(&marker, marked);   /* rows look at the next one */
    }
    free(z), free(row), free(bits), free(first), free(list);
    return failed ? -1 : 0;
}

/* The PRINT tiles' atlas positions, NOWHERE where no print may lie: out (blocks, TILE, TILE, 2) by block (across,across). */
EXPORT void print_blocks(const View *view, const Frame *frame, const uint16_t (*regions)[4], const int32_t *block, uint16_t *out) {
    const int size = view->size, across = (size + TILE - 1) / TILE;
    for (int t = 0; t < across * across; t++) {
        if (block[t] < 0) continue;
        uint16_t *o = out + (long)block[t] * TILE * TILE * 2;
        for (int y = 0; y < TILE; y++)
            for (int x = 0; x < TILE; x++, o += 2) {
                const int px = (t % across) * TILE + x, py = (t / across) * TILE + y;
                const long q = (long)mini(py, size - 1) * size + mini(px, size - 1);
                const uint8_t flags = frame->shown[q];
                const int can = px < size && py < size && !(flags & INSIDE) && printable(regions[flags & CHART_MASK], frame->atlas + 2 * q);
                o[0] = can ? frame->atlas[2 * q] : NOWHERE, o[1] = can ? frame->atlas[2 * q + 1] : NOWHERE;
            }
    }
}

static inline float8v texel(const half *p) { return __builtin_convertvector(*(const half8v *)p, float8v); }

/* Between four texels: p is the upper left one of a map of that size. */
static inline float8v between(const half *p, int size, float ax, float ay) {
    const half *q = p + LANES * (long)size;
    const float8v a = texel(p) + ax * (texel(p + LANES) - texel(p)), b = texel(q) + ax * (texel(q + LANES) - texel(q));
    return a + ay * (b - a);
}

static inline float8v fetch(const half *map, int size, float u, float v) {
    const float fx = clampf(u * size - .5f, 0.f, size - 1.001f), fy = clampf(v * size - .5f, 0.f, size - 1.001f);
    const int ix = (int)fx, iy = (int)fy;
    return between(map + LANES * ((long)iy * size + ix), size, fx - ix, fy - iy);
}

static inline float detail_between(const uint8_t *p, int size, float ax, float ay) {
    const float a = p[0] + ax * (p[1] - p[0]), b = p[size] + ax * (p[size + 1] - p[size]);
    return (a + ay * (b - a)) * (1.f / 255.f);
}

/* Light on cloth whose albedo has this detail. */
static inline float8v shaded(float8v light, float d) { return light * (float8v){d, d * d * d, d, 1.f, 1.f, 1.f, 1.f, 0.f}; }

/* Put the albedo's detail into a point's light. */
static inline float8v detailed(const Cloths *c, float8v light, float u, float v) {
    const int size = c->detail_size;
    const float fx = clampf(u * size - .5f, 0.f, size - 1.001f), fy = clampf(v * size - .5f, 0.f, size - 1.001f);
    const int ix = (int)fx, iy = (int)fy;
    return shaded(light, detail_between(c->detail + (long)iy * size + ix, size, fx - ix, fy - iy));
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

/* The pixels of a tile that are marked, a bit each: out (TILE). */
static void tile_marks(const uint64_t *marks, int size, int tx, int ty, uint32_t *out) {
    const int words = (size + WORD - 1) / WORD;
    for (int y = 0; y < TILE; y++) {
        const int py = ty * TILE + y;
        out[y] = py < size ? marks[(long)py * words + tx * TILE / WORD] >> (tx * TILE % WORD) & 0xffff : 0;
    }
}

/* The blocks of samples that the filter of these pixels reaches, one a pixel and a border of one: out (BLOCKS). */
static void tile_blocks(const uint32_t *marks, uint32_t *out) {
    for (int b = 0; b < BLOCKS; b++) {
        uint32_t row = 0;
        for (int y = maxi(b - 2, 0); y <= mini(b, TILE - 1); y++) row |= marks[y];
        out[b] = row | row << 1 | row << 2;
    }
}

static inline int bits_below(uint32_t bits, int count) { return __builtin_popcount(bits & ((1u << count) - 1)); }

/* The blocks that tiles with a slot keep: stored (slots,BLOCKS) bits, first (slots) where each tile's begin. Returns how many. */
EXPORT int stored_blocks(const uint64_t *edges, int size, const int32_t *slot, uint32_t *stored, int32_t *first) {
    const int across = (size + TILE - 1) / TILE;
    int n = 0;
    for (int t = 0; t < across * across; t++) {
        if (slot[t] < 0) continue;
        uint32_t marked[TILE], *blocks = stored + (long)slot[t] * BLOCKS;
        tile_marks(edges, size, t % across, t / across, marked);
        tile_blocks(marked, blocks);
        first[slot[t]] = n;
        for (int b = 0; b < BLOCKS; b++) n += bits_below(blocks[b], BLOCKS);
    }
    return n;
}

/* Where a view's finished pixels go: row y holds columns [x0[y], x1[y]) from offset[y]. */
typedef struct {
    const int32_t *x0, *x1;
    const int64_t *offset;
    half *terms;             /* (pixels, TERMS) */
} Spans;

/* Tiles with edges that prints can reach keep what their prints are filtered with: slot (across,across) is -1 or an index into
   stored and first (see stored_blocks), which point into samples (blocks, k, k, 2), kept atlas positions; and into
   surface (slots, TILE, TILE, TERMS), terms of the printable surface alone. */
typedef struct {
    const int32_t *slot, *first;
    const uint32_t *stored;
    uint16_t *samples;
    half *surface;
    uint8_t printable[CHART_MASK + 1];  /* by chart */
} Prints;

enum { SUMS = BLOCKS + 2 };

typedef struct {
    float z[MAX_SIDE * MAX_SIDE];
    int32_t id[MAX_SIDE * MAX_SIDE];
    float8v sum[SUMS][SUMS], printed_sum[SUMS][SUMS];   /* a border of two pixels, which blocks at the rim reach */
} Scratch;

/* One tile at work: where its samples lie, and what it leaves for prints (prints is NULL where none can lie). */
typedef struct {
    const View *view;
    const Cloths *cloths;
    const Prints *prints;
    int k, side;
    float x0, y0;
    Scratch *scratch;
} Job;

/* What the k by k samples of a block show.  Where they are even they all equal the first. */
typedef struct {
    int even;
    float8v all[MAX_K * MAX_K], printed[MAX_K * MAX_K];
} Block;

/* Whether the k by k samples from (x,y) show one smooth piece of one surface. */
static int one_surface(const Job *j, int x, int y) {
    const int32_t *id = j->scratch->id + y * j->side + x;
    const float *z = j->scratch->z + y * j->side + x;
    const int first = id[0];
    if (first < 0) return 0;
    float near = z[0], far = z[0];
    for (int r = 0; r < j->k; r++)
        for (int c = 0; c < j->k; c++) {
            const int q = r * j->side + c;
            if (id[q] != first && (id[q] < 0 || j->view->flags[id[q]] != j->view->flags[first])) return 0;
            near = fmaxf(near, z[q]), far = fminf(far, z[q]);
        }
    return near - far < .0012f * near;   /* 2.5 mm at two metres: neither a fold nor a grazing view */
}

static inline int prints_lie_on(const Job *j, int flags) { return j->prints && !(flags & INSIDE) && j->prints->printable[flags & CHART_MASK]; }

/* One smooth piece of cloth: its samples share one look-up of light, and lie in the plane of one of its triangles.
   Where the detail is even they share that too. */
static void smooth_block(const Job *j, int x, int y, Block *out, uint16_t *kept_at) {
    const int k = j->k, t = j->scratch->id[(y + k / 2) * j->side + x + k / 2], flags = j->view->flags[t];
    const int prints = prints_lie_on(j, flags);
    uint16_t centre[2];
    Setup s;
    float u, v;
    setup(j->view, t, (float)k, j->x0, j->y0, &s);
    atlas_at(&s, x + .5f * k, y + .5f * k, &u, &v);
    keep_atlas(u, v, centre);
    out->even = (flags & INSIDE) || !j->cloths->busy || !is_busy(j->cloths, centre);
    const float8v light = flags & INSIDE ? fetch(j->cloths->inside, j->cloths->inside_size, u, v) : fetch(j->cloths->outside, j->cloths->outside_size, u, v);
    out->all[0] = out->even && !(flags & INSIDE) ? detailed(j->cloths, light, u, v) : light;
    for (int i = 0; i < k * k && (!out->even || prints); i++) {
        atlas_at(&s, x + i % k + .5f, y + i / k + .5f, &u, &v);
        if (!out->even) out->all[i] = detailed(j->cloths, light, u, v);
        if (prints) keep_atlas(u, v, kept_at + 2 * i);
    }
    for (int i = 0; i < (out->even ? 1 : k * k) && j->prints; i++) out->printed[i] = prints ? out->all[i] : (float8v){0};
}

/* Any other block: each sample looks for itself. */
static void mixed_block(const Job *j, int x, int y, Block *out, uint16_t *kept_at) {
    const int k = j->k;
    int last = -1;
    Setup s;
    out->even = 0;
    for (int i = 0; i < k * k; i++) {
        const int t = j->scratch->id[(y + i / k) * j->side + x + i % k];
        float u, v;
        out->all[i] = out->printed[i] = (float8v){0};
        if (t < 0) continue;
        const int flags = j->view->flags[t];
        if (t != last) setup(j->view, t, (float)k, j->x0, j->y0, &s), last = t;
        atlas_at(&s, x + i % k + .5f, y + i / k + .5f, &u, &v);
        out->all[i] = sample_terms(j->cloths, flags & INSIDE, u, v);
        if (prints_lie_on(j, flags)) out->printed[i] = out->all[i], keep_atlas(u, v, kept_at + 2 * i);
    }
}

/* A filter over three pixels, k taps a pixel. */
typedef struct {
    float taps[MAX_TAPS], share[3];   /* share: their sums by pixel */
    int k;
} Filter;

/* The filter with every `pair` taps taken together. */
static Filter make_filter(const float *taps, int k, int pair) {
    Filter f = {.k = k / pair};
    for (int i = 0; i < 3 * k; i++) f.taps[i / pair] += taps[i], f.share[i / k] += taps[i];
    return f;
}

/* A block's share of the three by three pixels whose filter reaches it; at: the last of them.  Even samples all equal the first. */
static void spread(const Filter *f, int even, const float8v *samples, float8v (*at)[SUMS], int column) {
    const int k = f->k;
    for (int row = 0; row < 3; row++) {
        const float *down = f->taps + row * k;
        float8v sums[MAX_K];
        for (int i = 0; i < 3 && even; i++) at[-row][column - i] += f->share[row] * f->share[i] * samples[0];
        if (even) continue;
        for (int c = 0; c < k; c++) {
            sums[c] = down[0] * samples[c];
            for (int r = 1; r < k; r++) sums[c] += down[r] * samples[r * k + c];
        }
        for (int i = 0; i < 3; i++) {
            const float *across = f->taps + i * k;
            float8v sum = across[0] * sums[0];
            for (int c = 1; c < k; c++) sum += across[c] * sums[c];
            at[-row][column - i] += sum;
        }
    }
}

/* Draw a face into the samples of the blocks that are wanted. */
static void draw_samples(const Job *j, const Face *f, int left, int top, const uint32_t *blocks) {
    const int k = j->k, side = j->side, x0 = maxi(f->x0 - left, 0), x1 = mini(f->x1 - left, BLOCKS - 1);
    const uint32_t columns = (2u << x1) - (1u << x0);
    const View *w = j->view;
    Plane p;
    Hit h;
    plane(corner(w, f->triangle, 0), corner(w, f->triangle, 1), corner(w, f->triangle, 2), (float)k, j->x0, j->y0, &p);
    for (int b = maxi(f->y0 - top, 0); b <= mini(f->y1 - top, BLOCKS - 1); b++) {
        const uint32_t wanted = blocks[b] & columns;
        if (!wanted) continue;
        const int from = __builtin_ctz(wanted) * k, to = (32 - __builtin_clz(wanted)) * k;
        for (int y = b * k; y < b * k + k; y++)
            for (int first = from; first < to; first += 8) {
                const int x = mini(first, side - 8), q = y * side + x;
                if (!hit(&p, x, y, j->scratch->z + q, &h)) continue;
                int8v *id = (int8v *)(j->scratch->id + q);
                *id = select8(h.seen, (int8v){0} + f->triangle, *id);
            }
    }
}

/* The samples of all drawn blocks of a tile, through the filter into its sums. */
static void filter_tile(const Job *j, const Filter *filter, const uint32_t *blocks, uint16_t *samples) {
    Scratch *m = j->scratch;
    const int k = j->k;
    uint16_t unused[2 * MAX_K * MAX_K];
    Block block;
    for (int y = 0; y < BLOCKS; y++)
        for (int x = 0; x < BLOCKS; x++) {
            if (!(blocks[y] >> x & 1)) continue;
            if (one_surface(j, x * k, y * k)) smooth_block(j, x * k, y * k, &block, samples ? samples : unused);
            else mixed_block(j, x * k, y * k, &block, samples ? samples : unused);
            spread(filter, block.even, block.all, m->sum + y + 2, x + 2);
            if (!samples) continue;
            spread(filter, block.even, block.printed, m->printed_sum + y + 2, x + 2);
            samples += 2 * k * k;
        }
}

/* What is computed once per view and the same for all its tiles. */
typedef struct {
    const View *view;
    const Cloths *cloths;
    const Frame *frame;
    const Spans *spans;
    const Prints *prints;
    Filter drawn, flat;      /* for blocks that are drawn, and for those of detail on smooth cloth */
} Task;

/* A pixel far from any edge: its samples lie between the centres of its neighbours, and only the detail differs. */
static void flat_block(const Task *task, int px, int py, Block *out) {
    const int size = task->view->size, k = task->flat.k;
    const uint16_t *at = task->frame->atlas + 2 * ((long)py * size + px);
    const uint16_t *left = px > 0 ? at - 2 : at, *right = px + 1 < size ? at + 2 : at;
    const uint16_t *up = py > 0 ? at - 2 * size : at, *down = py + 1 < size ? at + 2 * size : at;
    const float u = kept(at[0]), v = kept(at[1]), step = .5f / ATLAS_STEPS / k;
    const float ux = (right[0] - left[0]) * step, vx = (right[1] - left[1]) * step;
    const float uy = (down[0] - up[0]) * step, vy = (down[1] - up[1]) * step;
    const uint8_t flags = task->frame->shown[(long)py * size + px];
    out->even = (flags & INSIDE) || !is_busy(task->cloths, at);
    out->all[0] = out->even ? sample_terms(task->cloths, flags & INSIDE, u, v) : fetch(task->cloths->outside, task->cloths->outside_size, u, v);
    const float8v light = out->all[0];
    for (int i = 0; i < k * k && !out->even; i++) {
        const float x = i % k + .5f - .5f * k, y = i / k + .5f - .5f * k;
        out->all[i] = detailed(task->cloths, light, u + x * ux + y * uy, v + x * vx + y * vy);
    }
}

/* Blocks of a tile that need no drawing, through the filter into its sums. */
static void filter_flat(const Task *task, int left, int top, const uint32_t *blocks, const uint32_t *drawn, Scratch *m) {
    const int size = task->view->size;
    Block block;
    for (int y = 0; y < BLOCKS; y++)
        for (int x = 0; x < BLOCKS; x++) {
            const int px = left + x, py = top + y;
            if (!((blocks[y] & ~drawn[y]) >> x & 1) || px < 0 || py < 0 || px >= size || py >= size) continue;
            if (task->frame->shown[(long)py * size + px] == NOTHING) continue;
            flat_block(task, px, py, &block);
            spread(&task->flat, block.even, block.all, m->sum + y + 2, x + 2);
        }
}

static half *pixel_terms(const Spans *s, int x, int y) { return s->terms + (s->offset[y] + x - s->x0[y]) * TERMS; }

/* The finished pixels of a tile with marks; those without a mark have their terms already. */
static void finish_tile(const Task *task, int tx, int ty, const uint32_t *edges, const uint32_t *marks, int slot, const Scratch *m) {
    const int size = task->view->size;
    half *surface = slot < 0 ? NULL : task->prints->surface + (long)slot * TILE * TILE * TERMS;
    for (int y = 0; y < TILE && ty * TILE + y < size; y++)
        for (int x = 0; x < TILE; x++) {
            const int px = tx * TILE + x, py = ty * TILE + y, inside = px >= task->spans->x0[py] && px < task->spans->x1[py];
            half *out = surface ? surface + (y * TILE + x) * TERMS : NULL;
            if ((marks[y] >> x & 1) && inside) store(pixel_terms(task->spans, px, py), m->sum[y + 2][x + 2]);
            if (!out) continue;
            const uint8_t flags = task->frame->shown[(long)py * size + mini(px, size - 1)];
            if (edges[y] >> x & 1) store(out, m->printed_sum[y + 2][x + 2]);
            else if (inside && !(flags & INSIDE) && task->prints->printable[flags & CHART_MASK])
                memcpy(out, pixel_terms(task->spans, px, py), TERMS * sizeof(half));
        }
}

static void clear_scratch(Scratch *m, int k, int prints, const uint32_t *drawn) {
    const size_t row = (size_t)BLOCKS * k * k;
    for (int b = 0; b < BLOCKS; b++)
        if (drawn[b]) memset(m->z + b * row, 0, sizeof *m->z * row), memset(m->id + b * row, 0xff, sizeof *m->id * row);
    memset(m->sum, 0, sizeof m->sum);
    if (prints) memset(m->printed_sum, 0, sizeof m->printed_sum);
}

static void marked_tile(const Task *task, int tx, int ty, const Face *face, const int32_t *list, int n, Scratch *m) {
    const int k = task->drawn.k, left = tx * TILE - 1, top = ty * TILE - 1, size = task->view->size;
    const int slot = task->prints->slot[ty * ((size + TILE - 1) / TILE) + tx];
    uint32_t edges[TILE], marks[TILE], drawn[BLOCKS], blocks[BLOCKS];
    tile_marks(task->frame->edges, size, tx, ty, edges);
    tile_marks(task->frame->busy, size, tx, ty, marks);
    for (int y = 0; y < TILE; y++) marks[y] |= edges[y];
    tile_blocks(edges, drawn);
    tile_blocks(marks, blocks);
    clear_scratch(m, k, slot >= 0, drawn);
    const Job job = {task->view, task->cloths, slot < 0 ? NULL : task->prints, k, BLOCKS * k, (float)(left * k), (float)(top * k), m};
    for (int i = 0; i < n; i++) draw_samples(&job, face + list[i], left, top, drawn);
    filter_tile(&job, &task->drawn, drawn, slot < 0 ? NULL : task->prints->samples + 2l * k * k * task->prints->first[slot]);
    filter_flat(task, left, top, blocks, drawn, m);
    finish_tile(task, tx, ty, edges, marks, slot, m);
}

/* Bilinear look-ups of a word of pixels in a map: where, and how far to the next texel. */
typedef struct {
    int32_t at[WORD];
    float ax[WORD], ay[WORD];
} Lookups;

static void find(const uint16_t *atlas, int n, int size, Lookups *out) {
    const float scale = size / ATLAS_STEPS, last = size - 1.001f;
    for (int i = 0; i < n; i++) {
        const float fx = clampf(atlas[2 * i] * scale - .5f, 0.f, last), fy = clampf(atlas[2 * i + 1] * scale - .5f, 0.f, last);
        const int ix = (int)fx, iy = (int)fy;
        out->at[i] = iy * size + ix, out->ax[i] = fx - ix, out->ay[i] = fy - iy;
    }
}

/* Terms at the centres of n pixels from q on, but for those that skip has a bit for: out (n). */
static void centre_terms(const Task *task, long q, int n, uint64_t skip, float8v *out) {
    const Cloths *c = task->cloths;
    const uint16_t *atlas = task->frame->atlas + 2 * q;
    const uint8_t *shown = task->frame->shown + q;
    Lookups light, detail;
    find(atlas, n, c->outside_size, &light);
    find(atlas, n, c->detail_size, &detail);
    for (int i = 0; i < n; i++) {
        out[i] = (float8v){0};
        if (shown[i] == NOTHING || (skip >> i & 1)) continue;
        if (shown[i] & INSIDE) {
            out[i] = fetch(c->inside, c->inside_size, kept(atlas[2 * i]), kept(atlas[2 * i + 1]));
            continue;
        }
        const float8v found = between(c->outside + LANES * (long)light.at[i], c->outside_size, light.ax[i], light.ay[i]);
        out[i] = shaded(found, detail_between(c->detail + detail.at[i], c->detail_size, detail.ax[i], detail.ay[i]));
    }
}

static inline uint64_t marked(const Frame *f, int size, int y, int w) {
    const int words = (size + WORD - 1) / WORD;
    const long q = (long)y * words + w;
    return y < 0 || y >= size || w < 0 || w >= words ? 0 : f->edges[q] | f->busy[q];
}

/* Pixels of a word that have only marked neighbours: the filter of no plain pixel reaches them. */
static uint64_t deep(const Frame *f, int size, int y, int w) {
    uint64_t all[3];
    for (int i = 0; i < 3; i++) all[i] = marked(f, size, y - 1, w + i - 1) & marked(f, size, y, w + i - 1) & marked(f, size, y + 1, w + i - 1);
    return all[1] & (all[1] << 1 | all[0] >> 63) & (all[1] >> 1 | all[2] << 63);
}

/* One row of terms at pixels' centres, filtered along the row: out (size). */
static void centre_row(const Task *task, int y, float8v *centres, float8v *out) {
    const int size = task->view->size, from = task->spans->x0[y], to = task->spans->x1[y];
    const float *share = task->drawn.share;
    if (from >= to) return;
    const int left = from / WORD * WORD;
    for (int x = left; x < to; x += WORD)
        centre_terms(task, (long)y * size + x, mini(WORD, size - x), deep(task->frame, size, y, x / WORD), centres + x);
    for (int x = from; x < to; x++) out[x] = share[0] * centres[maxi(x - 1, left)] + share[1] * centres[x] + share[2] * centres[mini(x + 1, to - 1)];
}

/* Pixels without a mark: one sample each, and the filter between them.  rows (4,size) is scratch. */
static void plain_pixels(const Task *task, float8v *rows) {
    const int size = task->view->size;
    const float *share = task->drawn.share;
    const Spans *s = task->spans;
    for (int y = -1; y < size; y++) {
        if (y + 1 < size) centre_row(task, y + 1, rows + 3l * size, rows + (y + 1) % 3 * (long)size);
        for (int x = y < 0 ? size : s->x0[y]; y >= 0 && x < s->x1[y]; x++) {
            if (task->frame->shown[(long)y * size + x] == NOTHING || (marked(task->frame, size, y, x / WORD) >> (x % WORD) & 1)) continue;
            const float8v *above = rows + maxi(y - 1, 0) % 3 * (long)size, *here = rows + y % 3 * (long)size, *below = rows + mini(y + 1, size - 1) % 3 * (long)size;
            store(pixel_terms(s, x, y), share[0] * above[x] + share[1] * here[x] + share[2] * below[x]);
        }
    }
}

/* Fill spans->terms (zero before): one sample for plain pixels, k*k samples through the filter taps (3k) for marked ones. */
EXPORT int terms(const View *view, const Face *face, int face_count, const Cloths *cloths, const Frame *frame, const uint8_t *tiles,
                 const Spans *spans, const Prints *prints, const float *taps, int k) {
    const int across = (view->size + TILE - 1) / TILE;
    const Grid grid = {across, across, TILE_BITS, TILE_BITS, 1, tiles};
    const Task task = {view, cloths, frame, spans, prints, make_filter(taps, k, 1), make_filter(taps, k, k % 2 ? 1 : 2)};
    int32_t *first = NULL, *list = NULL;
    float8v *rows = calloc((size_t)view->size * 4, sizeof *rows);
    Scratch *scratch = malloc(sizeof *scratch);
    const int failed = !rows || !scratch || bin(face, face_count, &grid, &first, &list);
    if (!failed) plain_pixels(&task, rows);
    for (int t = 0; t < across * across && !failed; t++)
        if (tiles[t] & (EDGE | BUSY)) marked_tile(&task, t % across, t / across, face, list + first[t], first[t + 1] - first[t], scratch);
    free(rows), free(scratch), free(first), free(list);
    return failed ? -1 : 0;
}
