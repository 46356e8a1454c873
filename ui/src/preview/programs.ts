/* A canvas with all shaders of the preview, which compile while its data are still on their way. */

import { formats, makeTexture, openGpu, Program, Target } from "./gpu";
import * as shaders from "./shaders";

export interface Gpu {
  canvas: HTMLCanvasElement;
  gl: WebGL2RenderingContext;
  programs: Record<"mesh" | "ink" | "shade" | "show" | "design" | "light" | "lay" | "blur", Program>;
}

/** Opens a canvas of `size` pixels.  GpuError: there is no WebGL 2 here, or it cannot draw to such pictures. */
export function startGpu(size: number, canvas = document.createElement("canvas")): Gpu {
  canvas.width = canvas.height = size;
  const gl = openGpu(canvas);
  makeSeen(gl, 1).check().free();
  const full = (fragment: string) => new Program(gl, shaders.FULL_SCREEN, fragment);
  return {
    canvas,
    gl,
    programs: {
      mesh: new Program(gl, shaders.MESH_VERTEX, shaders.MESH_FRAGMENT),
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

/** What one sample of the mesh is drawn into: two pictures of terms, and the places; with a depth. */
export function makeSeen(gl: WebGL2RenderingContext, size: number): Target {
  const kinds = formats(gl);
  const make = (kind: "half" | "places") => makeTexture(gl, kinds[kind], size, size, null, { nearest: true });
  return new Target(gl, size, size, [make("half"), make("half"), make("places")], true);
}
