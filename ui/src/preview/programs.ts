/* A canvas with all shaders of the preview, which compile while its data are still on their way. */

import { freeBuffers, makeBuffers, seenOf } from "./buffers";
import { openGpu, Program } from "./gpu";
import * as shaders from "./shaders";

export interface Gpu {
  canvas: HTMLCanvasElement;
  gl: WebGL2RenderingContext;
  programs: Record<"mesh" | "terms" | "ink" | "shade" | "show" | "design" | "light" | "lay" | "blur", Program>;
}

/** Opens a canvas of `size` pixels.  GpuError: there is no WebGL 2 here, or it cannot draw to such pictures. */
export function startGpu(size: number, canvas = document.createElement("canvas")): Gpu {
  canvas.width = canvas.height = size;
  const gl = openGpu(canvas);
  const tried = makeBuffers(gl, 1);
  const seen = seenOf(tried, gl, 0);
  for (const target of [seen.mesh, seen.terms, tried.sum]) target.check();
  freeBuffers(tried, gl);
  const full = (fragment: string) => new Program(gl, shaders.FULL_SCREEN, fragment);
  return {
    canvas,
    gl,
    programs: {
      mesh: new Program(gl, shaders.MESH_VERTEX, shaders.MESH_FRAGMENT),
      terms: full(shaders.TERMS_FRAGMENT),
      light: full(shaders.UNPACK_LIGHT),
      design: full(shaders.UNPACK_DESIGN),
      lay: full(shaders.AROUND_FRAGMENT),
      blur: full(shaders.BLUR_FRAGMENT),
      ink: full(shaders.INK_FRAGMENT),
      shade: full(shaders.SHADE_FRAGMENT),
      show: full(shaders.SHOW_FRAGMENT),
    },
  };
}

const LOOK_MS = 8;

/** Until all is compiled; nothing has to be asked of the driver after it.  GpuError where it refuses the shaders. */
export async function compiled({ programs }: Gpu): Promise<void> {
  const all = Object.values(programs);
  while (!all.every((each) => each.done)) await new Promise((done) => setTimeout(done, LOOK_MS));
  for (const each of all) each.settle();
}
