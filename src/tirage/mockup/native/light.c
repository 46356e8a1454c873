/* Light in texture space: where each texel lies on the cloth, and how the lamps light it for one camera. */
#include <math.h>
#include <string.h>

#include "kernels.h"

/* Rasterise the mesh over its own UVs: position and normal of every texel whose centre an island covers.
   uv is in texels (n,2); tri (m,3); position, normal (n,3); out (size,size,6); mask (size,size) must be zero. */
EXPORT void texel_geometry(const float *uv, const int32_t *tri, int m, const float *position, const float *normal,
                           int size, float *out, uint8_t *mask) {
    for (int t = 0; t < m; t++) {
        const int32_t i[3] = {tri[3 * t], tri[3 * t + 1], tri[3 * t + 2]};
        const float *a = uv + 2 * i[0], *b = uv + 2 * i[1], *c = uv + 2 * i[2];
        const float area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        if (fabsf(area) < 1e-12f) continue;
        const float inv = 1.f / area;
        const int x0 = maxi(0, (int)ceilf(fminf(a[0], fminf(b[0], c[0])) - .5f));
        const int x1 = mini(size - 1, (int)floorf(fmaxf(a[0], fmaxf(b[0], c[0])) - .5f));
        const int y0 = maxi(0, (int)ceilf(fminf(a[1], fminf(b[1], c[1])) - .5f));
        const int y1 = mini(size - 1, (int)floorf(fmaxf(a[1], fmaxf(b[1], c[1])) - .5f));
        for (int y = y0; y <= y1; y++)
            for (int x = x0; x <= x1; x++) {
                const float px = x + .5f - a[0], py = y + .5f - a[1];
                const float w1 = (px * (c[1] - a[1]) - py * (c[0] - a[0])) * inv;
                const float w2 = (py * (b[0] - a[0]) - px * (b[1] - a[1])) * inv;
                const float w0 = 1.f - w1 - w2;
                if (w0 < -1e-4f || w1 < -1e-4f || w2 < -1e-4f) continue;
                const long q = (long)y * size + x;
                mask[q] = 1;
                for (int k = 0; k < 3; k++) {
                    out[6 * q + k] = w0 * position[3 * i[0] + k] + w1 * position[3 * i[1] + k] + w2 * position[3 * i[2] + k];
                    out[6 * q + 3 + k] = w0 * normal[3 * i[0] + k] + w1 * normal[3 * i[1] + k] + w2 * normal[3 * i[2] + k];
                }
            }
    }
}

enum { TABLE = 256, BLOCK = 64, POINTS = 4, LAMPS = 6, RING = 8 };

/* Below this cosine the lobes, divided by it, would outgrow what the light map holds. */
#define GRAZING .05f

/* The cloth, constant over a template. */
typedef struct {
    float on_a, on_b;       /* Oren-Nayar in the energy-preserving form: a, b */
    float albedo_avg;       /* its average directional albedo */
    float alpha2, eta;      /* GGX roughness to the fourth, and the index of refraction */
    float gloss_gain;       /* multiple scattering of the gloss */
    float dull;             /* 1; 0 where coat.c has all of the gloss */
    float sheen_weight;
    float bounce_gain;      /* 1 / what a baked indirect texel was already multiplied by, less what shade.c adds for the gloss */
    float bounce_k;         /* multiple scattering of bounced light, which only matters on bright cloth: k(.8) pi (1 - mean albedo) */
    /* over a cosine in [0,1]: sheen albedo, sheen LTC a and b, gloss albedo, Oren-Nayar albedo */
    float sheen[TABLE + 1], ltc_a[TABLE + 1], ltc_b[TABLE + 1], gloss[TABLE + 1], albedo[TABLE + 1];
    float ring[256];        /* the ratio that a ring map's code stands for */
} Cloth;

typedef struct {
    float point[POINTS][3]; /* world, metres: the middles of its quarters */
    float axis[3];          /* unit, the direction in which the lamp shines */
} Lamp;

