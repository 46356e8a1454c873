/* What a smooth material sees of the thing itself in its mirror: a ray from each place, against a tree of boxes over the mesh. */
#include <math.h>

#include "kernels.h"

enum { LEAF = 4, BINS = 16, DEEP = 64, CODES = 6, LAMPS = 6 };

/* Rays begin this far, metres, before their surface. */
#define CLEAR 5e-5f

/* Cosine to the camera below which a place is not seen, nor mixed with one that is. */
#define AVERTED -.1f

typedef struct {
    float low[3], high[3];
    int32_t first, count;   /* triangles of a leaf; count 0: the children are nodes first and first + 1 */
} Box;

/* A triangle as a corner and two edges, and its number in the mesh. */
typedef struct {
    float corner[3], right[3], down[3];
    int32_t number;
} Facet;

/* boxes, facets as mirror_tree leaves them; the mesh's normal (n,3) and tri (m,3). */
typedef struct {
    const Box *boxes;
    const Facet *facets;
    const float *normal;
    const int32_t *tri;
} Tree;

static void grow(Box *b, const float *low, const float *high) {
    for (int c = 0; c < 3; c++) b->low[c] = minf(b->low[c], low[c]), b->high[c] = maxf(b->high[c], high[c]);
}

static Box nowhere(void) { return (Box){{1e30f, 1e30f, 1e30f}, {-1e30f, -1e30f, -1e30f}, 0, 0}; }

static void bounds(const Facet *f, float *low, float *high) {
    for (int c = 0; c < 3; c++) {
        const float a = f->corner[c], b = a + f->right[c], d = a + f->down[c];
        low[c] = minf(a, minf(b, d)), high[c] = maxf(a, maxf(b, d));
    }
}

static float area(const Box *b) {
    const float x = b->high[0] - b->low[0], y = b->high[1] - b->low[1], z = b->high[2] - b->low[2];
    return x < 0.f ? 0.f : x * y + y * z + z * x;
}

static inline float middle(const Facet *f, int axis) { return f->corner[axis] + (f->right[axis] + f->down[axis]) * (1.f / 3.f); }

/* Where to split triangles along an axis: the bin in whose front the two halves have the least surface times count (0: nowhere). */
static int best_bin(const Facet *facets, int count, int axis, float low, float scale, float *least) {
    Box box[BINS], right[BINS];
    int n[BINS] = {0}, behind[BINS] = {0}, best = 0;
    for (int i = 0; i < BINS; i++) box[i] = right[i] = nowhere();
    for (int i = 0; i < count; i++) {
        float from[3], to[3];
        const int bin = mini(maxi((int)((middle(facets + i, axis) - low) * scale), 0), BINS - 1);
        bounds(facets + i, from, to), grow(box + bin, from, to), n[bin]++;
    }
    for (int i = BINS - 1; i > 0; i--) {
        if (i < BINS - 1) right[i] = right[i + 1], behind[i] = behind[i + 1];
        grow(right + i, box[i].low, box[i].high), behind[i] += n[i];
    }
    Box left = nowhere();
    for (int i = 1, before = 0; i < BINS; i++) {
        grow(&left, box[i - 1].low, box[i - 1].high), before += n[i - 1];
        if (!before || !behind[i]) continue;
        const float cost = area(&left) * before + area(right + i) * behind[i];
        if (cost < *least) *least = cost, best = i;
    }
    return best;
}

/* Order triangles so that those of the first half come first; how many they are (0: they had better stay together). */
static int split(Facet *facets, int count, const Box *box) {
    float low[3] = {1e30f, 1e30f, 1e30f}, high[3] = {-1e30f, -1e30f, -1e30f}, least = count <= LEAF ? area(box) * count : 1e30f;
    int axis = -1, bin = 0, first = 0;
    for (int i = 0; i < count; i++)
        for (int c = 0; c < 3; c++) low[c] = minf(low[c], middle(facets + i, c)), high[c] = maxf(high[c], middle(facets + i, c));
    for (int c = 0; c < 3; c++) {
        if (high[c] - low[c] < 1e-9f) continue;
        const int found = best_bin(facets, count, c, low[c], BINS / (high[c] - low[c]), &least);
        if (found) axis = c, bin = found;
    }
    if (axis < 0) return count <= LEAF ? 0 : count / 2;
    const float scale = BINS / (high[axis] - low[axis]);
    for (int i = 0; i < count; i++) {
        if (mini(maxi((int)((middle(facets + i, axis) - low[axis]) * scale), 0), BINS - 1) >= bin) continue;
        const Facet moved = facets[i];
        facets[i] = facets[first], facets[first++] = moved;
    }
    return first;
}

