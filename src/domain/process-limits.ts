/** How large a process may be. */
export const PROCESS_LIMITS = {
  steps: 50,
  /**
   * Steps of all deployments of a release together, one to each environment of each phase. Its position holds them all,
   * is written with every recording, and must stay well below the 2 MB that a workflow can be told at a time.
   */
  stepsOfRelease: 5_000,
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
