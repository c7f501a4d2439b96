import type { Fault } from './fault';
import { quoted } from './quoted';

/** A variable as somebody wants it (VAR-6). */
export interface VariableToCheck {
  /** Neither given nor kept: a value is shown as null, and can be sent back so, while it is sensitive. */
  lacksValue: boolean;
  sensitive: boolean;
  environments: readonly string[];
  tenants: readonly string[];
}

/** What it is judged against. */
export interface VariableFacts {
  /** Names of the project's environments that exist. */
  environments: ReadonlySet<string>;
  /** Whether it comes in a document (PIPE-7): those lie in repositories. */
  isDocument: boolean;
}

/** Every fault at once, each with its path (HTTP-4). */
export function checkVariable(variable: VariableToCheck, { environments, isDocument }: VariableFacts): Fault[] {
  return [
    ...(variable.lacksValue
      ? [{ path: 'value', message: 'must be a text; null keeps one that was sensitive and stays so, and no other' }]
      : []),
    ...(variable.sensitive && isDocument
      ? [{ path: 'sensitive', message: 'must be false, as documents hold no secrets: PUT the variable itself' }]
      : []),
    ...variable.environments.flatMap((name, index) =>
      environments.has(name) ? [] : [missing(`environments[${index}]`, 'environment', name)],
    ),
    ...variable.tenants.map((name, index) => missing(`tenants[${index}]`, 'tenant', name)),
  ];
}

function missing(path: string, thing: string, name: string): Fault {
  return { path, message: `names the ${thing} ${quoted(name)}, which does not exist` };
}