/* A patch is 2 x 2 texels of one side of the cloth: they share place and directions, each has its own light. */
enum { PATCH = 4 };
enum { LAMP_X, LAMP_Y, LAMP_Z, LAMP_LOST, LAMP_FIELDS };    /* mean direction to a lamp; 1 - Oren-Nayar's albedo there */
enum { WORLD = LAMPS, BOUNCED };                            /* after the lamps' light in a texel's LANES */
enum { RING_DIRECT, RING_BOUNCE, RING_GLOSS, RING_KINDS };

typedef struct {
    const int32_t *first;   /* (count) flat index of the upper left texel */
    const uint8_t *texels;  /* (count) which texels are there: bit 0 left above, 1 right above, 2 and 3 below */
    const float *place;     /* (count,6) position in metres, normal */
    const half *lamps;      /* (count, lamp_count, LAMP_FIELDS) */
    const half *light;      /* (count, PATCH, LANES) */
    const uint8_t *ring;    /* (count, RING, RING_KINDS) codes: how each camera of the ring sees light */
    int32_t count, edge;    /* patches from `edge` on lie along the cloth's edge */
    int32_t lamp_count, size;
} Patches;

static inline float table(const float *t, float x) {
    const float f = clampf(x, 0.f, 1.f) * TABLE;
    const int i = mini((int)f, TABLE - 1);
    return t[i] + (t[i + 1] - t[i]) * (f - i);
}

/* The mean direction to a lamp, each of its points weighted by what it gives: matt cloth, and sheen where it grazes. */
static void lamp_direction(const Lamp *lamp, const float *p, const float *n, float *out) {
    float sum[3] = {0};
    for (int k = 0; k < POINTS; k++) {
        const float d[3] = {lamp->point[k][0] - p[0], lamp->point[k][1] - p[1], lamp->point[k][2] - p[2]};
        const float inv = 1.f / sqrtf(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        const float nl = (n[0] * d[0] + n[1] * d[1] + n[2] * d[2]) * inv;
        const float facing = -(lamp->axis[0] * d[0] + lamp->axis[1] * d[1] + lamp->axis[2] * d[2]) * inv;
        const float weight = clampf(nl, .001f, .3f) * fmaxf(facing, .001f) * inv * inv;
        for (int c = 0; c < 3; c++) sum[c] += weight * d[c] * inv;
    }
    const float inv = 1.f / sqrtf(sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]);
    for (int c = 0; c < 3; c++) out[c] = sum[c] * inv;
}

/* What no camera changes about the lamps at places (count,6): out (count, lamp_count, LAMP_FIELDS). */
EXPORT void lamp_directions(const Cloth *cloth, const Lamp *lamps, int lamp_count, const float *place, int count, half *out) {
    for (long i = 0; i < count; i++) {
        const float *p = place + 6 * i, *n = p + 3;
        for (int l = 0; l < lamp_count; l++, out += LAMP_FIELDS) {
            float to[3];
            lamp_direction(lamps + l, p, n, to);
            for (int c = 0; c < 3; c++) out[c] = (half)to[c];
            out[LAMP_LOST] = (half)(1.f - table(cloth->albedo, n[0] * to[0] + n[1] * to[1] + n[2] * to[2]));
        }
    }
}

/* Patches at work, plane by plane so that the loop over them becomes vectors. */
typedef struct {
    float nx[BLOCK], ny[BLOCK], nz[BLOCK], vx[BLOCK], vy[BLOCK], vz[BLOCK], nv[BLOCK];
    float ltc_a[BLOCK], ltc_b[BLOCK], lambda_v[BLOCK], inv_sv[BLOCK];
    float lx[BLOCK], ly[BLOCK], lz[BLOCK], lost[LAMPS][BLOCK];
    float diffuse[LAMPS][BLOCK], sheen[LAMPS][BLOCK], gloss[LAMPS][BLOCK];
} Block;

