/* The edit on one line of time: recorders as tracks, above them markers, below them titles, captions and what
   each format shows.  Of long edits only what is seen is in the page. */

import { ActionIcon, Group, Text } from "@mantine/core";
import { IconArrowsHorizontal, IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { shotAt, type Edit, type Place, type Shot } from "./edit";
import classes from "./Timeline.module.css";
import { clock, timecode } from "./timecode";

const HUES = ["blue", "teal", "grape", "yellow", "cyan", "pink", "lime", "indigo"];
const DEEPEST = 400;
/** Pixels that a shot is given when it is jumped to. */
const SEEN_PX = 60;
const TICK_PX = 96;
const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
const BLACK = "black";

interface Props {
  edit: Edit;
  place: Place | null;
  /** Shots that something is wrong with. */
  flagged: Set<number>;
  onPlace(place: Place): void;
}

export function Timeline({ edit, place, flagged, onPlace }: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = useState(1);
  const [view, setView] = useState({ left: 0, width: 1, px: 800 });
  const look = () => {
    const { scrollLeft, scrollWidth, clientWidth } = scroll.current!;
    setView({ left: scrollLeft / scrollWidth, width: clientWidth / scrollWidth, px: clientWidth });
  };
  useEffect(() => {
    const watch = new ResizeObserver(look);
    watch.observe(scroll.current!);
    return () => watch.disconnect();
  }, []);
  useEffect(look, [zoom]);
  const shot = place?.shot === undefined ? undefined : edit.shots[place.shot];

  // a place that was jumped to is brought into view, wide enough to be seen
  useEffect(() => {
    if (!place) return;
    const target = edit.shots[place.shot ?? -1];
    const share = target ? (target.record_out - target.record_in) / edit.frames : 1;
    const wide = share * view.px * zoom;
    if (wide < SEEN_PX / 3) setZoom(Math.min(DEEPEST, SEEN_PX / (share * view.px)));
    requestAnimationFrame(() => {
      const area = scroll.current;
      if (!area) return;
      const x = (place.frame / edit.frames) * area.scrollWidth;
      if (x < area.scrollLeft || x > area.scrollLeft + area.clientWidth - SEEN_PX) area.scrollLeft = x - area.clientWidth / 3;
    });
  }, [place]);

  const at = (frame: number) => `${(100 * frame) / edit.frames}%`;
  const seen = (from: number, to: number) => to / edit.frames >= view.left - view.width / 2 && from / edit.frames <= view.left + view.width * 1.5;
  const tracks = useMemo(() => tracksOf(edit), [edit]);
  const marks = useMemo(() => marksOf(edit), [edit]);
  const move = (event: KeyboardEvent) => {
    const number = place?.shot ?? -1;
    const last = edit.shots.length - 1;
    const keys: Record<string, number> = { ArrowRight: number + 1, ArrowLeft: number - 1, Home: 0, End: last };
    if (event.key === "+" || event.key === "=") setZoom((now) => Math.min(DEEPEST, now * 1.6));
    else if (event.key === "-") setZoom((now) => Math.max(1, now / 1.6));
    else if (event.key in keys) {
      const to = Math.min(Math.max(keys[event.key], 0), last);
      if (to >= 0) onPlace({ shot: to, frame: edit.shots[to].record_in });
    } else return;
    event.preventDefault();
  };
  const step = STEPS_S.find((each) => (each * edit.rate * view.px * zoom) / edit.frames >= TICK_PX) ?? 7200;
  const ticks = Array.from({ length: Math.ceil(edit.frames / (step * edit.rate)) }, (_, i) => Math.round(i * step * edit.rate)).filter((frame) => seen(frame, frame));
  const rows = ["Markers", ...tracks.map((each) => each.name), ...edit.lanes.map((each) => each.label)];
  const lit = (label: string) => edit.lanes.find((each) => each.label === label)?.id === place?.lane && place?.lane !== undefined;
  return (
    <div className={classes.whole} data-timeline>
      <div className={classes.head}>
        <Text size="sm" className="numbers">
          <b>{clock(edit.frames / edit.rate)}</b> · {edit.shots.length} events · {edit.cameras.length} cameras
        </Text>
        <Group gap={4}>
          <ActionIcon variant="default" aria-label="Less time at once" onClick={() => setZoom((now) => Math.min(DEEPEST, now * 1.6))}>
            <IconZoomIn size={16} />
          </ActionIcon>
          <ActionIcon variant="default" aria-label="More time at once" onClick={() => setZoom((now) => Math.max(1, now / 1.6))}>
            <IconZoomOut size={16} />
          </ActionIcon>
          <ActionIcon variant="default" aria-label="All of it" onClick={() => setZoom(1)}>
            <IconArrowsHorizontal size={16} />
          </ActionIcon>
        </Group>
      </div>
      <div className={classes.body}>
        <div className={classes.names} aria-hidden>
          <div className={classes.name} />
          {rows.map((label) => (
            <div key={label} className={classes.name} data-on={lit(label) || undefined}>
              {label}
            </div>
          ))}
        </div>
        <div
          ref={scroll}
          className={classes.scroll}
          role="listbox"
          aria-label="Events of the edit; arrow keys go from one to the next"
          aria-activedescendant={place?.shot === undefined ? undefined : `shot-${place.shot}`}
          tabIndex={0}
          onScroll={look}
          onKeyDown={move}
        >
          <div className={classes.wide} style={{ width: `${zoom * 100}%` }} role="presentation">
            <div
              className={classes.ruler}
              aria-hidden
              onClick={(event) => {
                const box = event.currentTarget.getBoundingClientRect();
                onPlace(shotAt(edit, Math.floor(((event.clientX - box.left) / box.width) * edit.frames)));
              }}
            >
              {ticks.map((frame) => (
                <span key={frame} className={`${classes.tick} numbers`} style={{ left: at(frame) }}>
                  {timecode(frame, edit.counting)}
                </span>
              ))}
            </div>
            <div className={classes.lane} data-on={place?.lane === "markers" || undefined} aria-hidden>
              {edit.marks
                .filter((mark) => mark.length && seen(mark.frame, mark.frame + mark.length))
                .map((mark, i) => (
                  <span key={i} className={classes.range} style={{ left: at(mark.frame), width: at(mark.length ?? 0) }} />
                ))}
              {marks
                .filter((mark) => seen(mark.frame, mark.frame))
                .map((mark, i) => (
                  <span
                    key={i}
                    className={classes.mark}
                    style={{ left: at(mark.frame), width: at(mark.room) }}
                    title={`${mark.kind} ${mark.name ?? ""} ${timecode(mark.frame, edit.counting)}`}
                  >
                    {mark.name || mark.kind}
                  </span>
                ))}
            </div>
            {tracks.map(({ name, shots, hue }) => (
              <div key={name} className={classes.lane} role="group" aria-label={name}>
                {shots
                  .filter(({ shot: each }) => seen(each.record_in, each.record_out))
                  .map(({ shot: each, number }) => {
                    const wide = ((each.record_out - each.record_in) / edit.frames) * view.px * zoom;
                    return (
                      <div
                        key={number}
                        id={`shot-${number}`}
                        role="option"
                        aria-selected={place?.shot === number}
                        aria-label={spoken(edit, number, flagged.has(number))}
                        className={classes.shot}
                        data-shot={number}
                        data-flagged={flagged.has(number) || undefined}
                        data-black={name === BLACK || undefined}
                        data-narrow={wide < 24 || undefined}
                        style={{
                          left: at(each.record_in),
                          width: at(each.record_out - each.record_in),
                          background: name === BLACK ? undefined : `light-dark(var(--mantine-color-${hue}-2), var(--mantine-color-${hue}-9))`,
                        }}
                        onClick={() => onPlace({ shot: number, frame: each.record_in })}
                      >
                        {each.dissolve ? <span className={classes.fade} style={{ width: `${(100 * each.dissolve) / (each.record_out - each.record_in)}%` }} /> : null}
                        {wide >= 24 && (each.name || String(number + 1))}
                      </div>
                    );
                  })}
              </div>
            ))}
            {edit.lanes.map((lane) => (
              <div key={lane.id} className={classes.lane} data-on={place?.lane === lane.id || undefined} aria-hidden>
                {lane.stretches
                  .filter(({ from, to }) => seen(from, to))
                  .map(({ from, to, text }, i) => (
                    <span key={i} className={classes.stretch} style={{ left: at(from), width: at(to - from) }} title={text}>
                      {text}
                    </span>
                  ))}
              </div>
            ))}
            {place && <span className={classes.needle} style={{ left: at(place.frame) }} />}
          </div>
        </div>
      </div>
      <div className={`${classes.foot} numbers`} aria-live="polite" data-testid="event">
        {shot ? <About edit={edit} shot={shot} number={place!.shot!} /> : place ? <span>{timecode(place.frame, edit.counting)}</span> : <span className="quiet">Choose an event, or go from one to the next with the arrow keys.</span>}
      </div>
    </div>
  );
}

function About({ edit, shot, number }: { edit: Edit; shot: Shot; number: number }) {
  const length = shot.record_out - shot.record_in;
  return (
    <>
      <b>
        {shot.camera ?? BLACK} · event {shot.name || number + 1}
      </b>
      <span>
        {timecode(shot.record_in, edit.counting)} – {timecode(shot.record_out, edit.counting)}
      </span>
      <span>
        {length} frames, {(length / edit.rate).toFixed(2)} s
      </span>
      {shot.camera && (
        <span className="quiet">
          session frames {shot.source_in} – {shot.source_out}
        </span>
      )}
      {shot.dissolve ? <span>dissolve of {shot.dissolve} frames</span> : null}
      {shot.gain ? <span>sound {shot.gain > 0 ? "+" : ""}{shot.gain} dB</span> : null}
    </>
  );
}

/** Begins with what is seen of it. */
function spoken(edit: Edit, number: number, wrong: boolean): string {
  const shot = edit.shots[number];
  return `${shot.name || number + 1}, ${shot.camera ?? BLACK}, ${timecode(shot.record_in, edit.counting)}, ${shot.record_out - shot.record_in} frames${wrong ? ", something is wrong here" : ""}`;
}

/** Markers in their order, each with the frames until the next one: names do not run into each other. */
function marksOf({ marks, frames }: Edit) {
  const sorted = [...marks].sort((a, b) => a.frame - b.frame);
  return sorted.map((mark, i) => ({ ...mark, room: Math.max(0, (sorted[i + 1]?.frame ?? frames) - mark.frame) }));
}

function tracksOf(edit: Edit) {
  const numbered = edit.shots.map((shot, number) => ({ shot, number }));
  const names = numbered.some(({ shot }) => !shot.camera) ? [...edit.cameras, BLACK] : edit.cameras;
  return names.map((name, i) => ({ name, hue: HUES[i % HUES.length], shots: numbered.filter(({ shot }) => (shot.camera ?? BLACK) === name) }));
}
