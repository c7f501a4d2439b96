import type { ProcessStep } from './pipeline';

const LONGEST_PATH = 100;

/**
 * Where a step sends to, as logs name it; null: to nobody by HTTP. Queries may hold what is secret, and of a chat’s
 * webhook the path does, too (INV-7).
 */
export function whereTo(step: ProcessStep): string | null {
  if (step.kind !== 'http' && step.kind !== 'notify') {
    return null;
  }
  const [, host = '', path = ''] = /^https?:\/\/([^/?#]*)([^?#]*)/i.exec(step.url) ?? [];
  const shown = path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path;
  return step.kind === 'http' ? `${step.method} ${host}${shown}` : host;
}
