/* A garment with its prints on a canvas: drawn at once, refined to the renderer's own filter when nothing moves.

   Every picture is a sum of samples.  A sample first draws the mesh into what light and place each pixel shows,
   which only the camera changes; then ink and colour, which a hand drags about.  The first few samples are kept. */

import { Around } from "./around";
import { freeBuffers, makeBuffers, readPlaces, seenOf, type Buffers, type Seen } from "./buffers";
import type { Bundle, FabricColour, Place, Scene } from "./bundle";
import { pixelsPerCm, poseCamera, type Orbit } from "./camera";
import { fill, formats, makeTexture, sampling, Target, units, type Uniform } from "./gpu";
import type { Gpu } from "./programs";
import { samplePlaces } from "./samples";
import { uploadMesh, uploadTextures } from "./upload";

const KEPT = 4;
const SAMPLES = 16;
/** Cameras around the garment whose light is known. */
export const RING = 8;
const BOUNCE_ALBEDO = 0.8;
/** Samples of the art in a cell of what is around, and axis. */
const SUBCELLS = 4;

/** Of the time that a sample of all pixels takes, what one of a quarter takes. */
const ROUGH = 0.25;

/** Levels of the fabric's mipmap that a sample is finer than its pixel: samples lie between each other. */
const FABRIC_BIAS = -1;

/** Until a sample was timed: small steps. */
const UNKNOWN_PACE = 1000;

/** A design on the garment; `height` in cm follows from the picture. */
export interface PreviewPrint {
  image: ImageBitmap;
  place: Place;
}

interface Ink {
  texture: WebGLTexture;
  width: number;
  height: number;
}

export class Preview {
  readonly canvas: HTMLCanvasElement;
  /** Whether its pace is known from a sample of all pixels. */
  timed = false;
  private readonly gl: WebGL2RenderingContext;
  private readonly scene: Scene;
  private readonly programs: Gpu["programs"];
  private readonly textures: Record<string, WebGLTexture>;
  private readonly mesh: ReturnType<typeof uploadMesh>;
  private readonly places = samplePlaces(SAMPLES);
  private readonly inks = new Map<ImageBitmap, Ink>();
  private readonly trims: PreviewPrint[];
  private readonly around: Around;
  private surrounded = false;
  private fine: Buffers | null = null;
  private rough: Buffers | null = null;
  private size = 0;
  private orbit: Orbit = { azimuth: 0, tilt: 0 };
  private colour: FabricColour;
  private background: [number, number, number] | null = [255, 255, 255];
  private prints: PreviewPrint[] = [];
  private drawn = 0;
  private roughly = false;
  private fence: WebGLSync | null = null;
  private begun = 0;
  private added = 1;
  private spent = UNKNOWN_PACE;

  /** GpuError where the driver refuses what it is told. */
  constructor(gpu: Gpu, bundle: Bundle) {
    const { gl, programs, canvas } = gpu;
    this.gl = gl;
    this.programs = programs;
    this.canvas = canvas;
    this.scene = bundle.scene;
    this.colour = Object.values(bundle.scene.colours)[0];
    this.textures = uploadTextures(gl, bundle, programs.light);
    this.mesh = uploadMesh(gl, bundle);
    this.around = new Around(gpu, this.scene.atlas_cm);
    this.trims = bundle.scene.trims.map((place, i) => ({ image: bundle.images.get(`trim_${i}`)!, place }));
  }

  /** How many samples a pixel has so far. */
  get samples(): number {
    return this.drawn;
  }

  get finished(): boolean {
    return this.drawn >= SAMPLES;
  }

  /** Whether a picture is there, if only a rough one. */
  get shown(): boolean {
    return this.drawn > 0 || this.roughly;
  }

  /** Whether the garment was drawn from this side, in full size. */
  get looked(): boolean {
    return this.fine !== null && this.fine.looked > 0;
  }

  resize(size: number): void {
    if (size === this.size) return;
    this.size = size;
    // a canvas that is told its own size again is made anew, and all that was told before is waited for
    if (this.canvas.width !== size) this.canvas.width = this.canvas.height = size;
    this.forget();
  }

  look(orbit: Orbit): void {
    if (orbit.azimuth === this.orbit.azimuth && orbit.tilt === this.orbit.tilt) return;
    this.orbit = orbit;
    this.lookAgain();
  }

  wear(colour: FabricColour, background: [number, number, number] | null): void {
    const before = this.colour;
    if (colour.code === before.code && colour.fabric === before.fabric && String(background) === String(this.background)) return;
    if (colour.fabric !== before.fabric) this.lookAgain();
    this.colour = colour;
    this.background = background;
    this.startAgain();
  }

