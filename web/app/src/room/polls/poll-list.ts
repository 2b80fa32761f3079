/** Polls as they are read and asked: which come first, what their bars are, what can be opened. */

import type { NewPoll, Poll, PollKind } from "@tutti/client/native";

export type Answer = number | string;

export interface Bar {
  /** What is answered with it; also what tells it from the others. */
  answer: number;
  label: string;
  count: number;
  percent: number;
}

export const STARS = [1, 2, 3, 4, 5] as const;
export const LONGEST_QUESTION = 300;
export const LONGEST_OPTION = 100;
export const LONGEST_ANSWER = 200;
export const MOST_OPTIONS = 20;

/** Open ones first, and of each the newest first. */
export function placed(polls: readonly Poll[]): { open: Poll[]; closed: Poll[] } {
  const newest = polls.toReversed();
  return { open: newest.filter(({ closed }) => !closed), closed: newest.filter(({ closed }) => closed) };
}

/** None for answers in words. The most stars come first. */
export function barsOf({ kind, options, results }: Poll): Bar[] {
  const { counts, total } = results;
  const bar = (answer: number, label: string, count = 0): Bar => {
    return { answer, label, count, percent: total === 0 ? 0 : Math.round((count / total) * 100) };
  };
  if (kind === "text") return [];
  if (kind === "rating")
    return STARS.map((stars) => bar(stars, starsOf(stars), counts[stars - 1])).toReversed();
  return options.map((label, place) => bar(place, label, counts[place]));
}

export function starsOf(stars: number): string {
  return stars === 1 ? "1 star" : `${stars} stars`;
}

export function answersOf(total: number): string {
  return total === 1 ? "1 answer" : `${total} answers`;
}

/** What somebody answered, in words. */
export function wordsOf({ kind, options }: Poll, answer: Answer): string {
  if (typeof answer === "string") return answer;
  return kind === "rating" ? starsOf(answer) : (options[answer] ?? "");
}

/** How many were opened by others after the last one that was seen, and are open still. */
export function unseen(polls: readonly Poll[], seenAt: number, me: string | null): number {
  return polls.filter((poll) => !poll.closed && poll.openedAt > seenAt && poll.by !== me).length;
}

export interface Draft {
  question: string;
  kind: PollKind;
  options: readonly string[];
  /** Seconds; 0: until somebody closes it. */
  lasts: number;
}

/** What can be asked of it; a string says what is missing. Empty options are those that nobody filled in. */
export function pollOf(draft: Draft, id: string): NewPoll | string {
  const question = draft.question.trim();
  const options = draft.options.map((option) => option.trim()).filter((option) => option !== "");
  if (question === "") return "A poll needs a question";
  const lasts = draft.lasts === 0 ? {} : { lasts: draft.lasts * 1000 };
  if (draft.kind !== "multiple_choice") return { id, question, kind: draft.kind, ...lasts };
  if (options.length < 2) return "Give at least two options";
  if (new Set(options).size < options.length) return "Two options are the same";
  return { id, question, kind: draft.kind, options, ...lasts };
}
