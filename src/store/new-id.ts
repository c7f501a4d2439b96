import { monotonicFactory } from 'ulid';

/**
 * A new id: a ULID, 26 characters, rising within this process also inside a millisecond, so that sorting by id is
 * sorting by age and inserts go to the end of an index.
 */
export const newId: () => string = monotonicFactory();
