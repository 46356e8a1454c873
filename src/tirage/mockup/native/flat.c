/* Flat pictures: cloth in its colour, ink laid over it, and premultiplied pixels made straight. */
#include "kernels.h"
#include <stddef.h>

enum { FULL = 65535 };

/* The code of a linear value 0..1, by a table of FULL + 1 codes. */
static inline uint8_t code_of(const uint8_t *codes, float linear) { return codes[(int)(clampf(linear, 0.f, 1.f) * FULL + .5f)]; }

/* Straight RGBA codes (count,4) to premultiplied ones 0..255*255. */
EXPORT void premultiplied_codes(const uint8_t *from, int64_t count, uint16_t *to) {
    for (int64_t i = 0; i < count; i++, from += 4, to += 4) {
        for (int c = 0; c < 3; c++) to[c] = (uint16_t)(from[c] * from[3]);
        to[3] = (uint16_t)(255 * from[3]);
    }
}

/* Pixels (count,4) of premultiplied values 0..full to straight RGBA codes; clear is all zero.
   codes: the code of each linear value 0..FULL, or null where the values are codes already. */
EXPORT void straight_codes(const uint16_t *from, int64_t count, int full, const uint8_t *codes, uint8_t *to) {
    for (int64_t i = 0; i < count; i++, from += 4, to += 4) {
        const int alpha = from[3], cover = mini((alpha * 255 + full / 2) / full, 255);
        const float unit = cover ? 1.f / alpha : 0.f;
        for (int c = 0; c < 3; c++)
            to[c] = codes ? code_of(codes, from[c] * unit) : (uint8_t)(clampf(from[c] * unit, 0.f, 1.f) * 255.f + .5f);
        to[3] = (uint8_t)cover;
    }
}

/* Colour of each coverage (table: 256,3) into a picture of that many columns, from (left,top) on; cloth (height,width). */
EXPORT void tint_cloth(const uint8_t *cloth, int width, int height, const uint8_t *table, int columns, int left, int top,
                       uint8_t *picture) {
    for (int y = 0; y < height; y++) {
        uint8_t *out = picture + 3 * ((size_t)(top + y) * columns + left);
        const uint8_t *row = cloth + (size_t)y * width;
        for (int x = 0; x < width; x++, out += 3) {
            const uint8_t *colour = table + 3 * row[x];
            out[0] = colour[0], out[1] = colour[1], out[2] = colour[2];
        }
    }
}

/* Ink (height,width,4), linear premultiplied 0..FULL, over a picture of that many columns from (left,top) on, as far as
   there is cloth: its coverage begins `cloth` and has rows of `cloth_columns`. linear (256): light of each code. */
EXPORT void lay_ink(const uint16_t *ink, int width, int height, const uint8_t *cloth, int cloth_columns, const float *linear,
                    const uint8_t *codes, int columns, int left, int top, uint8_t *picture) {
    for (int y = 0; y < height; y++) {
        uint8_t *out = picture + 3 * ((size_t)(top + y) * columns + left);
        const uint8_t *cover = cloth + (size_t)y * cloth_columns;
        for (int x = 0; x < width; x++, ink += 4, out += 3) {
            const float unit = cover[x] * (1.f / 255.f / FULL), rest = 1.f - ink[3] * unit;
            if (ink[3] == 0 || cover[x] == 0) continue;
            for (int c = 0; c < 3; c++) out[c] = code_of(codes, ink[c] * unit + linear[out[c]] * rest);
        }
    }
}
