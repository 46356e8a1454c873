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

enum { TABLE = 256, BLOCK = 64, POINTS = 4 };

/* Below this cosine the lobes, divided by it, would outgrow what the light map holds. */
#define GRAZING .05f

/* The cloth, constant over a template. */
typedef struct {
    float on_a, on_b;       /* Oren-Nayar in the energy-preserving form: a, b */
    float albedo_avg;       /* its average directional albedo */
    float alpha2, eta;      /* GGX roughness to the fourth, and the index of refraction */
    float gloss_gain;       /* multiple scattering of the gloss */
    float sheen_weight;
    float bounce_gain;      /* 1 / what a baked indirect texel was already multiplied by */
    float bounce_k;         /* multiple scattering of bounced light, which only matters on bright cloth: k(.9) pi (1 - mean albedo) */
    /* over a cosine in [0,1]: sheen albedo, sheen LTC a and b, gloss albedo, Oren-Nayar albedo */
    float sheen[TABLE + 1], ltc_a[TABLE + 1], ltc_b[TABLE + 1], gloss[TABLE + 1], albedo[TABLE + 1];
} Cloth;

typedef struct {
    float point[POINTS][3]; /* world, metres: the middles of its quarters */
    float axis[3];          /* unit, the direction in which the lamp shines */
} Lamp;

/* What no camera changes about a texel, as half floats: for each lamp the mean direction to it, each of its points
   weighted by what it gives a Lambert surface, and its light; then multiply scattered light, world, bounces, and the mean
   direction from which bounces come, along the surface (zero: from all sides alike). */
enum { LAMP_X, LAMP_Y, LAMP_Z, LAMP_LIGHT, LAMP_FIELDS };
enum { MULTIPLY, WORLD, BOUNCED, BOUNCED2, FROM_X, FROM_Y, FROM_Z, OTHER_FIELDS };

static inline float table(const float *t, float x) {
    const float f = clampf(x, 0.f, 1.f) * TABLE;
    const int i = mini((int)f, TABLE - 1);
    return t[i] + (t[i + 1] - t[i]) * (f - i);
}

static void lamp_record(const Lamp *lamp, const float *p, const float *n, float light, half *out) {
    float sum[3] = {0};
    for (int k = 0; k < POINTS; k++) {
        const float d[3] = {lamp->point[k][0] - p[0], lamp->point[k][1] - p[1], lamp->point[k][2] - p[2]};
        const float inv = 1.f / sqrtf(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        const float nl = (n[0] * d[0] + n[1] * d[1] + n[2] * d[2]) * inv;
        const float facing = -(lamp->axis[0] * d[0] + lamp->axis[1] * d[1] + lamp->axis[2] * d[2]) * inv;
        const float weight = fmaxf(nl, .02f) * fmaxf(facing, .001f) * inv * inv;
        for (int c = 0; c < 3; c++) sum[c] += weight * d[c] * inv;
    }
    const float inv = 1.f / sqrtf(sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]);
    for (int c = 0; c < 3; c++) out[c] = (half)(sum[c] * inv);
    out[LAMP_LIGHT] = (half)light;
}

/* Records (count, lamp_count * LAMP_FIELDS + OTHER_FIELDS) of texels at position, normal (count,3) under light
   (count, lamp_count + 6): the lamps, the world, first and further bounces, and where bounces come from. */
EXPORT void light_records(const Cloth *cloth, const Lamp *lamps, int lamp_count, const float *light, const float *position,
                          const float *normal, int count, half *out) {
    const int fields = lamp_count * LAMP_FIELDS + OTHER_FIELDS;
    for (int i = 0; i < count; i++, out += fields, light += lamp_count + 6) {
        const float *n = normal + 3 * (long)i;
        half *other = out + lamp_count * LAMP_FIELDS;
        float multiply = 0.f;
        for (int l = 0; l < lamp_count; l++) {
            half *r = out + l * LAMP_FIELDS;
            lamp_record(lamps + l, position + 3 * (long)i, n, light[l], r);
            multiply += light[l] * (1.f - table(cloth->albedo, n[0] * (float)r[LAMP_X] + n[1] * (float)r[LAMP_Y] + n[2] * (float)r[LAMP_Z]));
        }
        other[MULTIPLY] = (half)multiply;
        for (int k = 0; k < 6; k++) other[WORLD + k] = (half)light[lamp_count + k];
    }
}

/* Texels at work, plane by plane so that the loop over them becomes vectors. */
typedef struct {
    float nx[BLOCK], ny[BLOCK], nz[BLOCK], vx[BLOCK], vy[BLOCK], vz[BLOCK], nv[BLOCK];
    float ltc_a[BLOCK], ltc_b[BLOCK], lambda_v[BLOCK], inv_sv[BLOCK];
    float lx[BLOCK], ly[BLOCK], lz[BLOCK], light[BLOCK];
    float diffuse[BLOCK], sheen[BLOCK], gloss[BLOCK];   /* sums over the lamps */
} Block;

/* One lamp on a block: Oren-Nayar once scattered, sheen and gloss, all over Lambert and times the lamp's light. */
static void add_lamp(const Cloth *m, Block *b) {
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
        b->diffuse[i] += b->light[i] * (m->on_a + m->on_b * t);
        b->sheen[i] += b->light[i] * la2 / (ls * ls);
        b->gloss[i] += b->light[i] * a2 * fresnel / (q * q * 4.f * nl * nv * (1.f + b->lambda_v[i] + lambda_l));
    }
}