/* One lamp on a block: Oren-Nayar once scattered, sheen and gloss, all over Lambert. */
static void reflect_lamp(const Cloth *m, Block *b, int l) {
    const float a2 = m->alpha2, e2 = m->eta * m->eta - 1.f;
    for (int i = 0; i < BLOCK; i++) {
        const float lx = b->lx[i], ly = b->ly[i], lz = b->lz[i], nv = b->nv[i], la2 = b->ltc_a[i] * b->ltc_a[i];
        float nl = b->nx[i] * lx + b->ny[i] * ly + b->nz[i] * lz;
        nl = nl < GRAZING ? GRAZING : nl > 1.f ? 1.f : nl;
        const float lv = b->vx[i] * lx + b->vy[i] * ly + b->vz[i] * lz;
        const float along = lv - nl * nv, t = along > 0.f ? along / (nl > nv ? nl : nv) : along;
        const float s2 = 1.f - nl * nl, tx = along * b->inv_sv[i], ty2 = s2 - tx * tx;
        const float sx = b->ltc_a[i] * tx + b->ltc_b[i] * nl, ls = sx * sx + la2 * (ty2 > 0.f ? ty2 : 0.f) + nl * nl;
        const float hh = 2.f + 2.f * (lv < -.98f ? -.98f : lv), sum = nl + nv;
        const float nh2 = sum * sum < hh ? sum * sum / hh : 1.f;   /* over 1 for a lamp behind the cloth */
        const float q = nh2 * (a2 - 1.f) + 1.f, lh = .5f * sqrtf(hh);
        const float fg = sqrtf(e2 + lh * lh), f1 = (fg - lh) / (fg + lh), f2 = (lh * (fg + lh) - 1.f) / (lh * (fg - lh) + 1.f);
        const float fresnel = .5f * f1 * f1 * (1.f + f2 * f2);
        const float lambda_l = .5f * (sqrtf(1.f + a2 * s2 / (nl * nl)) - 1.f);
        b->diffuse[l][i] = m->on_a + m->on_b * t;
        b->sheen[l][i] = la2 / (ls * ls);
        b->gloss[l][i] = a2 * fresnel / (q * q * 4.f * nl * nv * (1.f + b->lambda_v[i] + lambda_l));
    }
}

/* A block's patches and their directions to the camera; places past n repeat the first. */
static void load_block(const Cloth *m, const float *camera, const Patches *p, const int32_t *which, int n, Block *b) {
    for (int i = 0; i < BLOCK; i++) {
        const float *at = p->place + 6 * (long)which[i < n ? i : 0], *no = at + 3;
        const float dx = camera[0] - at[0], dy = camera[1] - at[1], dz = camera[2] - at[2];
        const float inv = 1.f / sqrtf(dx * dx + dy * dy + dz * dz);
        b->nx[i] = no[0], b->ny[i] = no[1], b->nz[i] = no[2];
        b->vx[i] = dx * inv, b->vy[i] = dy * inv, b->vz[i] = dz * inv;
        const float nv = clampf((no[0] * dx + no[1] * dy + no[2] * dz) * inv, .1f, .9999f);
        b->nv[i] = nv;
        b->inv_sv[i] = 1.f / sqrtf(1.f - nv * nv);
        b->ltc_a[i] = table(m->ltc_a, nv), b->ltc_b[i] = table(m->ltc_b, nv);
        b->lambda_v[i] = .5f * (sqrtf(1.f + m->alpha2 * (1.f - nv * nv) / (nv * nv)) - 1.f);
    }
    for (int l = 0; l < p->lamp_count; l++) {
        for (int i = 0; i < BLOCK; i++) {
            const half *r = p->lamps + ((long)which[i < n ? i : 0] * p->lamp_count + l) * LAMP_FIELDS;
            b->lx[i] = (float)r[LAMP_X], b->ly[i] = (float)r[LAMP_Y], b->lz[i] = (float)r[LAMP_Z], b->lost[l][i] = (float)r[LAMP_LOST];
        }
        reflect_lamp(m, b, l);
    }
}

/* The cameras of the ring on both sides of an azimuth, and how far it is from the first to the second. */
typedef struct {
    int first, second;
    float part;
} Between;

static Between ring_place(float azimuth) {
    const float turns = azimuth / 360.f, at = clampf((turns - floorf(turns)) * RING, 0.f, RING);
    const int first = (int)at;
    return (Between){first % RING, (first + 1) % RING, at - first};
}

static inline float ring_ratio(const Cloth *m, const uint8_t *codes, Between r, int kind) {
    const float a = m->ring[codes[r.first * RING_KINDS + kind]], b = m->ring[codes[r.second * RING_KINDS + kind]];
    return a + (b - a) * r.part;
}

