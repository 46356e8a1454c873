/* A template as the server prepares it for browsers (src/tirage/mockup/preview.py): fetched, unpacked, typed. */

export type Vector = [number, number, number];
export type Box = [number, number, number, number];

export interface Panel {
  name: string;
  /** Where the panel's (0, 0) lies in the atlas, cm. */
  origin: [number, number];
  bounds: Box;
  print_area: Box | null;
  hem_y: number | null;
  fabric: boolean;
}

export interface Preset {
  panel: string;
  x: number;
  width: number;
  max_height: number;
  anchor: "top" | "bottom" | "middle";
  distance: number;
}

export interface FabricColour {
  code: string;
  albedo: Vector;
  /** Of the sheen on it, and how strongly the fabric's pattern shows, by channel. */
  hue: Vector;
  deep: Vector;
  fabric: string | null;
}

/** A place of art on a panel: centre and width in cm, degrees clockwise. */
export interface Place {
  panel: string;
  x: number;
  y: number;
  width: number;
  rotation: number;
}

export interface Scene {
  format: number;
  template: { id: string; version: string };
  atlas_cm: number;
  camera: { lens_mm: number; sensor_mm: number; distance_m: number; target_z_m: number; height_m: number };
  lamps: { points: Vector[]; axis: Vector }[];
  cloth: Record<
    | "on_a"
    | "on_b"
    | "albedo_avg"
    | "alpha2"
    | "eta"
    | "gloss_gain"
    | "dull"
    | "sheen_weight"
    | "bounce_gain"
    | "bounce_k",
    number
  >;
  tables: Record<"sheen" | "ltc_a" | "ltc_b" | "gloss" | "albedo", number[]>;
  exposure: number;
  bounce_ratio: number;
  bounce_gloss: number;
  scatter: [number, number];
  ink: Vector;
  views: { name: string; azimuth: number }[];
  panels: Panel[];
  presets: Record<string, Preset>;
  colours: Record<string, FabricColour>;
  /** `hidden`: variance of its factor within a texel, by level of the mipmap. */
  fabrics: Record<string, { size_cm: number; mean: number; hidden: number[] }>;
  trims: Place[];
  /** Whether bounces are those of the material alone, and nothing tints them. */
  trims_bounce: boolean;
  mesh: { vertices: number; triangles: number; low: Vector; high: Vector; inside: number; rim: number };
  light_scales: { outside: number[]; inside: number[] };
  files: string[];
}

export interface Mesh {
  /** Three 16-bit steps of the box a vertex. */
  position: Uint16Array;
  normal: Int16Array;
  /** Two 16-bit steps of the atlas a vertex. */
  place: Uint16Array;
  flags: Uint8Array;
  triangles: Uint32Array;
}

export interface Bundle {
  scene: Scene;
  mesh: Mesh;
  images: Map<string, ImageBitmap>;
}

const FORMAT = 1;

/** What comes first, and names the rest, below an address that ends with a slash. */
export async function loadScene(base: string, signal?: AbortSignal): Promise<Scene> {
  const scene = (await (await get(`${base}scene.json`, signal)).json()) as Scene;
  if (scene.format !== FORMAT) throw new Error("This page is older than the server; load it again.");
  return scene;
}

/** Fetches everything there. */
export async function loadBundle(base: string, signal?: AbortSignal, first = loadScene(base, signal)): Promise<Bundle> {
  const scene = await first;
  const images = new Map<string, ImageBitmap>();
  const pictures = scene.files
    .filter((name) => name.endsWith(".png"))
    .map(async (name) => images.set(name.slice(0, -4), await rawImage(await (await get(base + name, signal)).blob())));
  const [mesh] = await Promise.all([
    get(`${base}mesh.bin`, signal).then(async (answer) => unpackMesh(scene, new Uint8Array(await answer.arrayBuffer()))),
    ...pictures,
  ]);
  return { scene, mesh, images };
}

async function get(address: string, signal?: AbortSignal): Promise<Response> {
  const answer = await fetch(address, { signal, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`The preview's ${address.split("/").pop()} could not be loaded (${answer.status}).`);
  return answer;
}

/** Codes as they are in the file: no colour management, straight alpha. */
export function rawImage(blob: Blob): Promise<ImageBitmap> {
  return createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}

/** Planes of bytes of folded differences, as `_differences` in preview.py writes them. */
function unpackMesh(scene: Scene, bytes: Uint8Array): Mesh {
  const { vertices, triangles } = scene.mesh;
  let at = 0;
  const unfold = (low: number) => (low >>> 1) ^ -(low & 1);
  const plane16 = (out: Uint16Array | Int16Array, first: number, step: number) => {
    let value = 0;
    for (let i = 0; i < vertices; i++) {
      value += unfold(bytes[at + i] | (bytes[at + vertices + i] << 8));
      out[first + i * step] = value;
    }
    at += 2 * vertices;
  };
  const position = new Uint16Array(3 * vertices);
  const normal = new Int16Array(3 * vertices);
  const place = new Uint16Array(2 * vertices);
  for (let axis = 0; axis < 3; axis++) plane16(position, axis, 3);
  for (let axis = 0; axis < 3; axis++) plane16(normal, axis, 3);
  for (let axis = 0; axis < 2; axis++) plane16(place, axis, 2);
  const flags = bytes.slice(at, (at += vertices));
  const corners = new Uint32Array(3 * triangles);
  const count = corners.length;
  for (let i = 0, value = 0; i < count; i++) {
    const low = bytes[at + i] | (bytes[at + count + i] << 8);
    const folded = (low | (bytes[at + 2 * count + i] << 16) | (bytes[at + 3 * count + i] << 24)) >>> 0;
    value += (folded >>> 1) ^ -(folded & 1);
    corners[i] = value;
  }
  return { position, normal, place, flags, triangles: corners };
}
