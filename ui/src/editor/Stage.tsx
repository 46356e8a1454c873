/* The garment with its designs, to be turned, and the designs dragged, scaled and rotated on it. */

import { useEffect, useImperativeHandle, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent, type Ref } from "react";
import type { Bundle, FabricColour, Place } from "../preview/bundle";
import type { Orbit } from "../preview/camera";
import { keepSize, previewOf } from "../preview/ahead";
import { dyed } from "../preview/dye";
import { Preview, type PreviewPrint } from "../preview/preview";
import { startGpu } from "../preview/programs";
import { Surface } from "../preview/surface";
import type { DraftPrint } from "./draft";
import { clampPlace, corners, dpi, snapped } from "./placing";
import classes from "./Stage.module.css";

/** What others may ask of the stage. */
export interface StageHandle {
  /** The address of a picture of a view, as fine as the preview gets; null when it cannot be drawn. */
  snapshot(view: string): Promise<string | null>;
}

interface Props {
  ref?: Ref<StageHandle>;
  bundle: Bundle;
  colour: string;
  background: [number, number, number] | null;
  prints: DraftPrint[];
  images: Map<string, ImageBitmap>;
  orbit: Orbit;
  selected: string | null;
  onSelect(key: string | null): void;
  onOrbit(orbit: Orbit): void;
  /** `live`: a hand holds it still. */
  onMove(key: string, place: Place, live: boolean): void;
  onSettle(): void;
  onRemove(key: string): void;
  autoFocus?: boolean;
}

type Grip = "move" | "scale" | "rotate" | "orbit";

interface Drag {
  grip: Grip;
  key: string | null;
  from: { x: number; y: number };
  place: Place | null;
  orbit: Orbit;
  /** Panel cm under the pointer when a move began. */
  held: { x: number; y: number } | null;
}

/** A sample that takes longer: the garment is drawn in smaller parts then, and refined only when the hand rests. */
const SLOW_MS = 20;
const REST_MS = 400;
const FIRST = 4;
const DEGREES_PER_WIDTH = 220;
const TILT = [-25, 45] as const;

