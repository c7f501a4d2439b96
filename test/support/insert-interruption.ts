import { newId } from '../../src/store/new-id';
import type { Store } from '../../src/store/store';

/** A manual step that waits for anybody who may deploy, with its deployment, where no workflow runs to raise one. */
export async function insertInterruption(
  store: Store,
  releaseId: string,
): Promise<{ interruption: string; deployment: string }> {
  const interruption = newId();
  const deployment = newId();
  await store.write(async ({ sql }) => {
    const { projectId } = await sql
      .selectFrom('releases')
      .select('projectId')
      .where('id', '=', releaseId)
      .executeTakeFirstOrThrow();
    const { id: environmentId } = await sql
      .selectFrom('environments')
      .select('id')
      .where('projectId', '=', projectId)
      .executeTakeFirstOrThrow();
    await sql
      .insertInto('deployments')
      .values({
        ...{ id: deployment, releaseId, environmentId, phase: 'all', attempt: 1, state: 'waiting', errored: 0 },
        ...{ createdAt: 1, startedAt: 1, endedAt: null, error: null, endedBy: null, endedNotes: null },
      })
      .execute();
    await sql
      .insertInto('deploymentSteps')
      .values({
        ...{ deploymentId: deployment, position: 1, name: 'Check', kind: 'manual', state: 'waiting', try: 1 },
        ...{ startedAt: 1, endedAt: null, detail: null, error: null, errored: 0 },
      })
      .execute();
    await sql
      .insertInto('interruptions')
      .values({
        ...{ id: interruption, releaseId, number: 1, projectId, environmentId, deploymentId: deployment, position: 1 },
        ...{ kind: 'manual', state: 'pending', title: 'Check', instructions: 'Look', teams: '[]' },
        ...{ results: '["proceed","abort"]', notesRequired: 0, approvals: 1, authorMaySubmit: 1, blockConcurrent: 0 },
        ...{ proceeds: '[]', responsibleUserId: null, submitAction: null, result: null, notes: null },
        ...{
          submittedBy: null,
          closedBy: null,
          closedWhy: null,
          deadlineAt: null,
          escalatedAt: null,
          raisedAt: 1,
          endedAt: null,
        },
      })
      .execute();
  });
  return { interruption, deployment };
}
