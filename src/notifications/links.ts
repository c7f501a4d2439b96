/** The page of a release. */
export function releasePage(publicUrl: string, release: string): string {
  return `${publicUrl}/releases/${encodeURIComponent(release)}`;
}

/** A project in the API: where its events come from. */
export function projectUrl(publicUrl: string, project: string): string {
  return `${publicUrl}/v1/projects/${encodeURIComponent(project)}`;
}

/** How an interruption is answered while it has no page: it is taken, then submitted (INT-2). */
export function answerAddress(publicUrl: string, interruption: string): string {
  return `POST ${publicUrl}/v1/interruptions/${encodeURIComponent(interruption)}/take, then …/submit`;
}
