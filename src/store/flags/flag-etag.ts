/** A flag's strong ETag: changes with everything that its clients or its GET can see (HTTP-7, `base` of a trigger). */
export function flagEtag(flag: { id: string; version: number }): string {
  return `"${flag.id}.${flag.version}"`;
}
