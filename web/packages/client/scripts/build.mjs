/**
 * Builds the package into `dist`, which is a package of its own: JavaScript and types for browsers, bundlers and Node.
 *
 * Within the workspace the sources are used as they are. What is built is for everybody else, and for them every import
 * needs its file's whole name.
 */

import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
const workspace = join(here, "..", "..");
const dist = join(here, "dist");
const RELATIVE = /(\bfrom\s+|\bimport\()"(\.{1,2}\/[^"]+)"/g;

rmSync(dist, { recursive: true, force: true });
const tsc = join(workspace, "node_modules", "typescript", "bin", "tsc");
execFileSync(process.execPath, [tsc, "-p", join(here, "tsconfig.build.json")], { stdio: "inherit" });

for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  if (!/\.(js|d\.ts)$/.test(file)) continue;
  const path = join(dist, file);
  writeFileSync(path, readFileSync(path, "utf8").replace(RELATIVE, '$1"$2.js"'));
}

const {
  scripts: _,
  exports: sources,
  ...about
} = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const exports = Object.fromEntries(
  Object.entries(sources).map(([name, source]) => {
    const built = source.replace("./src/", "./").replace(/\.ts$/, "");
    return [name, { types: `${built}.d.ts`, default: `${built}.js` }];
  }),
);
writeFileSync(join(dist, "package.json"), `${JSON.stringify({ ...about, exports }, null, 2)}\n`);
copyFileSync(join(here, "README.md"), join(dist, "README.md"));
copyFileSync(join(workspace, "..", "LICENSE"), join(dist, "LICENSE"));
