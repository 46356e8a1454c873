/* One picture large: zoomed where one points, or the turntable, turned by hand. */

import { ActionIcon, Anchor, Group, Modal, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconDownload, IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import { useEffect, useRef, useState, type KeyboardEvent, type PointerEvent, type WheelEvent } from "react";
import type { Artifact } from "../api/client";
import { isVideo } from "./Gallery";
import classes from "./Viewer.module.css";
import { size, viewName } from "./words";

interface Props {
  shown: Artifact[];
  at: number | null;
  onMove(at: number | null): void;
  name: string;
}

export function Viewer({ shown, at, onMove, name }: Props) {
  const chosen = at === null ? null : shown[at];
  const step = (by: number) => at !== null && onMove((at + by + shown.length) % shown.length);
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  };
  return (
    <Modal opened={chosen !== null} onClose={() => onMove(null)} size="min(84vh, 1100px)" title={chosen && viewName(chosen.role)} onKeyDown={press}>
      {chosen && (
        <>
          {isVideo(chosen) ? <Turntable key={chosen.url} artifact={chosen} /> : <Zoomed key={chosen.url} artifact={chosen} />}
          <Group justify="space-between" mt="xs" wrap="nowrap">
            <ActionIcon variant="default" size="lg" aria-label="The one before" onClick={() => step(-1)}>
              <IconChevronLeft size={18} />
            </ActionIcon>
            <Group gap="xs">
              <Text size="sm" c="dimmed" className="numbers">
                {chosen.width} × {chosen.height}
                {chosen.bytes ? ` · ${size(chosen.bytes)}` : ""}
              </Text>
              <Anchor href={chosen.url} download={`${name}-${chosen.role}`} aria-label={`Download ${viewName(chosen.role)}`}>
                <IconDownload size={18} />
              </Anchor>
            </Group>
            <ActionIcon variant="default" size="lg" aria-label="The next one" onClick={() => step(1)}>
              <IconChevronRight size={18} />
            </ActionIcon>
          </Group>
        </>
      )}
    </Modal>
  );
}

const DEEPEST = 6;

function Zoomed({ artifact }: { artifact: Artifact }) {
  const [zoom, setZoom] = useState({ by: 1, x: 50, y: 50 });
  const last = useRef<{ x: number; y: number } | null>(null);
  const scale = (by: number, x = zoom.x, y = zoom.y) => setZoom({ by: Math.min(Math.max(by, 1), DEEPEST), x, y });
  const part = (event: PointerEvent | WheelEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * 100, ((event.clientY - box.top) / box.height) * 100] as const;
  };
  const drag = (event: PointerEvent) => {
    if (!last.current || zoom.by === 1) return;
    const { width, height } = event.currentTarget.getBoundingClientRect();
    const share = 100 / (zoom.by - 1);
    const clamp = (v: number) => Math.min(Math.max(v, 0), 100);
    const [dx, dy] = [event.clientX - last.current.x, event.clientY - last.current.y];
    last.current = { x: event.clientX, y: event.clientY };
    setZoom({ ...zoom, x: clamp(zoom.x - (dx / width) * share), y: clamp(zoom.y - (dy / height) * share) });
  };
  return (
    <div className={classes.frame}>
      <div
        className={classes.zoomed}
        data-deep={zoom.by > 1 || undefined}
        onWheel={(event) => scale(zoom.by * (event.deltaY < 0 ? 1.25 : 0.8), ...(zoom.by === 1 ? part(event) : []))}
        onDoubleClick={(event) => scale(zoom.by > 1 ? 1 : 3, ...part(event as unknown as PointerEvent))}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          last.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerMove={drag}
        onPointerUp={() => (last.current = null)}
      >
        <img
          src={artifact.url}
          alt={viewName(artifact.role)}
          draggable={false}
          style={{ transform: `scale(${zoom.by})`, transformOrigin: `${zoom.x}% ${zoom.y}%` }}
        />
      </div>
      <Group className={classes.tools} gap={4}>
        <ActionIcon variant="default" aria-label="Smaller" disabled={zoom.by === 1} onClick={() => scale(zoom.by / 1.6)}>
          <IconZoomOut size={16} />
        </ActionIcon>
        <ActionIcon variant="default" aria-label="Larger" disabled={zoom.by === DEEPEST} onClick={() => scale(zoom.by * 1.6)}>
          <IconZoomIn size={16} />
        </ActionIcon>
      </Group>
    </div>
  );
}

/** Plays until it is taken in hand; then dragging across it turns the garment once around. */
function Turntable({ artifact }: { artifact: Artifact }) {
  const film = useRef<HTMLVideoElement>(null);
  const held = useRef<{ x: number; time: number } | null>(null);
  useEffect(() => {
    const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!reduced) void film.current?.play().catch(() => undefined);
  }, []);
  const turn = (event: PointerEvent) => {
    const video = film.current!;
    if (!held.current || !video.duration) return;
    const { width } = event.currentTarget.getBoundingClientRect();
    const moved = ((event.clientX - held.current.x) / width) * video.duration;
    video.currentTime = (((held.current.time - moved) % video.duration) + video.duration) % video.duration;
  };
  return (
    <div
      className={classes.frame}
      data-turns
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        film.current!.pause();
        held.current = { x: event.clientX, time: film.current!.currentTime };
      }}
      onPointerMove={turn}
      onPointerUp={() => (held.current = null)}
    >
      <video ref={film} src={artifact.url} muted loop playsInline className={classes.film} aria-label="The turntable: drag across it to turn the garment" />
    </div>
  );
}