  print(prints: PreviewPrint[]): void {
    const before = this.prints;
    if (prints.length === before.length && prints.every(({ image, place }, i) => image === before[i].image && place === before[i].place)) return;
    const wanted = new Set([...prints, ...this.trims].map((print) => print.image));
    for (const [image, ink] of this.inks)
      if (!wanted.has(image)) {
        this.gl.deleteTexture(ink.texture);
        this.inks.delete(image);
      }
    this.prints = prints;
    this.surrounded = false;
    this.startAgain();
  }

  /** Whether the next picture needs no mesh: only ink and colour changed since the last one. */
  get kept(): boolean {
    return this.fine !== null && this.fine.looked >= KEPT;
  }

  /** Whether the graphics processor still works on what it was told: more would only queue up behind it. */
  get busy(): boolean {
    const { gl } = this;
    if (!this.fence) return false;
    if (gl.getSyncParameter(this.fence, gl.SYNC_STATUS) !== gl.SIGNALED && !gl.isContextLost()) return true;
    gl.deleteSync(this.fence);
    this.fence = null;
    this.spent = (performance.now() - this.begun) / this.added;
    this.timed ||= this.added >= 1;
    return false;
  }

  /** Milliseconds that a sample of the last picture took. */
  get pace(): number {
    return this.spent;
  }

  /** One sample in a quarter of the pixels: what a slow machine shows at once. */
  sketch(): void {
    if (!this.size) return;
    const buffers = (this.rough ??= makeBuffers(this.gl, Math.max(Math.round(this.size / 2), 1)));
    this.work(buffers, 0, 1);
    this.added = ROUGH;
    this.roughly = true;
  }

  /** Adds samples, by default as many as are kept; false when the picture is finished. */
  refine(count = KEPT): boolean {
    if (this.finished || !this.size) return false;
    this.fine ??= makeBuffers(this.gl, this.size);
    const until = Math.min(this.drawn + count, SAMPLES);
    this.work(this.fine, this.drawn, until);
    this.added = until - this.drawn;
    this.drawn = until;
    return !this.finished;
  }

