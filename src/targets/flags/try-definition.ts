import { FeatureFlag, MemoryStorage, type Flag } from '@openfeature/flagd-core';
import type { Fault } from '../../domain/fault';
import type { FlagDefinition, FlagKind } from '../../domain/flag';
import { checkDefinition } from '../../domain/flag-definition';
import { FLAGD_SCHEMA } from './flag-image';

const TRIED_KEY = 'tried';

const silent = { error: noop, warn: noop, info: noop, debug: noop };

/**
 * Every fault of a definition, at save and at trigger (FLG-9): those of the domain's rules, and when there are none,
 * what flagd-core itself says of its schema and of compiling it.
 */
export function tryDefinition(kind: FlagKind, definition: unknown, path: string): Fault[] {
  const faults = checkDefinition(kind, definition, path);
  return faults.length > 0 ? faults : tryOut(definition as FlagDefinition, path);
}

function tryOut(definition: FlagDefinition, path: string): Fault[] {
  const file = JSON.stringify({ $schema: FLAGD_SCHEMA, flags: { [TRIED_KEY]: definition } });
  try {
    new MemoryStorage(silent).setConfigurations(file, true);
  } catch {
    return [{ path, message: `must follow flagd's schema, ${FLAGD_SCHEMA}` }];
  }
  const flag = new FeatureFlag(TRIED_KEY, definition as unknown as Flag, silent);
  if (flag.evaluate({}).errorCode === 'PARSE_ERROR') {
    return [{ path: `${path}.targeting`, message: 'must be a rule that can be compiled: a constant part of it fails' }];
  }
  return [];
}

function noop(): void {
  // What flagd-core has to say is in its answers.
}