/* A block's texels and their directions to the camera; places past n repeat the first. */
static void load_block(const Cloth *m, const float *camera, const float *position, const float *normal, const int32_t *which, int n, Block *b) {
    for (int i = 0; i < BLOCK; i++) {
        const float *p = position + 3 * (long)which[i < n ? i : 0], *no = normal + 3 * (long)which[i < n ? i : 0];
        const float dx = camera[0] - p[0], dy = camera[1] - p[1], dz = camera[2] - p[2];
        const float inv = 1.f / sqrtf(dx * dx + dy * dy + dz * dz);
        b->nx[i] = no[0], b->ny[i] = no[1], b->nz[i] = no[2];
        b->vx[i] = dx * inv, b->vy[i] = dy * inv, b->vz[i] = dz * inv;
        const float nv = clampf((no[0] * dx + no[1] * dy + no[2] * dz) * inv, .1f, .9999f);
        b->nv[i] = nv;
        b->inv_sv[i] = 1.f / sqrtf(1.f - nv * nv);
        b->ltc_a[i] = table(m->ltc_a, nv), b->ltc_b[i] = table(m->ltc_b, nv);
        b->lambda_v[i] = .5f * (sqrtf(1.f + m->alpha2 * (1.f - nv * nv) / (nv * nv)) - 1.f);
        b->diffuse[i] = b->sheen[i] = b->gloss[i] = 0.f;
    }
}

/* Oren-Nayar's first scattering of bounced light, from its mean direction if there is one. */
static inline float bounce_scattered(const Cloth *m, const Block *b, int i, const half *other, float albedo) {
    const float x = (float)other[FROM_X], y = (float)other[FROM_Y], z = (float)other[FROM_Z], sine2 = x * x + y * y + z * z;
    if (sine2 < 1e-3f) return albedo;
    const float t = x * b->vx[i] + y * b->vy[i] + z * b->vz[i], nl = sqrtf(fmaxf(1.f - sine2, .05f));
    return 3.14159265f * (m->on_a + m->on_b * (t > 0.f ? t / fmaxf(nl, b->nv[i]) : t));
}

/* All layers of the cloth at one texel: gloss over sheen over rough diffuse. */
static inline half8v layers(const Cloth *m, const Block *b, int i, const half *other) {
    const float pi = 3.14159265f, nv = b->nv[i], world = (float)other[WORLD];
    const float sheen_albedo = m->sheen_weight * table(m->sheen, nv), gloss_albedo = table(m->gloss, nv), albedo = table(m->albedo, nv);
    const float under_sheen = 1.f - sheen_albedo, att = (1.f - gloss_albedo) * under_sheen;
    const float bounced = m->bounce_gain * (bounce_scattered(m, b, i, other, albedo) + m->bounce_k * (1.f - albedo));
    const float specular = m->gloss_gain * b->gloss[i] + gloss_albedo * world;
    float8v light;
    light[DIRECT] = att * (pi * b->diffuse[i] + world * albedo);
    light[MULTIPLE] = att * pi * (1.f - albedo) * ((float)other[MULTIPLY] + world * (1.f - m->albedo_avg));
    light[BOUNCE] = att * bounced * ((float)other[BOUNCED] + BOUNCE_ALBEDO * (float)other[BOUNCED2]);
    light[GLOSS] = under_sheen * specular + sheen_albedo * (b->sheen[i] + world);
    light[SHEEN_ATT] = under_sheen;
    light[GLOSS_INK] = specular;
    light[COVERAGE] = 1.f;
    light[TERMS] = 0.f;
    return __builtin_convertvector(light, half8v);
}

static void light_block(const Cloth *m, int lamp_count, const half *records, const float *camera, const float *position,
                        const float *normal, const int32_t *ids, const int32_t *which, int n, half *out) {
    const int fields = lamp_count * LAMP_FIELDS + OTHER_FIELDS;
    Block b;
    load_block(m, camera, position, normal, which, n, &b);
    for (int l = 0; l < lamp_count; l++) {
        for (int i = 0; i < BLOCK; i++) {
            const half *r = records + (long)which[i < n ? i : 0] * fields + l * LAMP_FIELDS;
            b.lx[i] = (float)r[LAMP_X], b.ly[i] = (float)r[LAMP_Y], b.lz[i] = (float)r[LAMP_Z], b.light[i] = (float)r[LAMP_LIGHT];
        }
        add_lamp(m, &b);
    }
    for (int i = 0; i < n; i++)
        *(half8v *)(out + LANES * (long)ids[which[i]]) = layers(m, &b, i, records + (long)which[i] * fields + lamp_count * LAMP_FIELDS);
}

/* Light for one camera, none for texels turned away from it, but for those from `edge` on: along the cloth's edge
   normals turn so fast that they say little.  position, normal (count,3), ids (count) where each goes in
   out (size,size,LANES), records (count, fields). */
EXPORT void light_view(const Cloth *cloth, int lamp_count, const half *records, const float *camera, const float *position,
                       const float *normal, const int32_t *ids, int count, int edge, half *out) {
    int32_t block[BLOCK];
    int n = 0;
    for (int i = 0; i < count; i++) {
        const float *p = position + 3 * (long)i, *no = normal + 3 * (long)i;
        const float dx = camera[0] - p[0], dy = camera[1] - p[1], dz = camera[2] - p[2];
        const float d = no[0] * dx + no[1] * dy + no[2] * dz;
        if (i < edge && d < 0.f && d * d > .25f * (dx * dx + dy * dy + dz * dz)) {   /* turned away by more than 30 degrees: not seen */
            *(half8v *)(out + LANES * (long)ids[i]) = (half8v){0};
            continue;
        }
        block[n++] = i;
        if (n < BLOCK) continue;
        light_block(cloth, lamp_count, records, camera, position, normal, ids, block, n, out);
        n = 0;
    }
    if (n) light_block(cloth, lamp_count, records, camera, position, normal, ids, block, n, out);
}
