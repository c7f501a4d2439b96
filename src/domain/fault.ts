/** One fault of a definition: where it stands and what is wrong with it (PIPE-4, HTTP-4). */
export interface Fault {
  /** Path inside the body, e.g. `phases[1].rules[0].environments[2]`. */
  path: string;
  message: string;
}
