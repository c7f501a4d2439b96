const LONGEST = 100;

/** A caller's text inside a message of ours: in quotes, and no longer than a line, whatever was sent. */
export function quoted(text: string): string {
  return `"${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}"`;
}
