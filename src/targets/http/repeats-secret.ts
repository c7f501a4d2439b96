import { escapeFor } from '../../domain/escape';

/** What is too short says nothing: a few characters of base64 are in any text. */
const SHORTEST_BASE64 = 4;

/**
 * Whether an answer repeats a secret: as it is, or as it stands in a header, JSON, an address, HTML or base64, alone or in
 * the middle of more. What was computed from it is another thing, and is not found.
 */
export function repeatsSecret(text: string, secret: string): boolean {
  const written = [
    secret,
    secret.trim(),
    escapeFor['http-header'](secret),
    escapeFor.json(secret),
    escapeFor.html(secret),
    encodeURIComponent(secret.replace(/\p{Cs}/gu, '\ufffd')),
  ];
  const asBase64 = text.replaceAll('-', '+').replaceAll('_', '/');
  return (
    written.some((form) => form !== '' && text.includes(form)) ||
    base64Of(secret).some((form) => form.length >= SHORTEST_BASE64 && asBase64.includes(form))
  );
}

/** Base64 takes three bytes at a time, so a text looks in three ways in the middle of more: these, without their edges. */
function base64Of(secret: string): string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    return bytes.toString('base64').slice(Math.ceil((before * 4) / 3), Math.floor((bytes.length * 4) / 3));
  });
}
