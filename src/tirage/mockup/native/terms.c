/* The light of every pixel: one sample where cloth is smooth, many around edges and busy detail, through the pixel filter. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "raster.h"

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

/* What a smooth material mirrors there, on fabric and ink alike. */
static inline float8v mirrored(const Cloths *c, float u, float v) {
    if (!c->coat) return (float8v){0};
    const int size = c->coat_size;
    const float fx = clampf(u * size - .5f, 0.f, size - 1.001f), fy = clampf(v * size - .5f, 0.f, size - 1.001f);
    const int ix = (int)fx, iy = (int)fy;
    const half *p = c->coat + (long)iy * size + ix, *q = p + size;
    const float ax = fx - ix, a = (float)p[0] + ax * ((float)p[1] - (float)p[0]), b = (float)q[0] + ax * ((float)q[1] - (float)q[0]);
    const float gloss = a + (fy - iy) * (b - a);
    return (float8v){0, 0, 0, gloss};
}

/* Light on the outside. */
static inline float8v lit(const Cloths *c, float u, float v) { return fetch(c->outside, c->outside_size, u, v) + mirrored(c, u, v); }

static inline float detail_between(const uint8_t *p, int size, float ax, float ay) {
    const float a = p[0] + ax * (p[1] - p[0]), b = p[size] + ax * (p[size + 1] - p[size]);
    return (a + ay * (b - a)) * (1.f / 255.f);
}

/* Light on cloth whose albedo has this detail. */
static inline float8v shaded(float8v light, float d) { return light * (float8v){d, d * d * d, d, 1.f, 1.f, 1.f, 1.f, 0.f}; }

/* Whether those four texels say plain cloth, as nearly all do. */
static inline int plain_cloth(const uint8_t *p, int size) {
    uint16_t upper, lower;
    memcpy(&upper, p, sizeof upper), memcpy(&lower, p + size, sizeof lower);
    return (upper & lower) == 0xffff;
}

/* Put the albedo's detail into a point's light. */
static inline float8v detailed(const Cloths *c, float8v light, float u, float v) {
    const int size = c->detail_size;
    const float fx = clampf(u * size - .5f, 0.f, size - 1.001f), fy = clampf(v * size - .5f, 0.f, size - 1.001f);
    const int ix = (int)fx, iy = (int)fy;
    const uint8_t *grey = c->detail + (long)iy * size + ix;
    return plain_cloth(grey, size) ? light : shaded(light, detail_between(grey, size, fx - ix, fy - iy));
}

/* The terms of one sample. */
static inline float8v sample_terms(const Cloths *c, int inside, float u, float v) {
    if (inside) return fetch(c->inside, c->inside_size, u, v);
    return detailed(c, lit(c, u, v), u, v);
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
    uint16_t atlas[2 * MAX_SIDE * MAX_SIDE];   /* kept positions of the samples that show something */
    float8v sum[SUMS][SUMS], printed_sum[SUMS][SUMS];   /* a border of two pixels, which blocks at the rim reach */
} Scratch;

/* One tile at work: where its samples lie, and what it leaves for prints (prints is NULL where none can lie). */
typedef struct {
    const View *view;
    const Cloths *cloths;
    const Prints *prints;
    int k, side, far;    /* far: steps of the atlas that samples of a pixel on one piece of cloth are at most apart */
    float x0, y0;
    const float *stagger;
    Scratch *scratch;
} Job;

/* What the k by k samples of a block show.  Where they are even they all equal the first. */
typedef struct {
    int even;
    float8v all[MAX_K * MAX_K], printed[MAX_K * MAX_K];
} Block;

/* Whether two samples are farther apart on the atlas than on one piece of cloth, in each direction. */
static inline int far_apart(const uint16_t *a, const uint16_t *b, int far) { return abs(a[0] - b[0]) > far || abs(a[1] - b[1]) > far; }

/* Whether the k by k samples from (x,y) show one smooth piece of one surface, and of the atlas: a narrow strip has its own light. */
static int one_surface(const Job *j, int x, int y) {
    const int32_t *id = j->scratch->id + y * j->side + x;
    const uint16_t *atlas = j->scratch->atlas + 2 * (y * j->side + x), *right = atlas + 2 * (j->k - 1), *below = atlas + 2 * (j->k - 1) * j->side;
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
    if (far_apart(atlas, below + (right - atlas), j->far) || far_apart(right, below, j->far)) return 0;
    if (far_apart(atlas, atlas + 2 * (j->k / 2) * (j->side + 1), j->far)) return 0;
    return near - far < .0012f * near;   /* 2.5 mm at two metres: neither a fold nor a grazing view */
}

