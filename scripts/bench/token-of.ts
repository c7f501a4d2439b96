import type { Service } from './service';

/**
 * A new token of somebody, of which there may be many: what one may ask for in a second is limited.
 *
 * @param maker a token of whoever makes it; the operator, if left out
 */
export async function tokenOf(service: Service, user: string, maker?: string): Promise<string> {
  const { token } = await service.expect<{ token: string }>(201, 'POST', `/v1/users/${user}/tokens`, {}, maker);
  return token;
}
