/* What a camera sees of the mesh at pixels' centres, and which pixels need more than that. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "raster.h"

/* Rows that are drawn together; how far an edge marks: it lies between a pixel and the next one to the right or below, and
   the filter reaches 1.5 pixels. */
enum { BAND_BITS = 6, BAND = 1 << BAND_BITS, BEFORE = 1, BEHIND = 2 };

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

static inline void cells(const Grid *g, const Face *f, int *x0, int *x1, int *y0, int *y1) {
    *x0 = maxi(f->x0 - g->border, 0) >> g->wide, *x1 = mini((f->x1 + g->border) >> g->wide, g->across - 1);
    *y0 = maxi(f->y0 - g->border, 0) >> g->high, *y1 = mini((f->y1 + g->border) >> g->high, g->down - 1);
}

static inline int listed(const Grid *g, int cell) { return !g->wanted || (g->wanted[cell] & EDGE); }

int list_faces(const Face *face, int n, const Grid *g, int32_t **first, int32_t **list) {
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
            const int8v at = hit_atlas(&s, &h);
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

/* A row of 0 and 1 as bits, spread by BEFORE to the left and BEHIND to the right. */
static void row_bits(const uint8_t *row, int words, uint64_t *bits) {
    uint64_t before = 0, here = 0;
    for (int w = -1; w < words; w++) {
        uint64_t next = 0;
        for (int i = 0; i < WORD && w + 1 < words; i++) next |= (uint64_t)row[(w + 1) * WORD + i] << i;
        if (w >= 0) bits[w] = here | here << 1 | here << 2 | here >> 1 | before >> 62 | before >> 63 | next << 63;
        before = here, here = next;
    }
}

/* Sets a flag of the tiles that have a bit in the rows that row y marks. */
static void mark_tiles(const uint64_t *bits, int words, int across, int size, int y, uint8_t flag, uint8_t *tiles) {
    uint8_t *upper = tiles + maxi(y - BEFORE, 0) / TILE * across, *lower = tiles + mini(y + BEHIND, size - 1) / TILE * across;
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
    for (int r = maxi(y - BEFORE, 0); r <= mini(y + BEHIND, size - 1) && marks; r++)
        for (int w = 0; w < m->words; w++) marks[(long)r * m->words + w] |= m->bits[w];
}

/* Mark what the filter takes in of a silhouette, a seam or a fold, or of busy detail, and the tiles that prints may reach. */
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
    const int failed = !z || !row || !bits || list_faces(face, face_count, &bands, &first, &list);
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
