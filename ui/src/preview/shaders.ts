/* The renderer's formulas (docs/relight.md) for one point of the cloth at a time.
   They follow src/tirage/mockup/native/light.c and shade.c line by line; names are the same. */

const HEAD = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2D;
precision highp sampler2DArray;
precision highp usampler2D;
`;

export const FULL_SCREEN = `${HEAD}
out vec2 at;
void main() {
  at = vec2(gl_VertexID == 1 ? 2. : 0., gl_VertexID == 2 ? 2. : 0.);
  gl_Position = vec4(at * 2. - 1., 0., 1.);
}`;

/* Grey codes of several planes, one above the other, to linear light in eight lanes. */
export const UNPACK_LIGHT = `${HEAD}
uniform sampler2D codes;
uniform int side;
uniform int plane[8];   /* the plane of each lane, or -1 */
uniform float scale[8];
layout(location = 0) out vec4 first;
layout(location = 1) out vec4 second;
float lane(int k) {
  if (plane[k] < 0) return 0.;
  ivec2 p = ivec2(gl_FragCoord.xy);
  float code = texelFetch(codes, ivec2(p.x, plane[k] * side + p.y), 0).r;
  return code * code * scale[k];
}
void main() {
  first = vec4(lane(0), lane(1), lane(2), lane(3));
  second = vec4(lane(4), lane(5), lane(6), lane(7));
}`;

/* A design to linear premultiplied texels with a border of one. */
export const UNPACK_DESIGN = `${HEAD}
uniform sampler2D design;
out vec4 texel;
void main() {
  ivec2 p = ivec2(gl_FragCoord.xy) - 1, size = textureSize(design, 0);
  if (any(lessThan(p, ivec2(0))) || any(greaterThanEqual(p, size))) { texel = vec4(0.); return; }
  vec4 c = texelFetch(design, p, 0);
  vec3 linear = mix(c.rgb / 12.92, pow((c.rgb + .055) / 1.055, vec3(2.4)), step(.04045, c.rgb));
  texel = vec4(linear * c.a, c.a);
}`;

export const MESH_VERTEX = `${HEAD}
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec2 place;
layout(location = 3) in uint flags;
uniform vec3 low, high, camera;
uniform mat3 axes;     /* right, up, forward as rows */
uniform vec2 scale;    /* focal length over half the picture */
uniform vec2 shift;    /* of the sample from the pixel's centre, in clip units */
out vec3 P, N;
out vec2 uv;
flat out uint side;
void main() {
  P = low + position * (high - low);
  N = normal;
  uv = place * (65535. / 65534.);
  side = flags;
  vec3 seen = axes * (P - camera);
  const float near = .2, far = 8.;
  gl_Position = vec4(seen.xy * scale + shift * seen.z, (seen.z * (far + near) - 2. * far * near) / (far - near), seen.z);
}`;

/* What a pixel shows of the cloth, told shortly: triangles are hardly larger than pixels, and each is drawn in blocks of
   four pixels, so whatever is done here is done several times. */
export const MESH_FRAGMENT = `${HEAD}
in vec3 P, N;
in vec2 uv;
flat in uint side;
uniform vec3 camera;
uniform mat3 axes;
layout(location = 0) out uvec4 where;
layout(location = 1) out uvec4 shape;   /* normal; how far; by how much a pixel moves on the atlas, the most and both ways */
void main() {
  vec3 n = normalize(N);
  vec2 dx = dFdx(uv), dy = dFdy(uv);
  float a = dot(dx, dx), b = dot(dy, dy), most = max(a, b);
  vec2 o = n.xy / (abs(n.x) + abs(n.y) + abs(n.z));
  if (n.z < 0.) o = (1. - abs(o.yx)) * vec2(o.x < 0. ? -1. : 1., o.y < 0. ? -1. : 1.);
  where = uvec4(uvec2(clamp(uv, 0., 1.) * 65534. + .5), side, 1u);
  shape = uvec4(packSnorm2x16(o), floatBitsToUint((axes * (P - camera)).z), packHalf2x16(.5 * log2(max(vec2(most, min(most, 4. * min(a, b))), 1e-12))), 0u);
}`;

/* The light of what a sample shows (relight.md), pixel by pixel. */
export const TERMS_FRAGMENT = `${HEAD}
const int LAMPS = 6;
const float PI = 3.14159265, GRAZING = .05;
uniform usampler2D where, shape;
uniform vec3 camera, lampPoint[4 * LAMPS], lampAxis[LAMPS];
uniform mat3 axes;     /* right, up, forward as rows */
uniform vec2 scale, shift;
uniform int lampCount;
uniform sampler2D outsideA, outsideB, insideA, insideB;   /* lamps 0-3; lamps 4-5, world, bounced */
uniform sampler2DArray ringOutside, ringInside;           /* 8 cameras of each kind: direct, bounce, gloss */
uniform ivec2 ring;
uniform float ringPart;
uniform sampler2D table, albedoTable;                     /* sheen, LTC a and b, gloss; Oren-Nayar's albedo */
uniform float on_a, on_b, albedo_avg, alpha2, eta, gloss_gain, dull, sheen_weight, bounce_gain, bounce_k;
uniform sampler2D detail, fabric;
uniform float tiles, fabricMean, detailBias, fabricBias;
uniform int covered[64], patterned;
layout(location = 0) out vec4 direct_multiple_bounce_gloss;
layout(location = 1) out vec4 att_sheen_fabric_coverage;
vec3 P;
vec2 uv;
uint side;