/* A tree over triangles tri (m,3) of places position (n,3): boxes (2 m), facets (m). Returns the number of boxes. */
EXPORT int mirror_tree(const float *position, const int32_t *tri, int m, Box *boxes, Facet *facets) {
    int32_t waiting[2 * DEEP], n = 0, made = 1;
    for (int i = 0; i < m; i++) {
        const float *a = position + 3 * tri[3 * i], *b = position + 3 * tri[3 * i + 1], *d = position + 3 * tri[3 * i + 2];
        for (int c = 0; c < 3; c++) facets[i].corner[c] = a[c], facets[i].right[c] = b[c] - a[c], facets[i].down[c] = d[c] - a[c];
        facets[i].number = i;
    }
    boxes[0].first = 0, boxes[0].count = m;
    for (waiting[n++] = 0; n;) {
        Box *box = boxes + waiting[--n];
        const int first = box->first, count = box->count;
        *box = nowhere(), box->first = first, box->count = count;
        for (int i = 0; i < count; i++) {
            float low[3], high[3];
            bounds(facets + first + i, low, high), grow(box, low, high);
        }
        const int left = n + 2 <= 2 * DEEP ? split(facets + first, count, box) : 0;
        if (!left) continue;
        boxes[made].first = first, boxes[made].count = left;
        boxes[made + 1].first = first + left, boxes[made + 1].count = count - left;
        box->first = made, box->count = 0;
        waiting[n++] = made, waiting[n++] = made + 1, made += 2;
    }
    return made;
}

typedef struct {
    float at[3], to[3], inverse[3], far;
} Ray;

/* Where a ray enters a box, or infinity. */
static inline float enters(const Box *b, const Ray *r) {
    float near = 0.f, far = r->far;
    for (int c = 0; c < 3; c++) {
        const float a = (b->low[c] - r->at[c]) * r->inverse[c], d = (b->high[c] - r->at[c]) * r->inverse[c];
        near = maxf(near, minf(a, d)), far = minf(far, maxf(a, d));
    }
    return near <= far ? near : INFINITY;
}

/* How far along a ray it meets a triangle, or infinity (Möller and Trumbore). */
static inline float meets(const Facet *f, const Ray *r) {
    const float *e = f->right, *g = f->down, *d = r->to;
    const float px = d[1] * g[2] - d[2] * g[1], py = d[2] * g[0] - d[0] * g[2], pz = d[0] * g[1] - d[1] * g[0];
    const float det = e[0] * px + e[1] * py + e[2] * pz;
    if (fabsf(det) < 1e-20f) return INFINITY;
    const float inv = 1.f / det, x = r->at[0] - f->corner[0], y = r->at[1] - f->corner[1], z = r->at[2] - f->corner[2];
    const float u = (x * px + y * py + z * pz) * inv;
    if (u < 0.f || u > 1.f) return INFINITY;
    const float qx = y * e[2] - z * e[1], qy = z * e[0] - x * e[2], qz = x * e[1] - y * e[0];
    const float v = (d[0] * qx + d[1] * qy + d[2] * qz) * inv;
    if (v < 0.f || u + v > 1.f) return INFINITY;
    const float t = (g[0] * qx + g[1] * qy + g[2] * qz) * inv;
    return t > 0.f && t < r->far ? t : INFINITY;
}

/* The first triangle that a ray meets, -1 for none; r->far becomes the way to it. */
static int first_met(const Tree *tree, Ray *r) {
    int32_t waiting[DEEP], n = 0, at = 0, found = -1;
    if (enters(tree->boxes, r) == INFINITY) return -1;
    for (;;) {
        const Box *b = tree->boxes + at;
        for (int i = 0; i < b->count; i++) {
            const float t = meets(tree->facets + b->first + i, r);
            if (t < r->far) r->far = t, found = b->first + i;
        }
        if (!b->count) {
            const float left = enters(tree->boxes + b->first, r), right = enters(tree->boxes + b->first + 1, r);
            const int nearer = left <= right ? b->first : b->first + 1, other = left <= right ? b->first + 1 : b->first;
            if (minf(left, right) < INFINITY) {
                if (maxf(left, right) < INFINITY && n < DEEP) waiting[n++] = other;
                at = nearer;
                continue;
            }
        }
        do {
            if (!n) return found;
            at = waiting[--n];
        } while (enters(tree->boxes + at, r) == INFINITY);
    }
}

/* A square lamp as a mirror shows it: one corner, the edges from it, the axis in which it shines. */
typedef struct {
    float corner[3], right[3], down[3], axis[3], radiance;
} Pane;

/* What the surroundings are: lamps before an even sky. */
typedef struct {
    Pane lamps[LAMPS];
    int32_t lamp_count;
    float world, index;      /* of refraction */
} Outlook;

/* Places on the surface, as codes (coat.c), and where each stands in a map. */
typedef struct {
    const int16_t *code;    /* (count, CODES) */
    const int32_t *index;   /* (count) */
    int32_t count;
    float origin[3], step;
} Places;

