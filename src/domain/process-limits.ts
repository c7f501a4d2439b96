/** How large a process may be. */
export const PROCESS_LIMITS = {
  steps: 50,
  /** Characters of a step's name (PRO-9). */
  nameLength: 100,
  /** Names in one list: environments, phases, teams. */
  names: 100,
  /** Characters of an expression (PRO-3). */
  expressionLength: 1_000,
  /** Characters of instructions and bodies. */
  templateLength: 20_000,
  subjectLength: 500,
  urlLength: 2_000,
  headerLength: 2_000,
  approvals: 100,
  recipients: 50,
  headers: 50,
  outputs: 50,
} as const;
