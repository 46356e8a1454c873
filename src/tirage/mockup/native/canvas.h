/* The part of a view that prints can reach, as canvas.py keeps it, and the ink on it. */
#ifndef TIRAGE_CANVAS_H
#define TIRAGE_CANVAS_H

#include "kernels.h"

/* Ink of a pixel: premultiplied red, green, blue and coverage; the means of coverage squared, of brightness squared
   and of their product, brightness being the mean of the premultiplied colour.  A block holds it row by row, and in each row
   plane by plane: (TILE,INK,TILE). */
enum { TILE = 16, BLOCKS = TILE + 2, INK = 7 };

/* The tiles of a view that prints on some panels can reach: count blocks, each with the number of its tile, its pixels'
   terms, fabric and atlas positions, and a slot of kept samples and of the printable surface's own terms (see terms.c), or SMOOTH. */
typedef struct {
    const int32_t *tile, *slot;
    const int32_t *block;    /* (across,across) a tile's block, or -1 */
    const uint16_t *atlas;   /* (count,TILE,TILE,2) */
    const half *terms;       /* (count,TILE,TILE,TERMS) */
    const uint8_t *fabric;   /* (count,TILE,TILE) codes of fabric.c; NULL where none is seen */
    const int32_t *first;
    const uint32_t *stored;
    const uint16_t *samples;
    const half *surface;
    int32_t count, size;
} Canvas;

enum { SMOOTH = -1 };

#endif
