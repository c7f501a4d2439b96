/*
 * Templates of instructions, bodies, headers and mails (VAR-3): text in which `#{Name}` stands for a variable. The name is
 * taken as written. Step names stand in brackets and hold none of `[`, `]`, `#{` (PRO-9), but may well hold `}`.
 */

/** A variable that a template names. */
export interface Reference {
  name: string;
  /** Where its `#{` stands: characters before it. */
  position: number;
}

/** A template, read once. */
export interface Template {
  parts: (string | Reference)[];
  /** Where a `#{` stands that is never closed, or is empty: faults at save; rendered as they are written. */
  faults: { message: string; position: number }[];
}

/** What became of a template: its text, or in half a sentence why there is none. */
export type Rendered = { text: string } | { fault: string };

/** Characters of a rendered template: a few lines naming a large value a thousand times would fill the memory. */
export const LONGEST_RENDERED = 1_000_000;

const BEGIN = '#{';

/** Reads a template. Linear in its length: whatever follows a `#{`, the next `#{` ends the search for its end. */
export function parseTemplate(text: string): Template {
  const template: Template = { parts: [], faults: [] };
  let written = 0;
  for (let begin = text.indexOf(BEGIN); begin >= 0; begin = text.indexOf(BEGIN, begin + BEGIN.length)) {
    const end = endOf(text, begin + BEGIN.length);
    const name = text.slice(begin + BEGIN.length, end ?? begin);
    if (end === null) {
      template.faults.push({ message: 'has a #{ without its }', position: begin });
    } else if (name.trim() === '') {
      template.faults.push({ message: 'has a #{} without a name', position: begin });
    } else {
      template.parts.push(...(begin > written ? [text.slice(written, begin)] : []), { name, position: begin });
      written = end + 1;
    }
  }
  return { ...template, parts: [...template.parts, ...(written < text.length ? [text.slice(written)] : [])] };
}

/** The variables that a template names, in their order. */
export function referencesIn({ parts }: Template): Reference[] {
  return parts.filter((part) => typeof part !== 'string');
}

/**
 * Fills a template in, in one pass: a `#{…}` inside a value stays as it is (VAR-4).
 *
 * @param escape makes a value harmless where it lands, see escape.ts
 */
export function renderTemplate(
  template: Template,
  valueOf: (name: string) => string,
  escape: (value: string) => string,
): Rendered {
  const pieces: string[] = [];
  let length = 0;
  for (const part of template.parts) {
    const piece = typeof part === 'string' ? part : escape(valueOf(part.name));
    length += piece.length;
    if (length > LONGEST_RENDERED) {
      return { fault: `has more than ${LONGEST_RENDERED} characters with its variables filled in` };
    }
    pieces.push(piece);
  }
  return { text: pieces.join('') };
}

/** Where the `}` of a reference stands that begins at `from`; null: it has none before the next `#{`. */
function endOf(text: string, from: number): number | null {
  let isInBrackets = false;
  for (let index = from; index < text.length; index++) {
    if (text.startsWith(BEGIN, index)) {
      return null;
    }
    const character = text[index];
    if (character === '}' && !isInBrackets) {
      return index;
    }
    isInBrackets = character === '[' || (isInBrackets && character !== ']');
  }
  return null;
}
