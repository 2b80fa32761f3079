// What a program and the test that started it say to each other: one JSON object per line. A request is
// `{id, do, ...details}`; its answer is `{id, result}` or `{id, failed}`. Anything else told is `{event, at, ...}`.

import { createInterface } from "node:readline";

/** Milliseconds of the machine's monotonic clock: the same in every process of this machine. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function tell(event, details = {}) {
  write({ event, at: now(), ...details });
}

/** Answer every request by the function of its name. */
export function answer(skills) {
  createInterface({ input: process.stdin }).on("line", async (line) => {
    const { id, do: what, ...details } = JSON.parse(line);
    try {
      write({ id, result: (await skills[what](details)) ?? null });
    } catch (error) {
      write({ id, failed: String(error?.stack ?? error) });
    }
  }).on("close", () => process.exit(0));
}

function write(said) {
  process.stdout.write(JSON.stringify(said) + "\n");
}
