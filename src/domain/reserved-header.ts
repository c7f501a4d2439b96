/**
 * Headers that say how a request is carried, and the key: a step that set them could take back what Sluice promises. And a
 * name that no object of ours can hold.
 */
const RESERVED: readonly string[] = [
  '__proto__',
  'connection',
  'content-length',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Whether a header of a step's request is not its to set (PRO-5). */
export function isReservedHeader(name: string): boolean {
  return RESERVED.includes(name.toLowerCase());
}