vec4 tables(float x) { return textureLod(table, vec2((clamp(x, 0., 1.) * 256. + .5) / 257., .5), 0.); }
float albedoAt(float x) { return textureLod(albedoTable, vec2((clamp(x, 0., 1.) * 256. + .5) / 257., .5), 0.).r; }

float ratio(int kind, bool inside) {
  vec3 a = vec3(uv, kind * 8 + ring.x), b = vec3(uv, kind * 8 + ring.y);
  vec2 code = inside ? vec2(textureLod(ringInside, a, 0.).r, textureLod(ringInside, b, 0.).r) : vec2(textureLod(ringOutside, a, 0.).r, textureLod(ringOutside, b, 0.).r);
  vec2 found = exp2((code * 255. - 128.) / 64.);
  return mix(found.x, found.y, ringPart);
}

vec3 lampDirection(int l, vec3 n) {
  vec3 sum = vec3(0.);
  for (int k = 0; k < 4; k++) {
    vec3 d = lampPoint[4 * l + k] - P;
    float inv = inversesqrt(dot(d, d));
    float weight = clamp(dot(n, d) * inv, .001, .3) * max(-dot(lampAxis[l], d) * inv, .001) * inv * inv;
    sum += weight * inv * d;
  }
  return normalize(sum);
}

float fabricFactor(float step) {
  if (patterned == 0 || covered[int(side & 63u)] == 0 || (side & 64u) != 0u) return 0.;
  float level = step + log2(tiles * float(textureSize(fabric, 0).x)) + fabricBias;
  return textureLod(fabric, uv * tiles, max(level, 0.)).r / fabricMean - 1.;
}

