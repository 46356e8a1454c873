/* The mean ink around every place on the cloth, as src/tirage/mockup/surroundings.py has it: light between the folds of a
   dark print is dark. */

import { fill, formats, makeTexture, Target, type Program } from "./gpu";
import type { Gpu } from "./programs";

const REACH_CM = 3;

/** Draws one layer of ink with the program it is given. */
export type Lay = (program: Program) => void;

export class Around {
  private readonly side: number;
  private readonly sigma: number;
  private readonly gl: WebGL2RenderingContext;
  private readonly targets: [Target, Target];

  constructor(
    private readonly gpu: Gpu,
    atlasCm: number,
  ) {
    const gl = (this.gl = gpu.gl);
    this.side = Math.max(8, Math.round(atlasCm));
    this.sigma = (REACH_CM * this.side) / atlasCm;
    const make = () => new Target(gl, this.side, this.side, [makeTexture(gl, formats(gl).half, this.side, this.side)]);
    this.targets = [make(), make()];
  }

  get texture(): WebGLTexture {
    return this.targets[0].textures[0];
  }

  /** Before a layer is laid: its texture may have been made meanwhile, in a frame of its own. */
  bind(): void {
    this.targets[0].bind();
    this.gl.enable(this.gl.BLEND);
    this.gl.blendFunc(this.gl.ONE, this.gl.ONE_MINUS_SRC_ALPHA);
  }

  /** Makes it anew of these layers, the lowest first. */
  draw(layers: Lay[]): void {
    const { gl } = this;
    const [first, second] = this.targets;
    first.bind();
    gl.clearBufferfv(gl.COLOR, 0, [0, 0, 0, 0]);
    for (const layer of layers) {
      layer(this.gpu.programs.lay);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    }
    gl.disable(gl.BLEND);
    for (const [from, to, step] of [
      [first, second, [1, 0]],
      [second, first, [0, 1]],
    ] as const) {
      to.bind();
      fill(gl, { cells: [from.textures[0]] });
      this.gpu.programs.blur.use({ cells: 0, step: [...step], sigma: this.sigma });
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    }
  }

  free(): void {
    for (const target of this.targets) target.free();
  }
}
