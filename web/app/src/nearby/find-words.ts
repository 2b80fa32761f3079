/** A find session in words. */

import type { Bucket, FindView } from "@tutti/client/nearby";

export const BUCKETS: readonly Bucket[] = ["far", "warm", "close", "found"];

const BUCKET_WORDS: Record<Bucket, string> = {
  far: "Far: a whole cell or more lies between you",
  warm: "Warm: your cells touch",
  close: "Close: you are in the same cell",
  found: "Found: you have both said so",
};

export function bucketWords(bucket: Bucket | null): string {
  return bucket === null ? "No answer yet: it takes a cell of each of you" : BUCKET_WORDS[bucket];
}

export function endingWords({ ending, otherName, role, stage }: FindView): string {
  if (stage !== "ended") return "";
  switch (ending) {
    case "completed":
      return `You and ${otherName} have found each other.`;
    case "declined":
      return role === "seeker" ? `${otherName} did not accept.` : "You declined.";
    case "expired":
      return "Its time is up.";
    case "cancelled":
    case null:
      return "It was ended.";
  }
}

export function answersWords(left: number): string {
  return left === 1 ? "1 answer left" : `${left} answers left`;
}
