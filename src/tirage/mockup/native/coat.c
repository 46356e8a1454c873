/* The glaze of a smooth material: the lamps and the sky as its texels mirror them for one camera.

   A GGX lobe over slopes is a clamped cosine seen through a linear map, so a lamp's share of it is the form factor of a
   quadrilateral (Heitz et al., Real-Time Polygonal-Light Shading with Linearly Transformed Cosines, 2016), here of the lamp's
   directions from the mirror's: a lobe is twice as wide there as its slopes, and sideways by the cosine less.  Edges stay straight,
   so that they are sharp where the material is smooth; tails are as wide ahead as behind. */
#include <math.h>
#include <string.h>

#include "kernels.h"

enum { COAT_TABLE = 256, COAT_LAMPS = 6, CORNERS = 4, PLANES = 6, RUN = 16 };

/* Slopes beyond this many widths of a lobe have .25 % of it: a lamp that is further away is left out. */
static const float TAIL = 20.f;

/* Cosine to the camera below which a lobe gets no narrower sideways. */
#define FLAT .05f

typedef struct {
    float corner[CORNERS][3];   /* world, metres, around its edge */
    float axis[3];              /* unit, the direction in which the lamp shines */
    float radiance;
} Window;

/* What no camera changes.  place: planes (PLANES, size, size) of position and normal in steps; no normal: nothing there. */
typedef struct {
    const int16_t *place;
    float origin[3], step;      /* metres = origin + step * code */
    int32_t size, lamp_count;
    float alpha, world;
    float albedo[COAT_TABLE + 1];   /* over the cosine to the camera: what the coat reflects */
    Window lamps[COAT_LAMPS];
} Coat;

/* What the thing itself does to that, over the atlas (size, size): the factor that it leaves, and what it shows instead. */
typedef struct {
    const float *seen, *own;
    int32_t size;
} Open;

/* Texels at work, plane by plane so that the loops over them become vectors. */
typedef struct {
    float px[RUN], py[RUN], pz[RUN], nx[RUN], ny[RUN], nz[RUN], vx[RUN], vy[RUN], vz[RUN], nv[RUN], sharp[RUN], sum[RUN];
    float rx[RUN], ry[RUN], rz[RUN], bx[RUN], by[RUN], bz[RUN], wide[RUN];   /* the mirror's direction, its sideways axis and width there */
    float hx[CORNERS][RUN], hy[CORNERS][RUN], hz[CORNERS][RUN];
} Texels;

/* A corner's direction from the mirror's, over the lobe's width, as a unit vector. */
static void lobe_vectors(const Window *w, int k, Texels *t) {
    const float *c = w->corner[k];
    for (int i = 0; i < RUN; i++) {
        const float dx = c[0] - t->px[i], dy = c[1] - t->py[i], dz = c[2] - t->pz[i];
        const float inv = 1.f / sqrtf(dx * dx + dy * dy + dz * dz), x = dx * inv, y = dy * inv, z = dz * inv;
        const float up = x * t->rx[i] + y * t->ry[i] + z * t->rz[i], along = maxf(up, 1e-3f) - t->sharp[i] * up;
        const float aside = t->wide[i] * (x * t->bx[i] + y * t->by[i] + z * t->bz[i]);
        const float sx = t->sharp[i] * x + along * t->rx[i] + aside * t->bx[i];
        const float sy = t->sharp[i] * y + along * t->ry[i] + aside * t->by[i];
        const float sz = t->sharp[i] * z + along * t->rz[i] + aside * t->bz[i];
        const float unit = 1.f / sqrtf(sx * sx + sy * sy + sz * sz);
        t->hx[k][i] = sx * unit, t->hy[k][i] = sy * unit, t->hz[k][i] = sz * unit;
    }
}

/* An edge's part of the form factor: the angle between its ends along the normal of their plane, over 2 pi (acos as Heitz 2016 has it). */
static void edge_factor(const Texels *t, int a, int b, float *sum) {
    for (int i = 0; i < RUN; i++) {
        const float ax = t->hx[a][i], ay = t->hy[a][i], az = t->hz[a][i], bx = t->hx[b][i], by = t->hy[b][i], bz = t->hz[b][i];
        const float x = ax * bx + ay * by + az * bz, y = fabsf(x);
        const float v = (.8543985f + (.4965155f + .0145206f * y) * y) / (3.4175940f + (4.1616724f + y) * y);
        const float angle = x > 0.f ? v : .5f / sqrtf(maxf(1.f - x * x, 1e-7f)) - v;
        const float cx = ay * bz - az * by, cy = az * bx - ax * bz, cz = ax * by - ay * bx;
        sum[i] += angle * (cx * t->rx[i] + cy * t->ry[i] + cz * t->rz[i]);
    }
}

