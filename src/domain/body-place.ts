import type { Place } from './escape';
import { parseTemplate } from './template';

/** How a body that is text is sent: where its variables land (VAR-4), and what it is where its headers do not say. */
export interface BodyPlace {
  place: Place;
  /** null: its headers say it. */
  contentType: string | null;
}

/**
 * What a body is that was written as text. Without a `content-type` it is JSON where it reads as an object or a list: who
 * leaves it out means what is there, and a value must not end the text that it stands in.
 *
 * @param declared the `content-type` of its headers, filled in
 */
export function placeOfBody(body: string, declared: string | undefined): BodyPlace {
  if (declared === undefined) {
    return isJson(body)
      ? { place: 'json', contentType: 'application/json' }
      : { place: 'text', contentType: 'text/plain; charset=utf-8' };
  }
  const type = (declared.split(';')[0] ?? '').trim().toLowerCase();
  return { place: placeOf(type), contentType: null };
}

function placeOf(type: string): Place {
  if (type.includes('json')) {
    return 'json';
  }
  if (type === 'application/x-www-form-urlencoded') {
    return 'form';
  }
  return /[/+](html|xml|xhtml\+xml)$/.test(type) ? 'html' : 'text';
}

/** A variable may stand in a text or for a number; a body that is nothing else is no JSON, whatever comes of it. */
function isJson(body: string): boolean {
  if (!/^\s*[[{]/.test(body)) {
    return false;
  }
  try {
    JSON.parse(
      parseTemplate(body)
        .parts.map((part) => (typeof part === 'string' ? part : '0'))
        .join(''),
    );
    return true;
  } catch {
    return false;
  }
}