  /** The canvas' pixels, rows from the top, straight alpha where there is no background. */
  pixels(): Uint8Array {
    const { gl, size } = this;
    const bytes = new Uint8Array(4 * size * size);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.readPixels(0, 0, size, size, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
    const rows = new Uint8Array(bytes.length);
    for (let y = 0; y < size; y++) rows.set(bytes.subarray(4 * size * y, 4 * size * (y + 1)), 4 * size * (size - 1 - y));
    return rows;
  }

  /** What the garment shows at a place of the picture (0..1, from the top left): a panel and cm on it. */
  pick(x: number, y: number): { panel: string; x: number; y: number } | null {
    const { gl, scene } = this;
    const buffers = this.looked ? this.fine : this.rough;
    if (!buffers?.looked) return null;
    const { size } = buffers;
    const clamp = (v: number) => Math.min(Math.max(Math.floor(v * size), 0), size - 1);
    const places = (buffers.places ??= readPlaces(gl, buffers));
    const at = places.subarray(4 * (size * (size - 1 - clamp(y)) + clamp(x)));
    if (!at[3] || at[2] & scene.mesh.inside) return null;
    const panel = scene.panels[at[2] & 63];
    const [u, v] = [at[0], at[1]].map((steps) => (steps / 65534) * scene.atlas_cm);
    return { panel: panel.name, x: u - panel.origin[0], y: v - panel.origin[1] };
  }

  /** Lets go of all that it has; the canvas can be drawn on by another one. */
  free(): void {
    const { gl } = this;
    this.around.free();
    this.forget();
    for (const texture of [...Object.values(this.textures), ...[...this.inks.values()].map((ink) => ink.texture)]) gl.deleteTexture(texture);
    this.inks.clear();
    gl.deleteVertexArray(this.mesh.vertices);
    for (const buffer of this.mesh.buffers) gl.deleteBuffer(buffer);
    if (this.fence) gl.deleteSync(this.fence);
    this.fence = null;
  }

  dispose(): void {
    this.free();
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private startAgain(): void {
    this.drawn = 0;
    this.roughly = false;
  }

  private lookAgain(): void {
    for (const buffers of [this.fine, this.rough]) if (buffers) [buffers.looked, buffers.places] = [0, null];
    this.startAgain();
  }

  private forget(): void {
    for (const buffers of [this.fine, this.rough]) if (buffers) freeBuffers(buffers, this.gl);
    this.fine = this.rough = null;
    this.startAgain();
  }

  /** Adds the samples from one number to another to what is in the buffers, and shows their mean. */
  private work(buffers: Buffers, from: number, until: number): void {
    const { gl } = this;
    gl.disable(gl.BLEND);
    if (!this.surrounded) this.surround();
    if (from === 0) {
      buffers.sum.bind();
      gl.clearBufferfv(gl.COLOR, 0, [0, 0, 0, 0]);
    }
    this.begun = performance.now();
    for (let number = from; number < until; number++) this.addSample(buffers, number);
    this.show(buffers, until);
    if (this.fence) gl.deleteSync(this.fence);
    this.fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
  }

  private surround(): void {
    const { gl, scene } = this;
    const side = Math.max(8, Math.round(scene.atlas_cm));
    this.around.draw(
      (scene.trims_bounce ? [] : [...this.trims, ...this.prints]).map((print) => (program) => {
        const ink = this.inkOf(print.image);
        this.around.bind();
        const names = fill(gl, { design: [ink.texture] });
        const texels = (print.image.width / print.place.width) * (scene.atlas_cm / side / SUBCELLS);
        program.use({ ...units(names), ...this.layer(print, ink), side, cellLevel: Math.max(Math.log2(texels), 0) });
      }),
    );
    this.surrounded = true;
  }

  private addSample(buffers: Buffers, number: number): void {
    const kept = Math.min(number, KEPT);
    const seen = seenOf(buffers, this.gl, kept);
    if (number >= buffers.looked || kept === KEPT) {
      const [right, down] = this.places[number];
      this.drawSeen(seen, [(-2 * right) / buffers.size, (2 * down) / buffers.size]);
      if (kept < KEPT) buffers.looked = number + 1;
    }
    this.drawInk(buffers, seen, number);
    this.addShaded(buffers, seen);
  }

  /** The mesh, and the light of what is seen of it; `shift` is the sample's place in its pixel, in clip units. */
  private drawSeen({ mesh, terms }: Seen, shift: [number, number]): void {
    const { gl, scene } = this;
    const pose = poseCamera(scene.camera, this.orbit);
    const view = { camera: pose.position, axes: pose.axes, scale: [pose.focal, pose.focal], shift };
    mesh.bind();
    gl.enable(gl.DEPTH_TEST);
    gl.clearBufferuiv(gl.COLOR, 0, [0, 0, 0, 0]);
    gl.clearBufferfv(gl.DEPTH, 0, [1]);
    this.programs.mesh.use({ ...view, low: scene.mesh.low, high: scene.mesh.high });
    gl.bindVertexArray(this.mesh.vertices);
    gl.enable(gl.CULL_FACE);
    gl.drawElements(gl.TRIANGLES, this.mesh.corners, gl.UNSIGNED_INT, 0);
    gl.disable(gl.CULL_FACE);
    gl.disable(gl.DEPTH_TEST);
    gl.bindVertexArray(null);
    terms.bind();
    this.programs.terms.use({ ...view, ...this.lit(mesh) });
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** What the light of a sample needs to know. */
  private lit(mesh: Target): Record<string, Uniform> {
    const { gl, scene, textures: t } = this;
    const turns = (((this.orbit.azimuth / 360) % 1) + 1) % 1;
    const first = Math.floor(turns * RING) % RING;
    const fabric = this.colour.fabric;
    const names = fill(gl, {
      where: [mesh.textures[0]],
      shape: [mesh.textures[1]],
      outsideA: [t.outsideA],
      outsideB: [t.outsideB],
      insideA: [t.insideA],
      insideB: [t.insideB],
      table: [t.table],
      albedoTable: [t.albedo],
      detail: [t.detail],
      fabric: [fabric ? t[`fabric_${fabric}`] : t.detail],
      ringOutside: [t.ringOutside, gl.TEXTURE_2D_ARRAY],
      ringInside: [t.ringInside, gl.TEXTURE_2D_ARRAY],
    });
    return {
      ...units(names),
      ...scene.cloth,
      lampPoint: scene.lamps.flatMap((lamp) => lamp.points.flat()),
      lampAxis: scene.lamps.flatMap((lamp) => lamp.axis),
      lampCount: scene.lamps.length,
      ring: [first, (first + 1) % RING],
      ringPart: turns * RING - Math.floor(turns * RING),
      patterned: fabric ? 1 : 0,
      tiles: fabric ? scene.atlas_cm / scene.fabrics[fabric].size_cm : 1,
      fabricMean: fabric ? scene.fabrics[fabric].mean : 1,
      covered: Array.from({ length: 64 }, (_, i) => (scene.panels[i]?.fabric ? 1 : 0)),
      detailBias: -1,
      fabricBias: FABRIC_BIAS,
    };
  }

  private drawInk({ ink: layers, size }: Buffers, seen: Seen, number: number): void {
    const { gl } = this;
    layers.bind();
    gl.clearBufferfv(gl.COLOR, 0, [0, 0, 0, 0]);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    for (const print of [...this.trims, ...this.prints]) {
      const ink = this.inkOf(print.image);
      layers.bind();
      gl.enable(gl.BLEND);
      const names = fill(gl, { where: [seen.mesh.textures[0]], design: [ink.texture] });
      const texels = print.image.width / print.place.width / pixelsPerCm(this.scene.camera, size);
      const level = Math.max(Math.log2(texels / Math.sqrt(number < KEPT ? KEPT : SAMPLES)), 0);
      this.programs.ink.use({ ...units(names), ...this.layer(print, ink), level });
      gl.drawArrays(gl.TRIANGLES, 0, 3);
    }
    gl.disable(gl.BLEND);
  }

  /** The atlas (0..1) to the design's texels with their border (0..1), and the panel's part of the atlas. */
  private layer({ image, place }: PreviewPrint, ink: Ink): Record<string, Uniform> {
    const { atlas_cm: atlas, panels } = this.scene;
    const panel = panels.find((each) => each.name === place.panel)!;
    const turned = (place.rotation * Math.PI) / 180;
    const [cos, sin] = [Math.cos(turned), Math.sin(turned)];
    const perCm = image.width / place.width;
    const x = place.x + panel.origin[0];
    const y = place.y + panel.origin[1];
    const row = (a: number, b: number, half: number, texels: number) => [
      (a * perCm * atlas) / texels,
      (b * perCm * atlas) / texels,
      ((-a * x - b * y) * perCm + half + 1) / texels,
    ];
    const [ox, oy] = panel.origin;
    const [left, top, right, bottom] = panel.bounds;
    return {
      across: row(cos, sin, image.width / 2, ink.width),
      down: row(-sin, cos, image.height / 2, ink.height),
      clip: [(left + ox) / atlas, (top + oy) / atlas, (right + ox) / atlas, (bottom + oy) / atlas],
    };
  }

  /** How softly ink ends at covering all, for what the mipmap hides of the fabric: ink_soft in shade.c. */
  private inkSoft(size: number): number {
    const { fabrics, camera, ink } = this.scene;
    if (!this.colour.fabric) return 0;
    const { hidden, size_cm } = fabrics[this.colour.fabric];
    const texelsPerPixel = 2 ** (hidden.length - 1) / size_cm / pixelsPerCm(camera, size);
    const level = Math.min(Math.max(Math.log2(texelsPerPixel) + FABRIC_BIAS, 0), hidden.length - 1);
    const [below, above] = [hidden[Math.floor(level)], hidden[Math.ceil(level)]];
    return (2 / Math.PI) * ink[1] ** 2 * (below + (level % 1) * (above - below));
  }

  private addShaded({ ink, sum, size }: Buffers, seen: Seen): void {
    const { gl, colour, scene } = this;
    sum.bind();
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE);
    const names = fill(gl, {
      terms0: [seen.terms.textures[0]],
      terms1: [seen.terms.textures[1]],
      inks: [ink.textures[0]],
      around: [this.around.texture],
      where: [seen.mesh.textures[0]],
    });
    const ratio = scene.bounce_ratio;
    this.programs.shade.use({
      ...units(names),
      cloth: colour.albedo,
      hue: colour.hue,
      deep: colour.deep,
      bounceScale: colour.albedo.map((c) => (c * (1 + ratio * c)) / (1 + ratio * BOUNCE_ALBEDO)),
      inkOnFabric: scene.ink,
      inkSoft: this.inkSoft(size),
      scatterBy: scene.scatter,
      bounceGloss: scene.bounce_gloss,
      bounceRatio: ratio,
    });
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.disable(gl.BLEND);
  }

  private show({ sum, size: inner }: Buffers, samples: number): void {
    const { gl, size } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, size, size);
    const names = fill(gl, { sum: [sum.textures[0]] });
    const back = this.background;
    this.programs.show.use({
      ...units(names),
      samples,
      share: inner / size,
      exposure: this.scene.exposure,
      background: back ? [...back.map((code) => code / 255), 1] : [0, 0, 0, 0],
    });
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  private inkOf(image: ImageBitmap): Ink {
    const known = this.inks.get(image);
    if (known) return known;
    const { gl } = this;
    const kinds = formats(gl);
    const width = image.width + 2;
    const height = image.height + 2;
    const raw = makeTexture(gl, kinds.colour, image.width, image.height, image, { nearest: true });
    const texture = makeTexture(gl, kinds.half, width, height);
    const target = new Target(gl, width, height, [texture], { owned: false });
    target.bind();
    gl.disable(gl.BLEND);
    this.programs.design.use(units(fill(gl, { design: [raw] })));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    target.free();
    gl.deleteTexture(raw);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    sampling(gl, gl.TEXTURE_2D, { mips: true });
    const ink = { texture, width, height };
    this.inks.set(image, ink);
    return ink;
  }
}
