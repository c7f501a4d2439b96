import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { faultOfAddress, type AddressPolicy } from './address-policy';

/** All addresses of a name; rejects with the resolver's code where it has none. */
export type LookUpAll = (hostname: string) => Promise<readonly LookupAddress[]>;

/** A name leads nowhere but to addresses that are not allowed. The message is a fault as `faultOfUrl` has them. */
export class RefusedAddressError extends Error {
  override readonly name = 'RefusedAddressError';
}

const systemLookUp: LookUpAll = (hostname) => lookup(hostname, { all: true });

/**
 * The look-up of a connection (WHK-2). It stands between the name and the socket, so that what was checked is what is
 * connected to: a check before it would be answered by the name's next address.
 */
export function createGuardedLookup(policy: AddressPolicy, lookUpAll: LookUpAll = systemLookUp): LookupFunction {
  return (hostname, options, callback) => {
    allowedOf(hostname, policy, lookUpAll).then(
      ([first, ...rest]) => {
        // Out of the promise: what the socket throws is not the look-up's.
        setImmediate(() =>
          options.all === true ? callback(null, [first, ...rest]) : callback(null, first.address, first.family),
        );
      },
      (error: NodeJS.ErrnoException) => setImmediate(() => callback(error, [])),
    );
  };
}

async function allowedOf(
  hostname: string,
  policy: AddressPolicy,
  lookUpAll: LookUpAll,
): Promise<[LookupAddress, ...LookupAddress[]]> {
  const found = await lookUpAll(hostname);
  const [first, ...rest] = found.filter(({ address }) => policy.isAllowed(address));
  if (first !== undefined) {
    return [first, ...rest];
  }
  const [refused] = found;
  throw refused === undefined
    ? Object.assign(new Error('No address'), { code: 'ENOTFOUND' })
    : new RefusedAddressError(faultOfAddress(hostname, refused.address));
}
