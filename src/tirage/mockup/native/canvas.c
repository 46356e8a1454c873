/* Which blocks a canvas has, and what it takes of a view's pixels. */
#include <string.h>

#include "canvas.h"

/* Which of count blocks of kept atlas positions, `places` each, have one in a box: left, top, right, bottom, all inclusive.
   NOWHERE is in none. */
EXPORT void blocks_within(const uint16_t *atlas, int count, int places, const uint16_t (*boxes)[4], int box_count, uint8_t *within) {
    for (int b = 0; b < count; b++, atlas += 2 * places) {
        int some = 0;
        for (int k = 0; k < box_count && !some; k++)
            for (int i = 0; i < places; i++)
                some |= (atlas[2 * i] >= boxes[k][0]) & (atlas[2 * i + 1] >= boxes[k][1]) & (atlas[2 * i] <= boxes[k][2]) & (atlas[2 * i + 1] <= boxes[k][3]);
        within[b] = (uint8_t)some;
    }
}

/* The pixels of count tiles, `bytes` each, out (count,TILE,TILE), from a view's spans: row y holds columns [x0[y],x1[y]) from
   offset[y]. */
EXPORT void tile_pixels(const int32_t *tiles, int count, int size, const int32_t *x0, const int32_t *x1, const int64_t *offset,
                        const uint8_t *pixels, int bytes, uint8_t *out) {
    const int across = (size + TILE - 1) / TILE;
    for (int row = 0; row < count * TILE; row++, out += TILE * bytes) {
        const int left = tiles[row / TILE] % across * TILE, y = tiles[row / TILE] / across * TILE + row % TILE;
        const int from = y < size ? maxi(x0[y] - left, 0) : 0, to = y < size ? mini(x1[y] - left, TILE) : 0;
        memset(out, 0, (size_t)TILE * bytes);
        if (from < to) memcpy(out + from * bytes, pixels + (offset[y] + left + from - x0[y]) * bytes, (size_t)bytes * (to - from));
    }
}
