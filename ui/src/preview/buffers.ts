/* The pictures that a preview of one size draws into. */

import { formats, makeDepth, makeTexture, Target } from "./gpu";

/** What one sample sees: the cloth's places, and the terms of its light. */
export interface Seen {
  mesh: Target;
  terms: Target;
}

export interface Buffers {
  size: number;
  /** The first samples, which are kept, and one for all others. */
  seen: Seen[];
  /** How many of `seen` are as the camera stands. */
  looked: number;
  /** What the first of them sees, read back; null until somebody asks. */
  places: Uint16Array | null;
  ink: Target;
  sum: Target;
  /** What only the sample needs that is being drawn. */
  shape: WebGLTexture;
  depth: WebGLRenderbuffer;
}

export function makeBuffers(gl: WebGL2RenderingContext, size: number): Buffers {
  const kinds = formats(gl);
  const half = (nearest: boolean) => new Target(gl, size, size, [makeTexture(gl, kinds.half, size, size, null, { nearest })]);
  const shape = makeTexture(gl, kinds.shapes, size, size, null, { nearest: true });
  return { size, seen: [], looked: 0, places: null, ink: half(true), sum: half(false), shape, depth: makeDepth(gl, size) };
}

/** That of a number, made when it is first wanted. */
export function seenOf(buffers: Buffers, gl: WebGL2RenderingContext, number: number): Seen {
  const { size, shape, depth } = buffers;
  const kinds = formats(gl);
  const make = (kind: "half" | "places") => makeTexture(gl, kinds[kind], size, size, null, { nearest: true });
  return (buffers.seen[number] ??= {
    mesh: new Target(gl, size, size, [make("places"), shape], { depth, owned: false }),
    terms: new Target(gl, size, size, [make("half"), make("half")]),
  });
}

/** Panels and places by pixel, rows from the bottom; waits for what is being drawn, so it is read once for a side. */
export function readPlaces(gl: WebGL2RenderingContext, { size, seen }: Buffers): Uint16Array {
  const places = new Uint16Array(4 * size * size);
  gl.bindFramebuffer(gl.FRAMEBUFFER, seen[0].mesh.frame);
  gl.readBuffer(gl.COLOR_ATTACHMENT0);
  gl.readPixels(0, 0, size, size, gl.RGBA_INTEGER, gl.UNSIGNED_SHORT, places);
  return places;
}

export function freeBuffers(buffers: Buffers, gl: WebGL2RenderingContext): void {
  for (const { mesh, terms } of buffers.seen) {
    gl.deleteTexture(mesh.textures[0]);
    mesh.free();
    terms.free();
  }
  buffers.ink.free();
  buffers.sum.free();
  gl.deleteTexture(buffers.shape);
  gl.deleteRenderbuffer(buffers.depth);
}
