/* Light in texture space: where each texel lies on the cloth, and how the lamps light it for one camera. */
#include <math.h>
#include <string.h>

#include "kernels.h"

/* Rasterise the mesh over its own UVs: position and normal of every texel whose centre an island covers.
   uv is in texels (n,2); tri (m,3); position, normal (n,3); out_* (size,size,3); mask (size,size) must be zero. */
EXPORT void texel_geometry(const float *uv, const int32_t *tri, int m, const float *position, const float *normal,
                           int size, float *out_position, float *out_normal, uint8_t *mask) {
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
                    out_position[3 * q + k] = w0 * position[3 * i[0] + k] + w1 * position[3 * i[1] + k] + w2 * position[3 * i[2] + k];
                    out_normal[3 * q + k] = w0 * normal[3 * i[0] + k] + w1 * normal[3 * i[1] + k] + w2 * normal[3 * i[2] + k];
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
    /* over n.v in [0,1]: sheen albedo, sheen LTC a and b, gloss albedo, Oren-Nayar albedo, gloss Smith lambda */
    float sheen[TABLE + 1], ltc_a[TABLE + 1], ltc_b[TABLE + 1], gloss[TABLE + 1], albedo[TABLE + 1];
    float albedo_poly[8];   /* Oren-Nayar albedo over n.l as c0..c5 powers of n.l, then s and s*n.l with s = sqrt(1-nl^2) */
} Cloth;

typedef struct {
    float point[POINTS][3]; /* world, metres: the middles of its quarters */
    float axis[3];          /* unit, the direction in which the lamp shines */
} Lamp;

static inline float table(const float *t, float x) {
    const float f = x * TABLE;
    const int i = mini((int)f, TABLE - 1);
    return t[i] + (t[i + 1] - t[i]) * (f - i);
}

typedef struct {
    float nx[BLOCK], ny[BLOCK], nz[BLOCK], px[BLOCK], py[BLOCK], pz[BLOCK], vx[BLOCK], vy[BLOCK], vz[BLOCK], nv[BLOCK];
    float ltc_a[BLOCK], ltc_b[BLOCK], lambda_v[BLOCK], inv_sv[BLOCK];
} Block;

/* One lamp at a block of texels: sums over its points, each weighted by what it gives to a Lambert surface. */
typedef struct {
    float single[BLOCK], multi[BLOCK], weight[BLOCK];   /* Oren-Nayar once and again; the weights */
    float lx[BLOCK], ly[BLOCK], lz[BLOCK];               /* the mean direction to the lamp */
    float sheen[BLOCK], gloss[BLOCK];
} Lit;

static void light_diffuse(const Block *b, const Cloth *m, const float *point, const float *axis, Lit *o) {
    const float *p = m->albedo_poly;
    for (int i = 0; i < BLOCK; i++) {
        const float dx = point[0] - b->px[i], dy = point[1] - b->py[i], dz = point[2] - b->pz[i];
        const float inv2 = 1.f / (dx * dx + dy * dy + dz * dz), inv = sqrtf(inv2);
        const float lx = dx * inv, ly = dy * inv, lz = dz * inv, nv = b->nv[i];
        float nl = b->nx[i] * lx + b->ny[i] * ly + b->nz[i] * lz;
        nl = nl < .02f ? .02f : nl > 1.f ? 1.f : nl;
        const float lv = b->vx[i] * lx + b->vy[i] * ly + b->vz[i] * lz;
        const float facing = -(axis[0] * lx + axis[1] * ly + axis[2] * lz);
        const float g = nl * inv2 * (facing < .001f ? .001f : facing);
        const float along = lv - nl * nv, t = along > 0.f ? along / (nl > nv ? nl : nv) : along;
        const float s2 = 1.f - nl * nl, s = sqrtf(s2 > 0.f ? s2 : 0.f);
        const float albedo = p[0] + nl * (p[1] + nl * (p[2] + nl * (p[3] + nl * (p[4] + nl * p[5])))) + s * (p[6] + nl * p[7]);
        o->single[i] += g * (m->on_a + m->on_b * t);
        o->multi[i] += g * (1.f - albedo);
        o->weight[i] += g;
        o->lx[i] += g * lx, o->ly[i] += g * ly, o->lz[i] += g * lz;
    }
}

/* Sheen and gloss over Lambert, from the mean direction: both lobes are wide, one direction is enough. */
static void light_lobes(const Block *b, const Cloth *m, Lit *o) {
    const float a2 = m->alpha2, e2 = m->eta * m->eta - 1.f;
    for (int i = 0; i < BLOCK; i++) {
        const float inv = 1.f / sqrtf(o->lx[i] * o->lx[i] + o->ly[i] * o->ly[i] + o->lz[i] * o->lz[i]);
        const float lx = o->lx[i] * inv, ly = o->ly[i] * inv, lz = o->lz[i] * inv, nv = b->nv[i];
        float nl = b->nx[i] * lx + b->ny[i] * ly + b->nz[i] * lz;
        nl = nl < GRAZING ? GRAZING : nl > 1.f ? 1.f : nl;
        const float lv = b->vx[i] * lx + b->vy[i] * ly + b->vz[i] * lz;
        const float s2 = 1.f - nl * nl, tx = (lv - nl * nv) * b->inv_sv[i], ty2 = s2 - tx * tx;
        const float sx = b->ltc_a[i] * tx + b->ltc_b[i] * nl, la2 = b->ltc_a[i] * b->ltc_a[i];
        const float ls = sx * sx + la2 * (ty2 > 0.f ? ty2 : 0.f) + nl * nl;
        const float hh = 2.f + 2.f * (lv < -.98f ? -.98f : lv), sum = nl + nv;
        const float nh2 = sum * sum < hh ? sum * sum / hh : 1.f;   /* over 1 for a lamp behind the cloth */
        const float q = nh2 * (a2 - 1.f) + 1.f, lh = .5f * sqrtf(hh);
        const float fg = sqrtf(e2 + lh * lh), f1 = (fg - lh) / (fg + lh), f2 = (lh * (fg + lh) - 1.f) / (lh * (fg - lh) + 1.f);
        const float fresnel = .5f * f1 * f1 * (1.f + f2 * f2);
        const float lambda_l = .5f * (sqrtf(1.f + a2 * s2 / (nl * nl)) - 1.f);
        o->sheen[i] = la2 / (ls * ls);
        o->gloss[i] = a2 * fresnel / (q * q * 4.f * nl * nv * (1.f + b->lambda_v[i] + lambda_l));
    }
}

