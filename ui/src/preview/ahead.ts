/* The garment, begun before the page around it is there: shaders compile while its data are on their way, and it is
   drawn as large as the stage was the last time.  The stage takes it over. */

import type { Bundle, Scene } from "./bundle";
import { codes, dyed } from "./dye";
import { Preview, RING } from "./preview";
import { compiled, startGpu, type Gpu } from "./programs";

const SLOT = "tirage.stage";
const USUAL = 512;

/** Colour by name or code, background by code. */
export interface Worn {
  colour: string;
  background: string | null;
}

let gpu: Gpu | null = null;
let begun: { bundle: Bundle; preview: Preview } | null = null;

/** Draws the garment without designs as soon as its data are here; whatever fails here is said when the stage tries. */
export async function begin(scene: Promise<Scene>, data: Promise<Bundle>, worn: Worn): Promise<void> {
  try {
    const opened = (gpu = startGpu(lastSize()));
    const [first] = await Promise.all([scene, compiled(opened)]);
    await rehearse(opened, first);
    const bundle = await data;
    if (gpu !== opened) return; // the stage was quicker
    const preview = previewOf(bundle);
    preview.resize(preview.canvas.width);
    preview.wear(dyed(bundle.scene, worn.colour), codes(worn.background));
    preview.sketch();
    begun = { bundle, preview };
  } catch {
    gpu = null;
  }
}

/** Draws a small triangle in the dark with tiny pictures: drivers finish compiling when they first draw. */
async function rehearse(opened: Gpu, scene: Scene): Promise<void> {
  const planes = scene.lamps.length + 2;
  const [pixel, light, ring] = await Promise.all(
    [new ImageData(8, 8), new ImageData(1, planes), new ImageData(1, 3 * RING)].map((data) => createImageBitmap(data)),
  );
  if (gpu !== opened) return;
  const tall: Record<string, ImageBitmap> = { light_outside: light, light_inside: light, ring_outside: ring, ring_inside: ring };
  const names = scene.files.filter((name) => name.endsWith(".png")).map((name) => name.slice(0, -4));
  const images = new Map(names.map((name) => [name, tall[name] ?? pixel]));
  const mesh = {
    position: Uint16Array.of(30000, 30000, 30000, 33000, 30000, 30000, 30000, 30000, 33000),
    normal: Int16Array.of(0, -32767, 0, 0, -32767, 0, 0, -32767, 0),
    place: new Uint16Array(6),
    flags: new Uint8Array(3),
    triangles: Uint32Array.of(0, 1, 2),
  };
  const { width } = opened.canvas;
  const preview = new Preview(opened, { scene, mesh, images });
  preview.resize(width);
  preview.sketch();
  preview.free();
}

/** The preview that was begun for these data, or a new one.  GpuError: it cannot be drawn here. */
export function previewOf(bundle: Bundle): Preview {
  const [ready, canvas] = [begun, gpu];
  begun = gpu = null;
  if (ready?.bundle === bundle) return ready.preview;
  ready?.preview.dispose();
  return new Preview(canvas ?? startGpu(lastSize()), bundle);
}

/** For the next time. */
export function keepSize(size: number): void {
  try {
    localStorage.setItem(SLOT, String(size));
  } catch {
    // private windows may refuse
  }
}

function lastSize(): number {
  try {
    return Number(localStorage.getItem(SLOT)) || USUAL;
  } catch {
    return USUAL;
  }
}