void main() {
  ivec2 pixel = ivec2(gl_FragCoord.xy);
  uvec4 found = texelFetch(where, pixel, 0);
  if (found.a == 0u) {
    direct_multiple_bounce_gloss = att_sheen_fabric_coverage = vec4(0.);
    return;
  }
  uvec4 formed = texelFetch(shape, pixel, 0);
  uv = vec2(found.rg) / 65534.;
  side = found.b;
  bool inside = (side & 128u) != 0u;
  vec2 o = unpackSnorm2x16(formed.r), moves = unpackHalf2x16(formed.b);
  vec3 n = vec3(o, 1. - abs(o.x) - abs(o.y));
  if (n.z < 0.) n.xy = (1. - abs(n.yx)) * vec2(n.x < 0. ? -1. : 1., n.y < 0. ? -1. : 1.);
  n = normalize(n);
  vec2 clip = 2. * gl_FragCoord.xy / vec2(textureSize(where, 0)) - 1.;
  P = camera + uintBitsToFloat(formed.g) * (vec3((clip - shift) / scale, 1.) * axes);
  vec3 to = normalize(camera - P);
  float nv = clamp(dot(n, to), .1, .9999);
  vec4 t = tables(nv);
  float sheenTable = t.x, la2 = t.y * t.y, ltcB = t.z, glossAlbedo = t.w, albedo = albedoAt(nv);
  float lambdaV = .5 * (sqrt(1. + alpha2 * (1. - nv * nv) / (nv * nv)) - 1.), invSv = inversesqrt(1. - nv * nv);
  float underSheen = 1. - sheen_weight * sheenTable, att = (1. - glossAlbedo) * underSheen;
  float shine = dull * ratio(2, inside), hazed = sheen_weight * sheenTable * shine;
  float once = att * ratio(0, inside), again = once * PI * (1. - albedo);
  vec4 A = inside ? textureLod(insideA, uv, 0.) : textureLod(outsideA, uv, 0.), B = inside ? textureLod(insideB, uv, 0.) : textureLod(outsideB, uv, 0.);
  float light[8] = float[8](A.x, A.y, A.z, A.w, B.x, B.y, B.z, B.w);
  float world = light[6], bounced = light[7];
  float direct = once * albedo * world, multiple = again * (1. - albedo_avg) * world;
  float gloss = underSheen * shine * glossAlbedo * world, sheenLight = hazed * world;
  for (int l = 0; l < LAMPS; l++) {
    if (l >= lampCount) break;
    vec3 L = lampDirection(l, n);
    float lost = 1. - albedoAt(dot(n, L));
    float nl = clamp(dot(n, L), GRAZING, 1.), lv = dot(to, L), along = lv - nl * nv;
    float diffuse = on_a + on_b * (along > 0. ? along / max(nl, nv) : along);
    float s2 = 1. - nl * nl, tx = along * invSv, sx = t.y * tx + ltcB * nl;
    float ls = sx * sx + la2 * max(s2 - tx * tx, 0.) + nl * nl, sheen = la2 / (ls * ls);
    float hh = 2. + 2. * max(lv, -.98), nh2 = min((nl + nv) * (nl + nv) / hh, 1.);
    float q = nh2 * (alpha2 - 1.) + 1., lh = .5 * sqrt(hh), fg = sqrt(eta * eta - 1. + lh * lh);
    float f1 = (fg - lh) / (fg + lh), f2 = (lh * (fg + lh) - 1.) / (lh * (fg - lh) + 1.);
    float lambdaL = .5 * (sqrt(1. + alpha2 * s2 / (nl * nl)) - 1.);
    float lobe = gloss_gain * alpha2 * .5 * f1 * f1 * (1. + f2 * f2) / (q * q * 4. * nl * nv * (1. + lambdaV + lambdaL)) * shine;
    direct += once * PI * diffuse * light[l];
    multiple += again * lost * light[l];
    gloss += underSheen * lobe * light[l];
    sheenLight += hazed * sheen * light[l];
  }
  float bounce = bounce_gain * (albedo + bounce_k * (1. - albedo)) * ratio(1, inside) * bounced;
  float d = inside ? 1. : textureLod(detail, uv, max(moves.x + log2(float(textureSize(detail, 0).x)) + detailBias, 0.)).r;
  direct_multiple_bounce_gloss = vec4(direct * d, multiple * d * d * d, bounce * d, gloss);
  att_sheen_fabric_coverage = vec4(underSheen, sheenLight, fabricFactor(moves.y), 1.);
}`;

/* One design's ink on what a sample shows; laid over what is there by blending. */
export const INK_FRAGMENT = `${HEAD}
uniform usampler2D where;
uniform sampler2D design;
uniform vec3 across, down;     /* atlas 0..1 to the design's 0..1: x, y */
uniform vec4 clip;
uniform float level;
out vec4 ink;
void main() {
  uvec4 at = texelFetch(where, ivec2(gl_FragCoord.xy), 0);
  if (at.a == 0u || (at.b & 128u) != 0u) discard;
  vec2 uv = vec2(at.rg) / 65534.;
  if (any(lessThan(uv, clip.xy)) || any(greaterThan(uv, clip.zw))) discard;
  vec2 p = vec2(dot(across, vec3(uv, 1.)), dot(down, vec3(uv, 1.)));
  if (any(lessThan(p, vec2(0.))) || any(greaterThan(p, vec2(1.)))) discard;
  ink = textureLod(design, p, level);
}`;

/* One design's mean ink in each cell of the atlas. */
export const AROUND_FRAGMENT = `${HEAD}
uniform sampler2D design;
uniform vec3 across, down;
uniform vec4 clip;
uniform float side, cellLevel;
out vec4 ink;
void main() {
  ink = vec4(0.);
  for (int k = 0; k < 16; k++) {
    vec2 uv = (floor(gl_FragCoord.xy) + (vec2(k & 3, k >> 2) + .5) / 4.) / side;
    vec2 p = vec2(dot(across, vec3(uv, 1.)), dot(down, vec3(uv, 1.)));
    bool on = all(greaterThanEqual(uv, clip.xy)) && all(lessThanEqual(uv, clip.zw)) && all(greaterThanEqual(p, vec2(0.))) && all(lessThanEqual(p, vec2(1.)));
    if (on) ink += textureLod(design, p, cellLevel) / 16.;
  }
}`;

/* A Gaussian along one axis; beyond the border there is no ink. */
export const BLUR_FRAGMENT = `${HEAD}
uniform sampler2D cells;
uniform ivec2 step;
uniform float sigma;
out vec4 mean;
void main() {
  ivec2 p = ivec2(gl_FragCoord.xy), size = textureSize(cells, 0);
  int reach = int(ceil(3. * sigma));
  vec4 sum = vec4(0.);
  float weights = 0.;
  for (int k = -reach; k <= reach; k++) {
    float weight = exp(-.5 * float(k * k) / (sigma * sigma));
    ivec2 q = p + k * step;
    weights += weight;
    if (all(greaterThanEqual(q, ivec2(0))) && all(lessThan(q, size))) sum += weight * texelFetch(cells, q, 0);
  }
  mean = sum / weights;
}`;

/* A sample's radiance, premultiplied by coverage, to be summed. */
export const SHADE_FRAGMENT = `${HEAD}
uniform sampler2D terms0, terms1, inks, around;
uniform usampler2D where;
uniform vec3 cloth, bounceScale, hue, deep, inkOnFabric;
uniform float inkSoft;
uniform vec2 scatterBy;
uniform float bounceGloss, bounceRatio;
out vec4 radiance;
/* How much more or less light bounces than from bare fabric: bounced_near in shade.c. */
vec3 near(vec2 uv) {
  vec4 ink = texture(around, uv);
  vec3 mean = ink.rgb + (1. - ink.a) * cloth;
  return mean * (1. + bounceRatio * mean) / (cloth * (1. + bounceRatio * cloth));
}
vec3 scattering(vec3 rho) { return rho * rho * rho * scatterBy.x / (1. - scatterBy.y * rho); }
void main() {
  ivec2 p = ivec2(gl_FragCoord.xy);
  vec4 a = texelFetch(terms0, p, 0), b = texelFetch(terms1, p, 0), ink = texelFetch(inks, p, 0);
  if (b.w == 0.) { radiance = vec4(0.); return; }
  float over = inkOnFabric.y * b.z - inkOnFabric.x;   /* covering in shade.c */
  float share = ink.a * clamp(1. + .5 * (over - sqrt(over * over + inkSoft)), 0., 1.), att = 1. / b.x;
  vec3 rho = ink.rgb / max(ink.a, 1e-6), bounced = bounceScale * a.z;
  if (ink.a >= .001) bounced *= near(vec2(texelFetch(where, p, 0).rg) / 65534.);
  vec3 bare = cloth * a.x + (cloth + bounceGloss) * bounced + a.w + hue * b.y;
  vec3 inked = att * (rho * a.x + (rho + bounceGloss) * bounced + a.w);
  vec3 scattered = scattering(mix(cloth, rho, share)) * (1. + share * (att - 1.));
  vec3 light = mix(bare, inked, share) + scattered * a.y;
  radiance = vec4(light * (1. + deep * b.z * (1. - share * (1. - inkOnFabric.z))), 1.);
}`;

/* The mean of all samples to display values: exposure, Khronos PBR Neutral, the sRGB curve, the background. */
export const SHOW_FRAGMENT = `${HEAD}
uniform sampler2D sum;
uniform float samples, exposure, share;   /* share: the sum's side over the canvas' */
uniform vec4 background;
out vec4 shown;
vec3 neutral(vec3 c) {
  const float start = .76, desaturation = .15;
  float low = min(c.r, min(c.g, c.b)), offset = low < .08 ? low - 6.25 * low * low : .04;
  c -= offset;
  float peak = max(c.r, max(c.g, c.b));
  if (peak < start) return c;
  const float d = 1. - start;
  float target = 1. - d * d / (peak + d - start), grey = 1. - 1. / (desaturation * (peak - target) + 1.);
  return mix(c * target / peak, vec3(target), grey);
}
vec3 srgb(vec3 c) {
  c = clamp(c, 0., 1.);
  return mix(c * 12.92, 1.055 * pow(c, vec3(1. / 2.4)) - .055, step(.0031308, c));
}
void main() {
  vec4 s = (share == 1. ? texelFetch(sum, ivec2(gl_FragCoord.xy), 0) : texture(sum, gl_FragCoord.xy * share / vec2(textureSize(sum, 0)))) / samples;
  float a = s.a > .9995 ? 1. : s.a;
  vec3 c = srgb(neutral(s.rgb / max(s.a, 1e-4) * exposure));
  float over = background.a * (1. - a);
  shown = vec4(c * a + background.rgb * over, a + over);
}`;