export function Stage(props: Props) {
  const { bundle, prints, images, orbit, selected } = props;
  const holder = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag | null>(null);
  const [preview, setPreview] = useState<Preview | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [size, setSize] = useState(0);
  const [dragging, setDragging] = useState<Grip | null>(null);
  const [snap, setSnap] = useState<string | null>(null);
  const pending = useRef<(() => void) | null>(null);
  const surface = useMemo(() => new Surface(bundle), [bundle]);

  useEffect(() => {
    let made: Preview;
    try {
      made = previewOf(bundle);
    } catch (error) {
      setTrouble((error as Error).message);
      return;
    }
    holder.current!.append(made.canvas);
    setPreview(made);
    return () => {
      made.canvas.remove();
      made.dispose();
    };
  }, [bundle]);

  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => {
      const pixels = Math.round(entry.contentRect.width * Math.min(devicePixelRatio, 2));
      setSize(Math.min(Math.max(pixels, 256), 1536));
    });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);

  useEffect(() => {
    if (!size) return;
    preview?.resize(size);
    keepSize(size);
  }, [preview, size]);
  useEffect(() => preview?.look(orbit), [preview, orbit, size]);
  useEffect(() => {
    preview?.wear(dyed(bundle.scene, props.colour), props.background);
  }, [preview, bundle, props.colour, props.background]);
  const worn = useMemo(
    () =>
      prints.flatMap(({ design, place }) => {
        const image = images.get(design.id);
        return image ? [{ image, place }] : [];
      }),
    [prints, images],
  );
  useEffect(() => preview?.print(worn), [preview, worn]);
  useImperativeHandle(props.ref, () => ({
    snapshot: (view) => drawn(bundle, dyed(bundle.scene, props.colour), props.background, worn, view, (preview?.pace ?? 0) > SLOW_MS),
  }));

  // one picture per change, then samples until it is as the renderer's; a slow machine sketches, and rests a moment
  useEffect(() => {
    if (!preview) return;
    const since = performance.now();
    let frame = requestAnimationFrame(function draw(now) {
      frame = requestAnimationFrame(draw);
      if (preview.busy) return;
      if (preview.shown) box.current!.dataset.drawn = preview.finished ? "finished" : "first";
      if (preview.finished) return cancelAnimationFrame(frame);
      const slow = preview.pace > SLOW_MS;
      if (slow && !preview.shown && !preview.looked) return preview.sketch();
      const enough = preview.samples ? preview.samples >= FIRST : preview.shown;
      if (slow && preview.timed && enough && now - since < REST_MS) return;
      preview.refine(slow && !preview.kept ? 1 : undefined);
    });
    return () => cancelAnimationFrame(frame);
  });

  const chosen = prints.find((print) => print.key === selected);
  const inPicture = (event: PointerEvent) => {
    const { left, top, width, height } = box.current!.getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
  };

  /** The topmost design there, and where it is held. */
  const hit = (at: { x: number; y: number }) => {
    const found = preview?.pick(at.x, at.y);
    if (!found) return null;
    const print = [...prints].reverse().find((each) => each.place.panel === found.panel && covers(each, found));
    return print ? { print, held: found } : null;
  };

  const begin = (event: PointerEvent, grip?: Grip) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const from = inPicture(event);
    const found = grip ? null : hit(from);
    const key = grip ? selected : (found?.print.key ?? null);
    const place = prints.find((print) => print.key === key)?.place ?? null;
    if (!grip) props.onSelect(key);
    drag.current = { grip: grip ?? (found ? "move" : "orbit"), key, from, place, orbit, held: found?.held ?? null };
    setDragging(drag.current.grip);
    event.stopPropagation();
  };

  /** Pointers may move more often than pictures are drawn: the last one of a frame counts. */
  const go = (event: PointerEvent) => {
    if (!drag.current) return;
    const at = inPicture(event);
    const free = event.altKey;
    if (!pending.current)
      requestAnimationFrame(function act() {
        // asking what lies under the pointer would wait for the picture that is being drawn
        if (preview?.busy && pending.current) return void requestAnimationFrame(act);
        pending.current?.();
        pending.current = null;
      });
    pending.current = () => follow(at, free);
  };

  const follow = (at: { x: number; y: number }, free: boolean) => {
    const now = drag.current;
    if (!now) return;
    if (now.grip === "orbit") {
      props.onOrbit({
        azimuth: now.orbit.azimuth - (at.x - now.from.x) * DEGREES_PER_WIDTH,
        tilt: Math.min(Math.max(now.orbit.tilt + (at.y - now.from.y) * 90, TILT[0]), TILT[1]),
      });
      return;
    }
    const print = prints.find((each) => each.key === now.key);
    if (!print || !now.place || !now.key) return;
    const wanted = { move: moved, scale: scaled, rotate: rotated }[now.grip](now, at);
    if (!wanted) return;
    const clamped = clampPlace(bundle.scene, wanted);
    const drawn = free ? { place: clamped, to: null } : snapped(bundle.scene, clamped, print.design);
    setSnap(drawn.to);
    props.onMove(now.key, drawn.place, true);
  };

  const end = () => {
    pending.current?.();
    pending.current = null;
    setSnap(null);
    if (drag.current && drag.current.grip !== "orbit") props.onSettle();
    drag.current = null;
    setDragging(null);
  };

  const moved = (now: Drag, at: { x: number; y: number }): Place | null => {
    const under = preview?.pick(at.x, at.y);
    if (!under || !now.held || !now.place) return null;
    const panel = bundle.scene.panels.find((each) => each.name === under.panel);
    if (!panel?.print_area) return null;
    if (under.panel !== now.place.panel) return { ...now.place, panel: under.panel, x: under.x, y: under.y };
    return { ...now.place, x: now.place.x + under.x - now.held.x, y: now.place.y + under.y - now.held.y };
  };

  const around = (now: Drag, at: { x: number; y: number }) => {
    const centre = surface.inPicture(orbit, now.place!.panel, now.place!.x, now.place!.y);
    if (!centre) return null;
    const [before, after] = [now.from, at].map((p) => [p.x - centre.x, p.y - centre.y]);
    return {
      turn: ((Math.atan2(after[1], after[0]) - Math.atan2(before[1], before[0])) * 180) / Math.PI,
      grow: Math.hypot(...after) / Math.max(Math.hypot(...before), 1e-3),
    };
  };
  const scaled = (now: Drag, at: { x: number; y: number }) => {
    const by = around(now, at);
    return by && { ...now.place!, width: now.place!.width * by.grow };
  };
  const rotated = (now: Drag, at: { x: number; y: number }) => {
    const by = around(now, at);
    return by && { ...now.place!, rotation: now.place!.rotation + by.turn };
  };

  const press = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 2 : 0.5;
    if (!chosen) {
      const turn = { ArrowLeft: -15, ArrowRight: 15 }[event.key];
      if (turn) props.onOrbit({ ...orbit, azimuth: orbit.azimuth + turn });
      return;
    }
    const { place } = chosen;
    const changes: Record<string, Partial<Place>> = {
      ArrowLeft: { x: place.x - step },
      ArrowRight: { x: place.x + step },
      ArrowUp: { y: place.y - step },
      ArrowDown: { y: place.y + step },
      "+": { width: place.width + step },
      "-": { width: place.width - step },
      Delete: {},
      Backspace: {},
      "[": { rotation: place.rotation - 5 },
      "]": { rotation: place.rotation + 5 },
    };
    const change = changes[event.key];
    if (!change) return;
    event.preventDefault();
    if (!Object.keys(change).length) props.onRemove(chosen.key);
    else props.onMove(chosen.key, clampPlace(bundle.scene, { ...place, ...change }), false);
  };

  const frame = chosen && handles(surface, orbit, chosen);
  return (
    <div
      ref={box}
      className={classes.stage}
      data-grip={dragging ?? undefined}
      tabIndex={0}
      data-autofocus={props.autoFocus || undefined}
      role="application"
      aria-label="The garment. Arrow keys move the chosen design, plus and minus change its size, brackets turn it."
      onPointerDown={begin}
      onPointerMove={go}
      onPointerUp={end}
      onPointerCancel={end}
      onKeyDown={press}
    >
      <div ref={holder} className={classes.canvas} />
      {trouble && <p className={classes.trouble}>{trouble} The mockup can still be ordered.</p>}
      {frame && chosen && (
        <svg className={classes.overlay} viewBox="0 0 1 1" aria-hidden>
          {dragging === "move" && snap && frame.top && frame.middle && (
            <line x1={frame.middle.x} x2={frame.middle.x} y1={0.04} y2={0.96} className={classes.guide} />
          )}
          <polygon points={frame.outline.map((p) => `${p.x},${p.y}`).join(" ")} className={classes.outline} />
          {frame.corners.map((p, i) => (
            <circle key={i} cx={p.x} cy={p.y} r={0.011} className={classes.corner} onPointerDown={(e) => begin(e, "scale")} />
          ))}
          {frame.top && (
            <circle cx={frame.top.x} cy={frame.top.y} r={0.011} className={classes.turn} onPointerDown={(e) => begin(e, "rotate")} />
          )}
        </svg>
      )}
      {chosen && (dragging === "move" || dragging === "scale" || dragging === "rotate") && (
        <output className={classes.readout} data-testid="measures">
          {measures(chosen)}
          {snap && <span className={classes.snap}>{snap.replace(/-/g, " ")}</span>}
        </output>
      )}
    </div>
  );
}

