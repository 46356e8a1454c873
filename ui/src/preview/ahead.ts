/* The garment, begun before the page around it is there: shaders compile while its data are on their way, and it is
   drawn as large as the stage was the last time.  The stage takes it over. */

import type { Bundle } from "./bundle";
import { codes, dyed } from "./dye";
import { Preview } from "./preview";
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
export async function begin(data: Promise<Bundle>, worn: Worn): Promise<void> {
  try {
    const opened = (gpu = startGpu(lastSize()));
    const bundle = await data;
    await compiled(opened);
    if (gpu !== opened) return; // the stage was quicker
    const preview = previewOf(bundle);
    preview.resize(preview.canvas.width);
    preview.wear(dyed(bundle.scene, worn.colour), codes(worn.background));
    preview.refine(1);
    begun = { bundle, preview };
  } catch {
    gpu = null;
  }
}

/** The preview that was begun for these data, or a new one.  GpuError: it cannot be drawn here. */
export function previewOf(bundle: Bundle): Preview {
  const ready = begun?.bundle === bundle ? begun.preview : null;
  const canvas = gpu;
  begun = gpu = null;
  return ready ?? new Preview(canvas ?? startGpu(lastSize()), bundle);
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
