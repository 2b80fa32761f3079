import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const SERVER = process.env["TUTTI_SERVER"] ?? "http://127.0.0.1:3000";

/** `/docs` must work without the internet, so the page that shows the OpenAPI document is built in. */
function apiDocs(): Plugin {
  const from = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  return {
    name: "api-docs",
    apply: "build",
    generateBundle() {
      for (const file of [
        "swagger-ui-bundle.js",
        "swagger-ui-standalone-preset.js",
        "swagger-ui.css",
        "LICENSE",
      ]) {
        this.emitFile({ type: "asset", fileName: `docs/${file}`, source: readFileSync(join(from, file)) });
      }
    },
  };
}

/** What is built in of hls.js may be passed on only together with its licence. */
function licences(): Plugin {
  const from = join(dirname(createRequire(import.meta.url).resolve("hls.js/package.json")), "LICENSE");
  return {
    name: "licences",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "licences/hls.js.txt", source: readFileSync(from) });
    },
  };
}

export default defineConfig({
  plugins: [react(), apiDocs(), licences()],
  build: {
    outDir: "../../src/tutti/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    // hls.js is one piece, and fetched only by whoever plays such a stream.
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: { "/v1": { target: SERVER, ws: true } },
  },
});