function covers({ place, design }: DraftPrint, at: { x: number; y: number }): boolean {
  const turned = (-place.rotation * Math.PI) / 180;
  const [dx, dy] = [at.x - place.x, at.y - place.y];
  const x = Math.cos(turned) * dx - Math.sin(turned) * dy;
  const y = Math.sin(turned) * dx + Math.cos(turned) * dy;
  return Math.abs(x) <= place.width / 2 && Math.abs(y) <= ((place.width / 2) * design.height) / design.width;
}

export function measures({ place, design }: DraftPrint): string {
  const tall = (place.width * design.height) / design.width;
  const turned = Math.abs(place.rotation) > 0.05 ? ` · ${place.rotation.toFixed(0)}°` : "";
  return `${place.width.toFixed(1)} × ${tall.toFixed(1)} cm${turned} · ${Math.round(dpi(place, design))} DPI`;
}

const EDGE_STEPS = 8;

/** The design's outline as it lies on the cloth; null when it faces away. */
function handles(surface: Surface, orbit: Orbit, print: DraftPrint) {
  const points = corners(print.place, print.design);
  const seen = (x: number, y: number) => surface.inPicture(orbit, print.place.panel, x, y);
  const centre = seen(print.place.x, print.place.y);
  if (!centre?.faces) return null;
  const outline = points.flatMap(([x, y], i) => {
    const [nx, ny] = points[(i + 1) % 4];
    return Array.from({ length: EDGE_STEPS }, (_, k) => {
      const t = k / EDGE_STEPS;
      return seen(x + (nx - x) * t, y + (ny - y) * t);
    });
  });
  const middle = [(points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2];
  const away = 1 + 5 / Math.max(Math.hypot(middle[0] - print.place.x, middle[1] - print.place.y), 1);
  return {
    middle: centre,
    outline: outline.filter((p) => p !== null),
    corners: points.map(([x, y]) => seen(x, y)).filter((p) => p !== null),
    top: seen(print.place.x + (middle[0] - print.place.x) * away, print.place.y + (middle[1] - print.place.y) * away),
  };
}

const SNAPSHOT = 1024;
const SMALL_SNAPSHOT = 512;

/** A view as the preview shows it at rest, on a canvas of its own. */
async function drawn(
  bundle: Bundle,
  colour: FabricColour,
  background: Props["background"],
  worn: PreviewPrint[],
  view: string,
  slow: boolean,
): Promise<string | null> {
  const found = bundle.scene.views.find((each) => each.name === view);
  if (!found) return null;
  const size = slow ? SMALL_SNAPSHOT : SNAPSHOT;
  const preview = new Preview(startGpu(size), bundle);
  preview.resize(size);
  preview.look({ azimuth: found.azimuth, tilt: 0 });
  preview.wear(colour, background);
  preview.print(worn);
  while (!preview.finished && !(slow && preview.samples >= FIRST)) {
    preview.refine(slow ? 1 : undefined);
    while (preview.busy) await new Promise(requestAnimationFrame);
  }
  const blob = await new Promise<Blob | null>((done) => preview.canvas.toBlob(done));
  preview.dispose();
  return blob && URL.createObjectURL(blob);
}
