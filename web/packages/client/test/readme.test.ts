/// <reference types="node" />
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const PACKAGE = join(import.meta.dirname, "..");
const WORKSPACE = join(PACKAGE, "..", "..");
const EXAMPLE = /^```ts\n(.*?)^```$/gms;

let folder: string;

beforeAll(() => {
  const scratch = join(WORKSPACE, "node_modules", ".cache");
  mkdirSync(scratch, { recursive: true });
  folder = mkdtempSync(join(scratch, "readme-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("has examples that fit the package as it is", () => {
  const examples = [...readFileSync(join(PACKAGE, "README.md"), "utf8").matchAll(EXAMPLE)].map(
    ([, code]) => code,
  );
  expect(examples).toHaveLength(3);
  for (const [index, code] of examples.entries())
    writeFileSync(join(folder, `example-${index}.ts`), code ?? "");
  const extended = join(WORKSPACE, "tsconfig.base.json");
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: extended, include: ["*.ts"] }));
  expect(problems(folder)).toBe("");
}, 60_000);

/** What the type checker says; nothing if all is well. */
function problems(project: string): string {
  const tsc = join(WORKSPACE, "node_modules", "typescript", "bin", "tsc");
  try {
    return execFileSync(process.execPath, [tsc, "-p", project], { encoding: "utf8" });
  } catch (failed) {
    return (failed as { stdout: string }).stdout;
  }
}