/* Evaluate one block of texels.  lights (lamps, texels) with stride; ids are the texels; out (size*size) float8v. */
static void light_block(const Cloth *m, const Lamp *lamps, int lamp_count, const float *const *maps, const float *camera,
                        const float *position, const float *normal, const int32_t *ids, int n, half *out) {
    Block b;
    for (int i = 0; i < BLOCK; i++) {
        const long q = ids[i < n ? i : 0];
        const float *p = position + 3 * q, *no = normal + 3 * q;
        const float dx = camera[0] - p[0], dy = camera[1] - p[1], dz = camera[2] - p[2];
        const float inv = 1.f / sqrtf(dx * dx + dy * dy + dz * dz);
        b.px[i] = p[0], b.py[i] = p[1], b.pz[i] = p[2];
        b.nx[i] = no[0], b.ny[i] = no[1], b.nz[i] = no[2];
        b.vx[i] = dx * inv, b.vy[i] = dy * inv, b.vz[i] = dz * inv;
        const float nv = clampf(b.nx[i] * b.vx[i] + b.ny[i] * b.vy[i] + b.nz[i] * b.vz[i], .02f, .9999f);
        b.nv[i] = nv;
        b.inv_sv[i] = 1.f / sqrtf(1.f - nv * nv);
        b.ltc_a[i] = table(m->ltc_a, nv);
        b.ltc_b[i] = table(m->ltc_b, nv);
        b.lambda_v[i] = .5f * (sqrtf(1.f + m->alpha2 * (1.f - nv * nv) / (nv * nv)) - 1.f);
    }
    float direct[BLOCK] = {0}, multiple[BLOCK] = {0}, sheen_sum[BLOCK] = {0}, gloss_sum[BLOCK] = {0};
    for (int l = 0; l < lamp_count; l++) {
        Lit o = {0};
        for (int k = 0; k < POINTS; k++) light_diffuse(&b, m, lamps[l].point[k], lamps[l].axis, &o);
        light_lobes(&b, m, &o);
        for (int i = 0; i < n; i++) {
            const float e = maps[l][ids[i]], share = e / o.weight[i];
            direct[i] += share * o.single[i];
            multiple[i] += share * o.multi[i];
            sheen_sum[i] += e * o.sheen[i];
            gloss_sum[i] += e * o.gloss[i];
        }
    }
    const float pi = 3.14159265f;
    for (int i = 0; i < n; i++) {
        const long q = ids[i];
        const float nv = b.nv[i];
        const float sheen_albedo = table(m->sheen, nv), gloss_albedo = table(m->gloss, nv), albedo = table(m->albedo, nv);
        const float world = maps[lamp_count][q], bounced = m->bounce_gain * (albedo + m->bounce_k * (1.f - albedo));
        const float under_gloss = 1.f - gloss_albedo, under_sheen = 1.f - m->sheen_weight * sheen_albedo;
        const float specular = m->gloss_gain * gloss_sum[i] + gloss_albedo * world, att = under_gloss * under_sheen;
        float8v light;
        light[DIRECT] = att * (pi * direct[i] + world * albedo);
        light[MULTIPLE] = att * pi * (1.f - albedo) * (multiple[i] + world * (1.f - m->albedo_avg));
        light[BOUNCE] = att * bounced * maps[lamp_count + 1][q];
        light[BOUNCE2] = att * bounced * maps[lamp_count + 2][q];
        light[GLOSS] = under_sheen * specular + m->sheen_weight * sheen_albedo * (sheen_sum[i] + world);
        light[SHEEN_ATT] = under_sheen;
        light[GLOSS_INK] = specular;
        light[COVERAGE] = 1.f;
        *(half8v *)(out + TERMS * q) = __builtin_convertvector(light, half8v);
    }
}

/* Light for one camera, for the texels that face it.  ids (count) lists the island texels (dilated);
   maps: lamp_count + 3 pointers (lamps, world, first and further bounces) to (size,size); out (size,size,TERMS). */
EXPORT void light_view(const Cloth *cloth, const Lamp *lamps, int lamp_count, const float *const *maps, const float *camera,
                       const float *position, const float *normal, const int32_t *ids, int count, half *out) {
    int32_t block[BLOCK];
    int n = 0;
    for (int k = 0; k < count; k++) {
        const long q = ids[k];
        const float *p = position + 3 * q, *no = normal + 3 * q;
        const float dx = camera[0] - p[0], dy = camera[1] - p[1], dz = camera[2] - p[2];
        const float d = no[0] * dx + no[1] * dy + no[2] * dz;
        if (d < 0.f && d * d > .04f * (dx * dx + dy * dy + dz * dz)) continue;   /* turned away by more than 12 degrees */
        block[n++] = (int32_t)q;
        if (n == BLOCK) {
            light_block(cloth, lamps, lamp_count, maps, camera, position, normal, block, n, out);
            n = 0;
        }
    }
    if (n) light_block(cloth, lamps, lamp_count, maps, camera, position, normal, block, n, out);
}
