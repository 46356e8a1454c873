import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.TIRAGE_SERVER ?? "http://127.0.0.1:8100";

export default defineConfig({
  base: "/studio/",
  plugins: [react()],
  build: {
    outDir: "../src/tirage/web/studio",
    emptyOutDir: true,
    target: "es2023",
    cssTarget: ["chrome123", "firefox120", "safari17.5"], // those that know light-dark(); rewritten for older ones it is lost
    assetsInlineLimit: 0, // the content policy allows no data: scripts or styles
    chunkSizeWarningLimit: 700,
  },
  server: { host: "127.0.0.1", proxy: { "/v1": server, "/static": server } },
});
