/** Rows in one statement: both engines have a largest number of parameters, which rows of ten columns reach with a few thousand. */
const ROWS_AT_ONCE = 500;

/** Rows in pieces that fit into a statement each; no piece is empty. */
export function inPieces<T>(rows: readonly T[]): T[][] {
  const pieces: T[][] = [];
  for (let begin = 0; begin < rows.length; begin += ROWS_AT_ONCE) {
    pieces.push(rows.slice(begin, begin + ROWS_AT_ONCE));
  }
  return pieces;
}
