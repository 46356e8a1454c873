/* What will disappoint about a design at its place on this fabric, each with what mends it at once. */

import { Alert, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Finding } from "../api/client";
import type { Place, Scene } from "../preview/bundle";
import { dyed } from "../preview/dye";
import type { DraftPrint } from "./draft";
import { dpi, inArea, outside } from "./placing";
import { lost, survey, withoutWhite } from "./survey";

interface Props {
  scene: Scene;
  print: DraftPrint;
  image: ImageBitmap | undefined;
  colour: string;
  findings: Finding[];
  onMove(place: Place): void;
  onCutOut(file: File): void;
}

const SHARP_DPI = 150;
const COARSE_DPI = 72;
const FAINT_SHARE = 0.1;
const LOST_SHARE = 0.3;
const REACH = 0.001;

export function Checks({ scene, print, image, colour, findings, onMove, onCutOut }: Props) {
  const { place, design } = print;
  const density = dpi(place, design);
  const beyond = outside(scene, place, design);
  const fitting = (design.width / SHARP_DPI) * 2.54;
  const found = useMemo(() => image && survey(image), [image]);
  const code = dyed(scene, colour).code;
  const hidden = useMemo(() => (found ? lost(found, code) : 0), [found, code]);
  const cut = useMutation({ mutationFn: () => withoutWhite(image!, design.name), onSuccess: onCutOut });
  return (
    <Stack gap="xs" aria-label="Checks" role="group">
      <Group gap={6}>
        <Badge variant="light" tt="none" color={density >= SHARP_DPI ? "teal" : density >= COARSE_DPI ? "yellow" : "red"}>
          {Math.round(density)} DPI
        </Badge>
        <Badge variant="light" tt="none" color={beyond > REACH ? "yellow" : "teal"}>
          {beyond > REACH ? `${Math.ceil(beyond * 100)} % outside the print area` : "inside the print area"}
        </Badge>
        {found && hidden < FAINT_SHARE && (
          <Badge variant="light" tt="none" color="teal">
            good contrast
          </Badge>
        )}
      </Group>
      {density < SHARP_DPI && (
        <Note
          serious={density < COARSE_DPI}
          text={`${Math.round(density)} DPI looks soft when printed; ${SHARP_DPI} is enough.`}
          fix={`Make it ${fitting.toFixed(1)} cm`}
          onFix={() => onMove({ ...place, width: fitting })}
        />
      )}
      {beyond > REACH && (
        <Note text="A part of it lies outside what can be printed." fix="Move it inside" onFix={() => onMove(inArea(scene, place, design))} />
      )}
      {found?.boxed && (
        <Note text="It stands on a white box, which will be printed." fix="Remove the white" busy={cut.isPending} onFix={() => cut.mutate()} />
      )}
      {hidden >= FAINT_SHARE && (
        <Note serious={hidden >= LOST_SHARE} text={`${Math.round(hidden * 100)} % of it is hardly seen on ${colour}: another fabric colour shows it better.`} />
      )}
      {findings.map((each) => (
        <Note key={each.code + each.where} text={`${each.message} ${each.hint}`} />
      ))}
    </Stack>
  );
}

interface NoteProps {
  text: string;
  serious?: boolean;
  fix?: string;
  busy?: boolean;
  onFix?(): void;
}

function Note({ text, serious = false, fix, busy, onFix }: NoteProps) {
  return (
    <Alert p="xs" color={serious ? "red" : "yellow"} variant="light">
      <Group justify="space-between" gap="xs" wrap="nowrap" align="center">
        <Text size="sm">{text}</Text>
        {fix && (
          <Button size="compact-sm" variant="default" flex="none" loading={busy} onClick={onFix}>
            {fix}
          </Button>
        )}
      </Group>
    </Alert>
  );
}
