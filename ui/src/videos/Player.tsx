/* A video with its chapters; a thumbnail is shown as it is. */

import { Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { Artifact } from "../api/client";
import classes from "./Player.module.css";
import { clock } from "./timecode";

interface Chapter {
  at: number;
  name: string;
}

/** The video itself: its role is its format. */
export const isFilm = ({ media_type }: Artifact) => media_type?.startsWith("video/") ?? false;

export function Player({ artifacts, name }: { artifacts: Artifact[]; name: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const [now, setNow] = useState(0);
  const film = artifacts.find(isFilm);
  const picture = artifacts.find((each) => each.media_type?.startsWith("image/"));
  const written = artifacts.find((each) => each.role === "chapters");
  const chapters = useQuery({ ...chaptersOf(written?.url ?? ""), enabled: written !== undefined }).data ?? [];
  if (picture) return <img className={classes.film} src={picture.url} alt={name} width={picture.width ?? undefined} height={picture.height ?? undefined} />;
  if (!film) return <Text c="dimmed">It has no file.</Text>;
  const current = chapters.findLastIndex((each) => each.at <= now + 0.05);
  const seek = (at: number) => {
    video.current!.currentTime = at;
    setNow(at);
  };
  return (
    <>
      {/* captions, where there are any, are tracks of the file itself or in its pictures */}
      <video
        ref={video}
        className={classes.film}
        src={film.url}
        controls
        playsInline
        preload="metadata"
        aria-label={name}
        style={{ aspectRatio: film.width && film.height ? `${film.width} / ${film.height}` : undefined }}
        onTimeUpdate={(event) => setNow(event.currentTarget.currentTime)}
      />
      {chapters.length > 0 && (
        <Group gap={6} mt="xs" role="group" aria-label="Chapters">
          {chapters.map((each, i) => (
            <Button key={each.at} size="compact-xs" variant={i === current ? "filled" : "default"} aria-current={i === current || undefined} onClick={() => seek(each.at)}>
              <span className="numbers">{clock(each.at)}</span>&nbsp;{each.name}
            </Button>
          ))}
        </Group>
      )}
    </>
  );
}

/** The chapters' file: a time and a name on each line. */
const chaptersOf = (url: string) => ({
  queryKey: ["chapters", url],
  staleTime: Infinity,
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Chapter[]> => {
    const answer = await fetch(url, { signal });
    if (!answer.ok) throw new Error(`The chapters could not be read (${answer.status}).`);
    return (await answer.text()).split("\n").flatMap((line) => {
      const found = /^(\d+):(\d\d):(\d\d) (.*)$/.exec(line);
      return found ? [{ at: Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]), name: found[4] }] : [];
    });
  },
});
