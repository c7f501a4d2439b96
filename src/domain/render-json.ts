import type { Json } from './json';
import { LONGEST_RENDERED, parseTemplate, renderTemplate } from './template';

/** What became of JSON whose texts are templates, or in half a sentence why there is none. */
export type RenderedJson = { json: Json } | { fault: string };

/**
 * Fills in JSON in which every text is a template; keys are as they are written. All texts together are as long as one
 * template may become: a small body may hold thousands of them. Recursion is safe, as bodies are judged at save.
 */
export function renderJson(json: Json, valueOf: (name: string) => string): RenderedJson {
  let length = 0;
  let fault: string | null = null;
  const fill = (value: Json): Json => {
    if (fault !== null) {
      return null;
    }
    if (typeof value === 'string') {
      const rendered = renderTemplate(parseTemplate(value), valueOf, (text) => text);
      if ('fault' in rendered) {
        fault = rendered.fault;
        return null;
      }
      length += rendered.text.length;
      if (length > LONGEST_RENDERED) {
        fault = `has more than ${LONGEST_RENDERED} characters with its variables filled in`;
      }
      return rendered.text;
    }
    if (Array.isArray(value)) {
      return value.map(fill);
    }
    return typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([member, each]) => [member, fill(each)]))
      : value;
  };
  const filled = fill(json);
  return fault === null ? { json: filled } : { fault };
}
