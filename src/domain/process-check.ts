import type { Fault } from './fault';
import type { ProcessStep } from './pipeline';
import { quoted } from './quoted';

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
  approvals: 100,
  recipients: 50,
  headers: 50,
  outputs: 50,
} as const;

/** Checks a process at save and again at trigger (PIPE-4, PRO-7, PRO-9): every fault at once, each with its path. */
export function checkProcess(process: readonly ProcessStep[]): Fault[] {
  const faults: Fault[] = [];
  if (process.length > PROCESS_LIMITS.steps) {
    faults.push({ path: 'process', message: `must hold at most ${PROCESS_LIMITS.steps} steps` });
  }
  const firstOf = new Map<string, number>();
  process.forEach(({ name }, index) => {
    const key = name.toLowerCase();
    const first = firstOf.get(key);
    if (first === undefined) {
      firstOf.set(key, index);
    } else {
      const message = `must be unique, ignoring case: process[${first}] has the name ${quoted(name)} already`;
      faults.push({ path: `process[${index}].name`, message });
    }
  });
  return faults;
}
