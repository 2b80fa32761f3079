/**
 * Where people are drawn. A ring is how many kilometres lie between two published cells; the angle is made of the
 * person's id and of nothing else: no direction is known here, so none can be shown.
 */

export interface Dot {
  userId: string;
  ring: number;
  /** Radians. */
  angle: number;
}

const TURN = 2 * Math.PI;
/** How far dots of one ring are kept apart, in units of the radar's radius. */
const APART = 0.16;

/** An angle that is the same on every screen and says nothing. FNV-1a, stirred so that like ids end far apart. */
export function angleOf(userId: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < userId.length; at += 1) {
    hash = Math.imul(hash ^ userId.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * TURN;
}

/** One dot for each person; those of one ring that would lie on one another are moved along it. */
export function dotsOf(people: readonly { userId: string; distance: number }[], rings: number): Dot[] {
  const byRing = new Map<number, string[]>();
  for (const { userId, distance } of people) {
    const ring = Math.min(Math.max(1, Math.round(distance)), rings);
    byRing.set(ring, [...(byRing.get(ring) ?? []), userId]);
  }
  return [...byRing].flatMap(([ring, ids]) => {
    const ordered = ids.toSorted((one, other) => angleOf(one) - angleOf(other));
    const angles = spread(ordered.map(angleOf), (APART * rings) / ring);
    return ordered.map((userId, index) => ({ userId, ring, angle: angles[index] ?? 0 }));
  });
}

/** Keeps their order around the ring; where there is no room for that much between them, they share it evenly. */
function spread(angles: readonly number[], apart: number): number[] {
  const [first = 0] = angles;
  let last = -Infinity;
  const moved = angles.map((angle) => {
    last = Math.max(angle, last + apart);
    return last;
  });
  if (last - first <= TURN - apart) return moved;
  return angles.map((_, index) => first + (index * TURN) / angles.length);
}
