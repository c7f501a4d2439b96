const SHORTENED = '/…';

/** An address that is as good as a key, for those who may not see it: its origin, and that there is more (INV-7). */
export function shortenedAddress(url: string): string {
  return `${/^[a-z]+:\/\/[^/?#]*/i.exec(url)?.[0] ?? ''}${SHORTENED}`;
}

/** Whether an address was shown to such a person. */
export function isShortened(url: string): boolean {
  return url.endsWith(SHORTENED);
}
