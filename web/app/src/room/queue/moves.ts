/** Before which entry the one at `at` stands after a step up (−1) or down (+1); null: at the end. */
export function beforeWhich(queue: readonly { id: string }[], at: number, step: -1 | 1): string | null {
  const before = step === -1 ? at - 1 : at + 2;
  return queue[Math.max(0, before)]?.id ?? null;
}
