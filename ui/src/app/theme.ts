/* The look of the whole interface. */

import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const ink: MantineColorsTuple = [
  "#fff0e6", "#ffdfcc", "#ffbd99", "#ff9861", "#fe7833", "#fe6516", "#e8590c", "#cf4b00", "#b84000", "#9f3400",
];

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: 7,
  colors: { ink },
  fontFamily: "Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.5rem" }, h2: { fontSize: "1.15rem" }, h3: { fontSize: "1rem" } } },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
});

/** Words on tints and quiet words with a contrast of at least 4.5. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#566069",
    "--mantine-color-teal-light-color": "#045d43",
    "--mantine-color-yellow-light-color": "#7a4100",
    "--mantine-color-red-light-color": "#a51d1d",
    "--mantine-color-blue-light-color": "#13558f",
    "--mantine-color-gray-light-color": "#495057",
    "--mantine-color-ink-light-color": "#8a2d00",
  },
  dark: { "--mantine-color-dimmed": "#a9adb3", "--mantine-color-placeholder": "#a9adb3" },
});