static inline int prints_lie_on(const Job *j, int flags) { return j->prints && !(flags & INSIDE) && j->prints->printable[flags & CHART_MASK]; }

/* How far the samples of row y lie to the right of their places in a square grid, in samples: rows take turns, so that an
   upright edge crosses them one by one. */
static inline float stagger(int y, int k) { return ((5 * y) % k + .5f) / k - .5f; }

/* One smooth piece of cloth: where its detail is even its samples share one look-up. */
static void smooth_block(const Job *j, int x, int y, Block *out, uint16_t *kept_at) {
    const int k = j->k, side = j->side, low = (k - 1) / 2, high = k / 2, centre = (y + high) * side + x + high;
    const int flags = j->view->flags[j->scratch->id[centre]], prints = prints_lie_on(j, flags);
    const uint16_t *atlas = j->scratch->atlas, *behind = atlas + 2 * centre, *before = atlas + 2 * ((y + low) * side + x + low);
    if (far_apart(before, behind, j->far)) before = behind;
    const float u = .5f * (kept(before[0]) + kept(behind[0])), v = .5f * (kept(before[1]) + kept(behind[1]));
    out->even = (flags & INSIDE) || !is_busy(j->cloths, behind);
    if (out->even) out->all[0] = sample_terms(j->cloths, flags & INSIDE, u, v);
    for (int i = 0; i < k * k && (!out->even || prints); i++) {
        const uint16_t *at = atlas + 2 * ((y + i / k) * side + x + i % k);
        if (!out->even) out->all[i] = sample_terms(j->cloths, 0, kept(at[0]), kept(at[1]));
        if (prints) kept_at[2 * i] = at[0], kept_at[2 * i + 1] = at[1];
    }
    for (int i = 0; i < (out->even ? 1 : k * k) && j->prints; i++) out->printed[i] = prints ? out->all[i] : (float8v){0};
}

/* Any other block: each sample looks for itself. */
static void mixed_block(const Job *j, int x, int y, Block *out, uint16_t *kept_at) {
    const int k = j->k;
    out->even = 0;
    for (int i = 0; i < k * k; i++) {
        const int q = (y + i / k) * j->side + x + i % k, t = j->scratch->id[q];
        const uint16_t *at = j->scratch->atlas + 2 * q;
        out->all[i] = out->printed[i] = (float8v){0};
        if (t < 0) continue;
        const int flags = j->view->flags[t];
        out->all[i] = sample_terms(j->cloths, flags & INSIDE, kept(at[0]), kept(at[1]));
        if (prints_lie_on(j, flags)) out->printed[i] = out->all[i], kept_at[2 * i] = at[0], kept_at[2 * i + 1] = at[1];
    }
}

/* A filter over three pixels, k taps a pixel. */
typedef struct {
    float taps[MAX_TAPS], share[3];   /* share: their sums by pixel */
    int k;
} Filter;

