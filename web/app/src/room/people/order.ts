/** Who is shown where: raised hands first, in the order in which they went up, then in order of arrival. */

import type { Member } from "@tutti/client/native";

export interface Placed {
  member: Member;
  /** 1 for the hand that went up first; null for who has none up. */
  turn: number | null;
}

export function placed(members: readonly Member[]): Placed[] {
  const hands = members
    .filter(({ hand }) => hand !== null)
    .toSorted((a, b) => (a.hand ?? 0) - (b.hand ?? 0))
    .map((member, at) => ({ member, turn: at + 1 }));
  const others = members
    .filter(({ hand }) => hand === null)
    .toSorted((a, b) => a.joinedAt - b.joinedAt)
    .map((member) => ({ member, turn: null }));
  return [...hands, ...others];
}
