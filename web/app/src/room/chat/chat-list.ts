/** Chat as it is read: what one person says in a row stands together, and addresses in it can be followed. */

export interface Line {
  seq: number;
  /** Room time. */
  at: number;
  member: string;
  name: string;
  text: string;
}

export interface Group<Said extends Line = Line> {
  key: number;
  member: string;
  name: string;
  at: number;
  lines: Said[];
}

export type Segment = { text: string; href: string | null };

const TOGETHER_WITHIN_MS = 120_000;
const EDITABLE_MS = 15 * 60_000;
const ADDRESS = /https?:\/\/[^\s<>"]+/gi;
const AFTERTHOUGHT = /[.,;:!?'"\]»”’]+$/;

export function grouped<Said extends Line>(lines: readonly Said[]): Group<Said>[] {
  const groups: Group<Said>[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    const before = last?.lines.at(-1);
    if (last?.member === line.member && before && line.at - before.at < TOGETHER_WITHIN_MS) {
      last.lines.push(line);
    } else {
      groups.push({ key: line.seq, member: line.member, name: line.name, at: line.at, lines: [line] });
    }
  }
  return groups;
}

/** Only http and https: an address of any other kind (`javascript:`, `data:`, `file:`) stays text. */
export function segments(text: string): Segment[] {
  const found: Segment[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const href = trimmed(match[0]);
    if (!URL.canParse(href)) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), href: null });
    found.push({ text: href, href });
    from = match.index + href.length;
  }
  if (from < text.length) found.push({ text: text.slice(from), href: null });
  return found;
}

/** How many of these are news: said by others, after the last one that was seen. */
export function unread(lines: readonly Line[], seenSeq: number, me: string | null): number {
  return lines.filter((line) => line.seq > seenSeq && line.member !== me).length;
}

/** May I still choose other words for it? The server has the last word. */
export function editable(line: Line, me: string | null, roomNow: number): boolean {
  return line.member === me && roomNow - line.at < EDITABLE_MS;
}

export function lastEditable<Said extends Line>(
  lines: readonly Said[],
  me: string | null,
  roomNow: number,
): Said | undefined {
  return lines.findLast((line) => editable(line, me, roomNow));
}

/** Room time from which I may say something again; 0 where nobody waits. */
export function mayAgainAt(lines: readonly Line[], me: string | null, slowMode: number): number {
  const last = slowMode === 0 ? undefined : lines.findLast(({ member }) => member === me);
  return last === undefined ? 0 : last.at + slowMode * 1000;
}

/** A full stop after an address ends the sentence, and a bracket closes what was opened before it. */
function trimmed(address: string): string {
  const bare = address.replace(AFTERTHOUGHT, "");
  return bare.endsWith(")") && !bare.includes("(") ? trimmed(bare.slice(0, -1)) : bare;
}
