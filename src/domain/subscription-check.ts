import type { Fault } from './fault';

/** A subscription as somebody wants it (NOT-2): where people are told. */
export interface SubscriptionToCheck {
  url: string | null;
  email: string | null;
  /** An address that was accepted once stays acceptable when something else is changed (HTTP-7). */
  isUrlNew: boolean;
}

/**
 * Every fault, with its path (HTTP-4).
 *
 * @param endpointFault why an address may not be used, in half a sentence; null: it may (WHK-2)
 */
export function checkSubscription(
  { url, email, isUrlNew }: SubscriptionToCheck,
  endpointFault: (url: string) => string | null,
): Fault[] {
  if ((url === null) === (email === null)) {
    return [{ path: 'url', message: 'must be given, or email in its place, and not both' }];
  }
  const fault = url !== null && isUrlNew ? endpointFault(url) : null;
  return fault === null ? [] : [{ path: 'url', message: fault }];
}
