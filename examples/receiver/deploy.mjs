/**
 * Your code: bring `version` of `service` into effect in `environment`; null takes the service away, and `direction` is
 * `apply` or `revert`. Throw when it could not be done: Sluice is told so and tries again.
 *
 * It runs once at a time for each service, environment and tenant, so it has to end by itself. It may be called a second
 * time for the same version, when the process died before the log knew: doing it twice must be like doing it once.
 */
export async function deploy({ service, environment, tenant, version, direction }) {
  const place = tenant === null ? environment : `${environment} for ${tenant}`;
  console.log(`${direction}: ${service} in ${place} is ${version ?? 'gone'}`);
}