/* Whether a lamp is in the tails of all lobes: |H_t| / H_n of its half vectors, each the middle's give or take what the lamp
   spans, or behind all texels. */
static int in_tails(const Window *w, const Texels *t) {
    float middle[3];
    int reached = 0;
    for (int k = 0; k < 3; k++) middle[k] = .5f * (w->corner[0][k] + w->corner[2][k]);
    const float ex = w->corner[0][0] - middle[0], ey = w->corner[0][1] - middle[1], ez = w->corner[0][2] - middle[2];
    const float radius = sqrtf(ex * ex + ey * ey + ez * ez);
    for (int i = 0; i < RUN; i++) {
        const float dx = middle[0] - t->px[i], dy = middle[1] - t->py[i], dz = middle[2] - t->pz[i];
        const float inv = 1.f / sqrtf(dx * dx + dy * dy + dz * dz), span = minf(1.5f * radius * inv, 2.f);
        const float x = dx * inv, y = dy * inv, z = dz * inv;
        const float up = x * t->rx[i] + y * t->ry[i] + z * t->rz[i], flat = sqrtf(maxf(1.f - up * up, 0.f));
        reached |= (flat - span) * t->sharp[i] <= TAIL * maxf(up + span, 0.f);
    }
    return !reached;
}

static void mirror_lamp(const Window *w, Texels *t) {
    float sum[RUN] = {0};
    if (in_tails(w, t)) return;
    for (int k = 0; k < CORNERS; k++) lobe_vectors(w, k, t);
    for (int k = 0; k < CORNERS; k++) edge_factor(t, k, (k + 1) % CORNERS, sum);
    for (int i = 0; i < RUN; i++) {
        const float *c = w->corner[0];
        const float before = (t->px[i] - c[0]) * w->axis[0] + (t->py[i] - c[1]) * w->axis[1] + (t->pz[i] - c[2]) * w->axis[2];
        float ahead = 0.f;
        for (int k = 0; k < CORNERS; k += 2) {
            const float *d = w->corner[k];
            ahead += (d[0] - t->px[i]) * t->rx[i] + (d[1] - t->py[i]) * t->ry[i] + (d[2] - t->pz[i]) * t->rz[i];
        }
        t->sum[i] += before > 0.f && ahead > 0.f ? w->radiance * fabsf(sum[i]) : 0.f;
    }
}

/* Where texels are between those that are kept: row (PLANES, size) at rest from the first of them, out RUN texels from x on.
   Returns whether one of them can be seen. */
static int load_texels(const Coat *c, const float *camera, const float *row, int x, int fine, Texels *t) {
    float *to[PLANES] = {t->px, t->py, t->pz, t->nx, t->ny, t->nz};
    const int size = c->size;
    int at[RUN], there = 0, facing = 0;
    float part[RUN];
    for (int i = 0; i < RUN; i++) {
        const float f = clampf((x + i + .5f) / fine - .5f, 0.f, size - 1.001f);
        at[i] = (int)f, part[i] = f - at[i];
    }
    for (int p = 0; p < PLANES; p++) {
        const float *r = row + (long)p * size;
        for (int i = 0; i < RUN; i++) to[p][i] = r[at[i]] + part[i] * (r[at[i] + 1] - r[at[i]]);
    }
    for (int i = 0; i < RUN; i++) there |= (t->nx[i] != 0.f) | (t->ny[i] != 0.f) | (t->nz[i] != 0.f);
    if (!there) return 0;
    for (int i = 0; i < RUN; i++) {
        const float n2 = t->nx[i] * t->nx[i] + t->ny[i] * t->ny[i] + t->nz[i] * t->nz[i], inv = 1.f / sqrtf(maxf(n2, 1e-12f));
        t->px[i] = c->origin[0] + c->step * t->px[i], t->py[i] = c->origin[1] + c->step * t->py[i], t->pz[i] = c->origin[2] + c->step * t->pz[i];
        const float dx = camera[0] - t->px[i], dy = camera[1] - t->py[i], dz = camera[2] - t->pz[i];
        const float near = 1.f / sqrtf(dx * dx + dy * dy + dz * dz);
        t->nx[i] *= inv, t->ny[i] *= inv, t->nz[i] *= inv;
        t->vx[i] = dx * near, t->vy[i] = dy * near, t->vz[i] = dz * near;
        t->nv[i] = t->nx[i] * t->vx[i] + t->ny[i] * t->vy[i] + t->nz[i] * t->vz[i];
        t->sum[i] = c->world;
        facing |= t->nv[i] > -.35f;
    }
    return facing;
}

