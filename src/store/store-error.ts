/** The database cannot be reached or written: nothing is wrong with the request, and it may be sent again (INV-9). */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  /** The part's name as callers are told it. */
  readonly part = 'store';

  constructor(cause: unknown) {
    super(`The store is not available: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Another process has the SQLite file open; two would answer from different memories. */
export class StoreInUse extends Error {
  override readonly name = 'StoreInUse';

  constructor(readonly file: string) {
    super(`${file} is in use by another process: stop that one, or choose another data folder`);
  }
}
