import type { RequiredPermission, Rights } from '../domain/permission';

/** Who asks: the user behind a token, as of at most 5 s ago (SEC-3). */
export interface Caller {
  userId: string;
  /** The user's name in paths. */
  user: string;
  tokenId: string;
  /** User id of who made the token; null: the user's own doing (SEC-3). */
  madeBy: string | null;
  teamIds: readonly string[];
  /** The teams' names in paths, as reviews name them. */
  teams: readonly string[];
  /** For the domain's predicates (`mayApprove`, `isAdministrator`, `grantBeyond`). */
  rights: Rights;
  /** Administrator everywhere, by user and token (SEC-1). */
  isGlobalAdministrator: boolean;
  /** Epoch ms at which the token expires; null: never. */
  expiresAt: number | null;
  /** Held by user and token, in the project or, with null, everywhere. */
  may(permission: RequiredPermission, projectId: string | null): boolean;
}

/** A client of flags: an evaluation key decides project and environment (FLG-4). */
export interface EvaluationClient {
  keyId: string;
  kind: 'server' | 'client';
  projectId: string;
  environmentId: string;
}
