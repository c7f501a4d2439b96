import type { Grant } from '../../domain/permission';
import type { Json } from '../../domain/json';

/** Grants as an audit entry holds them, with the ids of projects. */
export function grantsAsData(grants: readonly Grant[]): Json {
  return grants.map((grant) => ({ ...grant }));
}