/* The lobe's width: the material's, and what normals turn within a texel, so that a narrow highlight cannot fall between two. */
static void set_widths(const Coat *c, Texels *t) {
    for (int i = 1; i < RUN - 1; i++) {
        const float dx = t->nx[i + 1] - t->nx[i - 1], dy = t->ny[i + 1] - t->ny[i - 1], dz = t->nz[i + 1] - t->nz[i - 1];
        const float turn = minf(.25f * (dx * dx + dy * dy + dz * dz), .05f);
        t->sharp[i] = 1.f / sqrtf(c->alpha * c->alpha + turn * (1.f / 6.f));
    }
    t->sharp[0] = t->sharp[1], t->sharp[RUN - 1] = t->sharp[RUN - 2];
    for (int i = 0; i < RUN; i++) {
        const float twice = 2.f * t->nv[i], bx = t->vy[i] * t->nz[i] - t->vz[i] * t->ny[i];
        const float by = t->vz[i] * t->nx[i] - t->vx[i] * t->nz[i], bz = t->vx[i] * t->ny[i] - t->vy[i] * t->nx[i];
        const float unit = 1.f / sqrtf(maxf(bx * bx + by * by + bz * bz, 1e-12f));
        t->rx[i] = twice * t->nx[i] - t->vx[i], t->ry[i] = twice * t->ny[i] - t->vy[i], t->rz[i] = twice * t->nz[i] - t->vz[i];
        t->bx[i] = bx * unit, t->by[i] = by * unit, t->bz[i] = bz * unit;
        t->sharp[i] *= .5f, t->wide[i] = t->sharp[i] * (1.f / maxf(t->nv[i], FLAT) - 1.f);
    }
}

/* One of its maps at RUN texels from (x,y) on, of an atlas `across` texels wide. */
static void load_open(const float *map, int side, int x, int y, int across, float *out) {
    const float scale = (float)side / across, last = side - 1.001f;
    const float fy = clampf((y + .5f) * scale - .5f, 0.f, last), ay = fy - (int)fy;
    const float *row = map + (long)(int)fy * side, *below = row + side;
    for (int i = 0; i < RUN; i++) {
        const float fx = clampf((x + i + .5f) * scale - .5f, 0.f, last), ax = fx - (int)fx;
        const int at = (int)fx;
        const float a = row[at] + ax * (row[at + 1] - row[at]), b = below[at] + ax * (below[at + 1] - below[at]);
        out[i] = a + ay * (b - a);
    }
}

static void mirror_run(const Coat *c, Texels *t, const float *open, const float *own, half *out, int n) {
    set_widths(c, t);
    for (int l = 0; l < c->lamp_count; l++) mirror_lamp(c->lamps + l, t);
    for (int i = 0; i < n; i++) {
        const float f = clampf(t->nv[i], 0.f, 1.f) * COAT_TABLE;
        const int at = mini((int)f, COAT_TABLE - 1);
        out[i] = (half)((own[i] + open[i] * t->sum[i]) * (c->albedo[at] + (c->albedo[at + 1] - c->albedo[at]) * (f - at)));
    }
}

/* What the coat reflects to a camera at (3) metres, `fine` texels a side for each that places are kept for: out
   (size * fine, size * fine).  row (PLANES, size) is scratch. */
EXPORT void coat_view(const Coat *c, const Open *open, const float *camera, int fine, float *row, half *out) {
    const int size = c->size, across = size * fine;
    const long plane = (long)size * size;
    float seen[RUN], own[RUN];
    Texels t;
    for (int y = 0; y < across; y++) {
        const float f = clampf((y + .5f) / fine - .5f, 0.f, size - 1.001f), a = f - (int)f;
        for (int p = 0; p < PLANES; p++) {
            const int16_t *q = c->place + p * plane + (long)(int)f * size;
            for (int x = 0; x < size; x++) row[(long)p * size + x] = q[x] + a * (q[size + x] - q[x]);
        }
        for (int x = 0; x < across; x += RUN) {
            half *at = out + (long)y * across + x;
            const int n = mini(RUN, across - x);
            if (!load_texels(c, camera, row, x, fine, &t)) {
                memset(at, 0, n * sizeof(half));
                continue;
            }
            load_open(open->seen, open->size, x, y, across, seen);
            load_open(open->own, open->size, x, y, across, own);
            mirror_run(c, &t, seen, own, at, n);
        }
    }
}