static Filter make_filter(const float *taps, int k) {
    Filter f = {.k = k};
    for (int i = 0; i < 3 * k; i++) f.taps[i] = taps[i], f.share[i / k] += taps[i];
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
    const int y0 = maxi(f->y0 - top, 0), y1 = mini(f->y1 - top, BLOCKS - 1);
    const uint32_t columns = (2u << x1) - (1u << x0);
    uint32_t some = 0;
    Setup s;
    Hit h;
    for (int b = y0; b <= y1; b++) some |= blocks[b] & columns;
    if (!some) return;
    setup(j->view, f->triangle, (float)k, j->x0, j->y0, &s);
    for (int b = y0; b <= y1; b++) {
        const uint32_t wanted = blocks[b] & columns;
        if (!wanted) continue;
        const int from = __builtin_ctz(wanted) * k, to = (32 - __builtin_clz(wanted)) * k;
        for (int row = 0; row < k; row++)
            for (int first = from; first < to; first += 8) {
                const int y = b * k + row, x = mini(first, side - 8), q = y * side + x;
                if (!hit(&s.p, (float)x + j->stagger[row], y, j->scratch->z + q, &h)) continue;
                int8v *id = (int8v *)(j->scratch->id + q), *atlas = (int8v *)(j->scratch->atlas + 2 * q);
                *id = select8(h.seen, (int8v){0} + f->triangle, *id);
                *atlas = select8(h.seen, hit_atlas(&s, &h), *atlas);
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
    int far;
    Filter drawn, flat;      /* for blocks that are drawn, and for those of detail on smooth cloth */
    float stagger[MAX_K];    /* by row of a block that is drawn */
} Task;

/* A pixel far from any edge: its samples lie between the centres of its neighbours. */
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
    if (out->even) out->all[0] = sample_terms(task->cloths, flags & INSIDE, u, v);
    for (int i = 0; i < k * k && !out->even; i++) {
        const float x = i % k + .5f - .5f * k, y = i / k + .5f - .5f * k;
        out->all[i] = sample_terms(task->cloths, 0, u + x * ux + y * uy, v + x * vx + y * vy);
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
    const Job job = {task->view, task->cloths, slot < 0 ? NULL : task->prints, k, BLOCKS * k, task->far, (float)(left * k), (float)(top * k), task->stagger, m};
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

/* Four texels of light on the outside, as what pixels between them need: neighbouring pixels mostly share them. */
typedef struct {
    int32_t at;
    float8v corner, right, down, both;
} Texels;

static inline Texels four_texels(const Cloths *c, int32_t at) {
    const half *p = c->outside + LANES * (long)at, *q = p + LANES * (long)c->outside_size;
    const float8v corner = texel(p), right = texel(p + LANES) - corner, below = texel(q);
    return (Texels){at, corner, right, below - corner, texel(q + LANES) - below - right};
}

/* Terms at the centres of n pixels from q on, but for those that skip has a bit for: out (n). */
static void centre_terms(const Task *task, long q, int n, uint64_t skip, float8v *out) {
    const Cloths *c = task->cloths;
    const uint16_t *atlas = task->frame->atlas + 2 * q;
    const uint8_t *shown = task->frame->shown + q;
    Lookups light, detail;
    Texels texels = {.at = -1};
    find(atlas, n, c->outside_size, &light);
    find(atlas, n, c->detail_size, &detail);
    for (int i = 0; i < n; i++) {
        out[i] = (float8v){0};
        if (shown[i] == NOTHING || (skip >> i & 1)) continue;
        if (shown[i] & INSIDE) {
            out[i] = fetch(c->inside, c->inside_size, kept(atlas[2 * i]), kept(atlas[2 * i + 1]));
            continue;
        }
        if (light.at[i] != texels.at) texels = four_texels(c, light.at[i]);
        float8v found = texels.corner + light.ax[i] * texels.right;
        found += light.ay[i] * (texels.down + light.ax[i] * texels.both);
        if (c->coat) found += mirrored(c, kept(atlas[2 * i]), kept(atlas[2 * i + 1]));
        const uint8_t *grey = c->detail + detail.at[i];
        out[i] = plain_cloth(grey, c->detail_size) ? found : shaded(found, detail_between(grey, c->detail_size, detail.ax[i], detail.ay[i]));
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

/* Fill spans->terms (zero before): one sample for plain pixels, k*k samples through the filter taps (3k) for those around edges,
   flat_k*flat_k through flat (3 flat_k) for busy ones.  far: steps of the atlas that samples of a pixel on one piece of cloth are
   at most apart. */
EXPORT int terms(const View *view, const Face *face, int face_count, const Cloths *cloths, const Frame *frame, const uint8_t *tiles,
                 const Spans *spans, const Prints *prints, int far, const float *taps, int k, const float *flat, int flat_k) {
    const int across = (view->size + TILE - 1) / TILE;
    const Grid grid = {across, across, TILE_BITS, TILE_BITS, 1, tiles};
    Task task = {view, cloths, frame, spans, prints, far, make_filter(taps, k), make_filter(flat, flat_k), {0}};
    for (int row = 0; row < k; row++) task.stagger[row] = stagger(row, k);
    int32_t *first = NULL, *list = NULL;
    float8v *rows = calloc((size_t)view->size * 4, sizeof *rows);
    Scratch *scratch = malloc(sizeof *scratch);
    const int failed = !rows || !scratch || list_faces(face, face_count, &grid, &first, &list);
    if (!failed) plain_pixels(&task, rows);
    for (int t = 0; t < across * across && !failed; t++)
        if (tiles[t] & (EDGE | BUSY)) marked_tile(&task, t % across, t / across, face, list + first[t], first[t + 1] - first[t], scratch);
    free(rows), free(scratch), free(first), free(list);
    return failed ? -1 : 0;
}
