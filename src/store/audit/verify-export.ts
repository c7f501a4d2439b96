import { canonicalJson } from '../../domain/canonical-json';
import { GENESIS_HASH, hashEntry, type AuditEntry } from './entry';

/** What `verifyExport` found: the whole chain, or the first line at which it is not the one that was written. */
export type Verification =
  { ok: true; chain: string; count: number; hash: string } | { ok: false; line: number; fault: string };

/** A head as the log has it. */
export interface LoggedHead {
  sequence: number;
  hash: string;
}

/**
 * Checks an exported chain without the store: every byte, the order and both ends (INV-4). A file that was written
 * anew as a whole is consistent in itself; that it is the true one shows a head from the log, handed in as `logged`.
 */
export async function verifyExport(
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  logged?: LoggedHead,
): Promise<Verification> {
  const reader = new ChainReader(logged);
  let rest = Buffer.alloc(0);
  try {
    for await (const piece of content) {
      const bytes = Buffer.concat([rest, piece]);
      let start = 0;
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
        reader.read(bytes.subarray(start, end));
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
    return reader.finish(rest);
  } catch (error) {
    if (error instanceof ChainFault) return { ok: false, line: reader.line, fault: error.message };
    throw error;
  }
}

const LINE_FEED = 10;

class ChainFault extends Error {}

/** Follows a chain line by line; throws a `ChainFault` at the first line that does not follow from those before. */
class ChainReader {
  line = 0;
  readonly #logged: LoggedHead | undefined;
  #last: Pick<AuditEntry, 'chain' | 'sequence' | 'position' | 'hash'> | null = null;
  #end: { chain: string; count: number; hash: string } | null = null;

  constructor(logged: LoggedHead | undefined) {
    this.#logged = logged;
  }

  read(line: Buffer): void {
    this.line += 1;
    if (this.#end !== null) throw new ChainFault('stands behind the end');
    const value = parse(line);
    if ('end' in value) this.#readEnd(value);
    else this.#readEntry(value as unknown as AuditEntry);
  }

  finish(rest: Buffer): Verification {
    if (this.#end === null || rest.length > 0) {
      this.line += 1;
      throw new ChainFault(this.#end === null ? 'the end is missing: the file was cut' : 'stands behind the end');
    }
    if (this.#logged !== undefined && this.#end.count < this.#logged.sequence) {
      throw new ChainFault(`ends before entry ${this.#logged.sequence}, which the log has seen`);
    }
    return { ok: true, ...this.#end };
  }

  #readEntry(entry: AuditEntry): void {
    const last = this.#last;
    if (last !== null && entry.chain !== last.chain) throw new ChainFault(`belongs to another chain, ${entry.chain}`);
    if (entry.sequence !== (last?.sequence ?? 0) + 1) {
      throw new ChainFault(`has sequence ${entry.sequence} where ${(last?.sequence ?? 0) + 1} belongs`);
    }
    if (entry.previousHash !== (last?.hash ?? GENESIS_HASH)) throw new ChainFault('does not follow the entry before');
    if (last !== null && !(entry.position > last.position)) throw new ChainFault('has a position that does not rise');
    if (hashEntry(entry) !== entry.hash) throw new ChainFault('has another content than its hash says');
    if (entry.sequence === this.#logged?.sequence && entry.hash !== this.#logged.hash) {
      throw new ChainFault('is not the entry that the log has seen');
    }
    this.#last = entry;
  }

  #readEnd(value: object): void {
    const last = this.#last;
    // An empty chain names itself; any other is named by its entries.
    const { chain } = (value as { end: { chain: string } }).end;
    const end = { chain: last?.chain ?? chain, count: last?.sequence ?? 0, hash: last?.hash ?? GENESIS_HASH };
    if (canonicalJson(value) !== canonicalJson({ end })) {
      throw new ChainFault(`names another end than entry ${end.count}, the last one here`);
    }
    this.#end = end;
  }
}

/** Only the one spelling that the export has is accepted, so that no byte can change unseen, not even one that is no UTF-8. */
function parse(line: Buffer): object {
  let value: unknown;
  try {
    value = JSON.parse(line.toString());
  } catch {
    throw new ChainFault('is not JSON');
  }
  if (typeof value !== 'object' || value === null || !line.equals(Buffer.from(canonicalJson(value)))) {
    throw new ChainFault('is not an entry as it was exported');
  }
  return value;
}
