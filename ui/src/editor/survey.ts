/* What a design's pixels are like: as src/tirage/mockup/survey.py looks, on a small copy. */

const SIDE = 192;
const VISIBLE = 16;
const WHITE = 244;

export interface Survey {
  /** Visible sampled pixels: straight sRGB codes and cover 0–1. */
  colours: Float32Array;
  covers: Float32Array;
  /** Whether it stands on an opaque white box. */
  boxed: boolean;
  empty: boolean;
}

const known = new WeakMap<ImageBitmap, Survey>();

export function survey(image: ImageBitmap): Survey {
  const before = known.get(image);
  if (before) return before;
  const scale = Math.min(SIDE / image.width, SIDE / image.height, 1);
  const [width, height] = [Math.max(Math.round(image.width * scale), 1), Math.max(Math.round(image.height * scale), 1)];
  const { data } = pixelsOf(image, width, height);
  const colours: number[] = [];
  const covers: number[] = [];
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] < VISIBLE) continue;
    colours.push(data[i], data[i + 1], data[i + 2]);
    covers.push(data[i + 3] / 255);
  }
  const made = { colours: Float32Array.from(colours), covers: Float32Array.from(covers), boxed: onWhite(data, width, height), empty: !covers.length };
  known.set(image, made);
  return made;
}

function pixelsOf(image: ImageBitmap, width: number, height: number): ImageData {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

const isWhite = (data: Uint8ClampedArray, i: number) =>
  data[i + 3] > 250 && data[i] >= WHITE && data[i + 1] >= WHITE && data[i + 2] >= WHITE;

/** Nine tenths of the border are opaque white. */
function onWhite(data: Uint8ClampedArray, width: number, height: number): boolean {
  let white = 0;
  let all = 0;
  const look = (x: number, y: number) => {
    all++;
    if (isWhite(data, 4 * (y * width + x))) white++;
  };
  for (let x = 0; x < width; x++) {
    look(x, 0);
    look(x, height - 1);
  }
  for (let y = 1; y < height - 1; y++) {
    look(0, y);
    look(width - 1, y);
  }
  return white > 0.9 * all;
}

/** The design without the white that reaches its border; edges keep their own colour and become as clear as they are white. */
export async function withoutWhite(image: ImageBitmap, name: string): Promise<File> {
  const { width, height } = image;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(image, 0, 0);
  const picture = context.getImageData(0, 0, width, height);
  clear(picture.data, width, height);
  context.putImageData(picture, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new File([blob], `${name.replace(/\.\w+$/, "")}-cut-out.png`, { type: "image/png" });
}

function clear(data: Uint8ClampedArray, width: number, height: number): void {
  const reached = new Uint8Array(width * height);
  const open: number[] = [];
  const visit = (p: number) => {
    if (reached[p] || !isWhite(data, 4 * p)) return;
    reached[p] = 1;
    open.push(p);
  };
  for (let x = 0; x < width; x++) {
    visit(x);
    visit((height - 1) * width + x);
  }
  for (let y = 0; y < height; y++) {
    visit(y * width);
    visit(y * width + width - 1);
  }
  while (open.length) {
    const p = open.pop()!;
    const x = p % width;
    if (x > 0) visit(p - 1);
    if (x < width - 1) visit(p + 1);
    if (p >= width) visit(p - width);
    if (p < width * (height - 1)) visit(p + width);
  }
  for (let p = 0; p < reached.length; p++) {
    const i = 4 * p;
    if (reached[p]) data[i + 3] = 0;
    else if (beside(reached, p, width)) unmix(data, i);
  }
}

const beside = (reached: Uint8Array, p: number, width: number) =>
  reached[p - 1] || reached[p + 1] || reached[p - width] || reached[p + width];

/** A pixel at the edge is art mixed with white: the clearest colour that gives it. */
function unmix(data: Uint8ClampedArray, i: number): void {
  const cover = 1 - Math.min(data[i], data[i + 1], data[i + 2]) / 255;
  if (cover <= 0 || cover >= 1) return;
  for (let c = 0; c < 3; c++) data[i + c] = (data[i + c] - 255 * (1 - cover)) / cover;
  data[i + 3] = Math.round(255 * cover);
}

/** The share of the art that is hardly seen on a fabric: CIE94 below 10, near enough to the server's CIEDE2000. */
export function lost(found: Survey, code: string): number {
  const fabric = [1, 3, 5].map((at) => linear(Number.parseInt(code.slice(at, at + 2), 16)));
  const at = lab(fabric[0], fabric[1], fabric[2]);
  let hidden = 0;
  let all = 0;
  for (let k = 0; k < found.covers.length; k++) {
    const cover = found.covers[k];
    const mixed = [0, 1, 2].map((c) => linear(found.colours[3 * k + c]) * cover + fabric[c] * (1 - cover));
    if (apart(at, lab(mixed[0], mixed[1], mixed[2])) < 10) hidden += cover;
    all += cover;
  }
  return all ? hidden / all : 0;
}

const TABLE = Float32Array.from({ length: 256 }, (_, v) => (v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
const linear = (code: number) => TABLE[Math.round(code)];

function lab(r: number, g: number, b: number): [number, number, number] {
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function apart(a: [number, number, number], b: [number, number, number]): number {
  const [c1, c2] = [Math.hypot(a[1], a[2]), Math.hypot(b[1], b[2])];
  const dl = a[0] - b[0];
  const dc = c1 - c2;
  const dh = Math.max((a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2 - dc * dc, 0);
  return Math.sqrt(dl * dl + (dc / (1 + 0.045 * c1)) ** 2 + dh / (1 + 0.015 * c1) ** 2);
}