/* What each light of a patch's texels adds to their terms, and what none does: gloss over sheen over rough diffuse. */
static inline float8v layers(const Cloth *m, const Block *b, int i, int lamp_count, const uint8_t *ring, Between r, float8v *of) {
    const float nv = b->nv[i], direct = ring_ratio(m, ring, r, RING_DIRECT), bounce = ring_ratio(m, ring, r, RING_BOUNCE);
    const float sheen_albedo = m->sheen_weight * table(m->sheen, nv), gloss_albedo = table(m->gloss, nv), albedo = table(m->albedo, nv);
    const float under_sheen = 1.f - sheen_albedo, att = (1.f - gloss_albedo) * under_sheen;
    const float shine = m->dull * ring_ratio(m, ring, r, RING_GLOSS), hazed = sheen_albedo * shine;
    const float once = att * direct, again = once * 3.14159265f * (1.f - albedo);
    for (int l = 0; l < lamp_count; l++) {
        const float gloss = under_sheen * shine * m->gloss_gain * b->gloss[l][i];
        of[l] = (float8v){once * 3.14159265f * b->diffuse[l][i], again * b->lost[l][i], 0, gloss, 0, hazed * b->sheen[l][i]};
    }
    of[WORLD] = (float8v){once * albedo, again * (1.f - m->albedo_avg), 0, under_sheen * shine * gloss_albedo, 0, hazed};
    of[BOUNCED] = (float8v){0, 0, m->bounce_gain * (albedo + m->bounce_k * (1.f - albedo)) * bounce};
    return (float8v){0, 0, 0, 0, under_sheen, 0, 1.f};
}

static void light_block(const Cloth *m, const float *camera, Between r, const Patches *p, const int32_t *which, int n, half *out) {
    Block b;
    load_block(m, camera, p, which, n, &b);
    for (int i = 0; i < n; i++) {
        float8v of[LANES];
        const float8v always = layers(m, &b, i, p->lamp_count, p->ring + (long)which[i] * RING * RING_KINDS, r, of);
        for (int k = 0; k < PATCH; k++) {
            if (!(p->texels[which[i]] >> k & 1)) continue;
            const float8v light = __builtin_convertvector(*(const half8v *)(p->light + ((long)which[i] * PATCH + k) * LANES), float8v);
            float8v sum = always + of[WORLD] * light[WORLD] + of[BOUNCED] * light[BOUNCED];
            for (int l = 0; l < p->lamp_count; l++) sum += of[l] * light[l];
            *(half8v *)(out + LANES * (p->first[which[i]] + (k & 1) + (long)(k >> 1) * p->size)) = __builtin_convertvector(sum, half8v);
        }
    }
}

/* Turned away from the camera by more than 30 degrees: not seen. */
static inline int turned_away(const float *place, const float *camera) {
    const float dx = camera[0] - place[0], dy = camera[1] - place[1], dz = camera[2] - place[2];
    const float d = place[3] * dx + place[4] * dy + place[5] * dz;
    return d < 0.f && d * d > .25f * (dx * dx + dy * dy + dz * dz);
}

/* Light for a camera at (3) metres and an azimuth in degrees, none for patches turned away from it, but for those from
   `edge` on: along the cloth's edge normals turn so fast that they say little.  Into out (size,size,LANES).
   Cloth without light is still there: in sharp folds some that is turned away by its normals is seen. */
EXPORT void light_view(const Cloth *cloth, const Patches *p, const float *camera, float azimuth, half *out) {
    const half8v dark = {0, 0, 0, 0, 1, 0, 1, 0};   /* SHEEN_ATT and COVERAGE */
    const Between between = ring_place(azimuth);
    int32_t block[BLOCK];
    int n = 0;
    for (int i = 0; i < p->count; i++) {
        if (i < p->edge && turned_away(p->place + 6 * (long)i, camera)) {
            for (int k = 0; k < PATCH; k++)
                if (p->texels[i] >> k & 1) *(half8v *)(out + LANES * (p->first[i] + (k & 1) + (long)(k >> 1) * p->size)) = dark;
            continue;
        }
        block[n++] = i;
        if (n < BLOCK) continue;
        light_block(cloth, camera, between, p, block, n, out);
        n = 0;
    }
    if (n) light_block(cloth, camera, between, p, block, n, out);
}
