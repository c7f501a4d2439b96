/** Free text of people as a part of a line of ours: it makes no other line, and is cut where it is very long. */
export function oneLine(text: string, longest: number): string {
  const line = text.replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest).replace(/[\uD800-\uDBFF]$/, '')}…` : line;
}

/** Longer notes are read where the answer is. */
const LONGEST_NOTES = 500;

/** What somebody did, with what they wrote, if anything. */
export function withNotes(said: string, notes: string | null): string {
  const line = oneLine(notes ?? '', LONGEST_NOTES);
  return line === '' ? said : `${said}: ${line}`;
}
