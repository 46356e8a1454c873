/* The look of the whole interface. */

import { createTheme, type MantineColorsTuple } from "@mantine/core";

const ink: MantineColorsTuple = [
  "#fff0e6", "#ffdfcc", "#ffbd99", "#ff9861", "#fe7833", "#fe6516", "#e8590c", "#cf4b00", "#b84000", "#9f3400",
];

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 7 },
  colors: { ink },
  fontFamily: "Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.5rem" }, h2: { fontSize: "1.15rem" }, h3: { fontSize: "1rem" } } },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
});
