const LONGEST = 200;

/**
 * What the body of an answer says the target has (WHK-5). Anything that is no version is as good as nothing: control
 * characters and halves of characters too, which no version has and not every store can keep.
 */
export function readCurrentVersion(body: string): string | null | undefined {
  const currentVersion = currentVersionOf(body);
  if (typeof currentVersion === 'string') {
    return currentVersion.length <= LONGEST && !/[\p{Cc}\p{Cs}]/u.test(currentVersion) ? currentVersion : undefined;
  }
  return currentVersion === null ? null : undefined;
}

function currentVersionOf(body: string): unknown {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === 'object' && answer !== null && Object.hasOwn(answer, 'currentVersion')
      ? (answer as { currentVersion: unknown }).currentVersion
      : undefined;
  } catch {
    return undefined;
  }
}