/* The light that comes along a ray from outside. */
static float outlook(const Outlook *o, const Ray *r) {
    float sum = o->world;
    for (int l = 0; l < o->lamp_count; l++) {
        const Pane *w = o->lamps + l;
        float facing = 0.f, away = 0.f, x = 0.f, y = 0.f, xx = 0.f, yy = 0.f;
        for (int c = 0; c < 3; c++) facing += r->to[c] * w->axis[c], away += (w->corner[c] - r->at[c]) * w->axis[c];
        if (facing >= 0.f || away >= 0.f) continue;
        for (int c = 0; c < 3; c++) {
            const float d = r->at[c] + r->to[c] * (away / facing) - w->corner[c];
            x += d * w->right[c], y += d * w->down[c], xx += w->right[c] * w->right[c], yy += w->down[c] * w->down[c];
        }
        if (x >= 0.f && y >= 0.f && x <= xx && y <= yy) sum += w->radiance;
    }
    return sum;
}

/* Reflectance of a smooth dielectric. */
static float dielectric(float index, float c) {
    const float g = sqrtf(index * index - 1.f + c * c), a = (g - c) / (g + c), b = (c * (g + c) - 1.f) / (c * (g - c) + 1.f);
    return .5f * a * a * (1.f + b * b);
}

/* A ray from a surface. */
static Ray ray(const float *at, const float *normal, const float *to) {
    Ray r = {.far = INFINITY};
    for (int c = 0; c < 3; c++) {
        r.to[c] = to[c], r.at[c] = at[c] + CLEAR * normal[c];
        r.inverse[c] = 1.f / (fabsf(to[c]) > 1e-9f ? to[c] : 1e-9f);
    }
    return r;
}

/* What a ray's end mirrors of the surroundings. */
static float mirrored_there(const Tree *tree, const Outlook *o, const Ray *r, int met) {
    const Facet *f = tree->facets + met;
    const int32_t *t = tree->tri + 3 * f->number;
    const float *first = tree->normal + 3 * t[0], *second = tree->normal + 3 * t[1], *third = tree->normal + 3 * t[2];
    float at[3], n[3], to[3], u = 0, v = 0, uu = 0, vv = 0, uv = 0, square = 0, facing = 0;
    for (int c = 0; c < 3; c++) {
        at[c] = r->at[c] + r->far * r->to[c];
        const float d = at[c] - f->corner[c];
        u += d * f->right[c], v += d * f->down[c];
        uu += f->right[c] * f->right[c], vv += f->down[c] * f->down[c], uv += f->right[c] * f->down[c];
    }
    const float inv = 1.f / maxf(uu * vv - uv * uv, 1e-30f), b = (u * vv - v * uv) * inv, d = (v * uu - u * uv) * inv;
    for (int c = 0; c < 3; c++) n[c] = first[c] * (1.f - b - d) + second[c] * b + third[c] * d, square += n[c] * n[c];
    const float unit = 1.f / sqrtf(maxf(square, 1e-12f));
    for (int c = 0; c < 3; c++) n[c] *= unit, facing -= n[c] * r->to[c];
    if (facing <= 0.f) return 0.f;
    for (int c = 0; c < 3; c++) to[c] = r->to[c] + 2.f * facing * n[c];
    Ray next = ray(at, n, to);
    return first_met(tree, &next) < 0 ? dielectric(o->index, facing) * outlook(o, &next) : 0.f;
}

/* What a place has in its mirror for a camera: whether the thing itself, and what that shows there of lamps and sky. */
static int mirrors_itself(const Tree *tree, const Outlook *o, const Places *at, long i, const float *camera, float *own) {
    const int16_t *code = at->code + CODES * i;
    const float unit = 1.f / sqrtf((float)code[3] * code[3] + (float)code[4] * code[4] + (float)code[5] * code[5]);
    float p[3], v[3], n[3], to[3];
    for (int c = 0; c < 3; c++) n[c] = code[3 + c] * unit, p[c] = at->origin[c] + at->step * code[c], v[c] = camera[c] - p[c];
    const float near = 1.f / sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    const float nv = (n[0] * v[0] + n[1] * v[1] + n[2] * v[2]) * near;
    if (nv < AVERTED) return 0;
    for (int c = 0; c < 3; c++) to[c] = 2.f * maxf(nv, 0.f) * n[c] - v[c] * near;
    Ray r = ray(p, n, to);
    const int met = first_met(tree, &r);
    if (met >= 0) *own = mirrored_there(tree, o, &r, met);
    return met >= 0;
}

/* The same for all places and a camera at (3) metres: open (1 before) becomes 0, and own (0 before) what is shown, where the
   thing hides the rest. */
EXPORT void mirror_view(const Tree *tree, const Outlook *o, const Places *at, const float *camera, float *open, float *own) {
    for (long i = 0; i < at->count; i++)
        if (mirrors_itself(tree, o, at, i, camera, own + at->index[i])) open[at->index[i]] = 0.f;
}
