/* A bundle's pictures and mesh to the graphics processor. */

import type { Bundle } from "./bundle";
import { fill, formats, makeLayers, makeTexture, Target, units, type Program } from "./gpu";

/** Lamps have six lanes of light; after them come the world and what bounces. */
const LAMPS = 6;

/** The textures that a sample of the mesh is drawn with, by name. */
export function uploadTextures(gl: WebGL2RenderingContext, { scene, images }: Bundle, unpack: Program): Record<string, WebGLTexture> {
  const kinds = formats(gl);
  const count = scene.lamps.length;
  const lanes = Array.from({ length: LAMPS + 2 }, (_, lane) => (lane >= LAMPS ? count + lane - LAMPS : lane < count ? lane : -1));
  const light = (side: "outside" | "inside") => {
    const stack = images.get(`light_${side}`)!;
    const codes = makeTexture(gl, kinds.grey, stack.width, stack.height, stack, { nearest: true });
    const made = [0, 1].map(() => makeTexture(gl, kinds.half, stack.width, stack.width));
    const target = new Target(gl, stack.width, stack.width, made, { owned: false });
    target.bind();
    unpack.use({
      ...units(fill(gl, { codes: [codes] })),
      side: stack.width,
      plane: lanes,
      scale: lanes.map((plane) => (plane < 0 ? 0 : scene.light_scales[side][plane])),
    });
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    target.free();
    gl.deleteTexture(codes);
    return made;
  };
  const [outsideA, outsideB] = light("outside");
  const [insideA, insideB] = light("inside");
  const { tables } = scene;
  const steps = tables.albedo.length;
  const four = new Float32Array(tables.sheen.flatMap((sheen, i) => [sheen, tables.ltc_a[i], tables.ltc_b[i], tables.gloss[i]]));
  const picture = (name: string, repeat: boolean) => {
    const image = images.get(name)!;
    return makeTexture(gl, kinds.grey, image.width, image.height, image, { mips: true, repeat });
  };
  return {
    outsideA,
    outsideB,
    insideA,
    insideB,
    table: makeTexture(gl, { ...kinds.half, type: gl.FLOAT }, steps, 1, four),
    albedo: makeTexture(gl, kinds.halfGrey, steps, 1, new Float32Array(tables.albedo)),
    ringOutside: makeLayers(gl, images.get("ring_outside")!),
    ringInside: makeLayers(gl, images.get("ring_inside")!),
    detail: picture("detail", false),
    ...Object.fromEntries(Object.keys(scene.fabrics).map((name) => [`fabric_${name}`, picture(`fabric_${name}`, true)])),
  };
}

/** Its attributes as the vertex shader numbers them, and how many corners it has. */
export function uploadMesh(gl: WebGL2RenderingContext, { mesh }: Bundle) {
  const vertices = gl.createVertexArray();
  gl.bindVertexArray(vertices);
  const buffers: WebGLBuffer[] = [];
  const send = (target: number, data: ArrayBufferView) => {
    const buffer = gl.createBuffer();
    buffers.push(buffer);
    gl.bindBuffer(target, buffer);
    gl.bufferData(target, data, gl.STATIC_DRAW);
  };
  const attribute = (index: number, data: ArrayBufferView, count: number, type: number) => {
    send(gl.ARRAY_BUFFER, data);
    gl.enableVertexAttribArray(index);
    if (type === gl.UNSIGNED_BYTE) gl.vertexAttribIPointer(index, count, type, 0, 0);
    else gl.vertexAttribPointer(index, count, type, true, 0, 0);
  };
  attribute(0, mesh.position, 3, gl.UNSIGNED_SHORT);
  attribute(1, mesh.normal, 3, gl.SHORT);
  attribute(2, mesh.place, 2, gl.UNSIGNED_SHORT);
  attribute(3, mesh.flags, 1, gl.UNSIGNED_BYTE);
  send(gl.ELEMENT_ARRAY_BUFFER, mesh.triangles);
  gl.bindVertexArray(null);
  return { vertices, buffers, corners: mesh.triangles.length };
}
