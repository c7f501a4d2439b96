import { z } from 'zod';

import { checkExpression } from '../../expressions/check-expression';
import { applyDirectChanges } from '../../store/flags/apply-direct-changes';
import { findPipeline, type StoredPipeline } from '../../store/pipelines/find-pipeline';
import { findProject } from '../../store/projects/find-project';
import { readRelease } from '../../store/releases/read-release';
import { triggerRelease } from '../../store/releases/trigger-release';
import type { Unit } from '../../store/store';
import { tryDefinition } from '../../targets/flags/try-definition';
import { created, defineRoute, ok, type Scope, type ScopeRequest } from '../define-route';
import type { Deps } from '../deps';
import { faultyDefinition } from '../faulty-definition';
import { claimIdempotencyKey } from '../idempotency';
import { Problem } from '../problem';
import { slug } from '../schemas/common';
import { appliedDirectly, release as releaseSchema } from '../schemas/release';
import { toChanges, triggerBody } from '../schemas/trigger';
import { releaseView } from './release-view';

interface PipelineScope extends Scope {
  projectId: string;
  pipeline: StoredPipeline;
}

/** What a repetition of a trigger goes back to. */
type Kept = { release: string } | { release: null };

/** `POST …/releases`: starts a release, exactly once for each key (REL-1, REL-2, REL-3). */
export const triggerReleaseRoute = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/projects/:project/pipelines/:pipeline/releases',
    operationId: 'triggerRelease',
    summary: 'Start a release: take a change set through the phases of a pipeline',
    description:
      'Pins the pipeline’s latest version and the change set. Send an `Idempotency-Key`: the same trigger again answers ' +
      '200 with the release it started (HTTP-6). Changes that name opted-out environments only are applied at once (PIPE-6).',
    permission: { name: 'ReleaseTrigger', in: pipelineScope(deps) },
    params: z.strictObject({ project: slug, pipeline: slug }),
    body: triggerBody,
    answers: {
      201: {
        description: 'Accepted: it runs exactly once.',
        body: releaseSchema,
        headers: { location: 'The release.' },
      },
      200: {
        description: 'The same trigger was accepted before, or no release was needed.',
        body: z.union([releaseSchema, appliedDirectly]),
      },
    },
    problems: [
      'project.unknown',
      'project.gone',
      'pipeline.unknown',
      'pipeline.gone',
      'release.busy',
      'release.invalid',
      'release.change-outdated',
    ],
    handle: async ({ scope, body, caller, idempotency }) => {
      const now = deps.now();
      const { kept, repeated } = await deps.store.write(async (unit): Promise<{ kept: Kept; repeated: boolean }> => {
        const claim = await claimIdempotencyKey<Kept>(unit, idempotency, now);
        if (claim.repeated !== null) {
          return { kept: claim.repeated, repeated: true };
        }
        const { source } = body;
        const triggered = await triggerRelease(unit, {
          projectId: scope.projectId,
          pipelineId: scope.pipeline.id,
          changes: toChanges(body),
          triggeredBy: caller.userId,
          withOwnToken: caller.madeBy === null,
          sourceActor: await userNamed(unit, source?.actor),
          reason: body.reason ?? null,
          source: source === undefined ? null : sourceFacts(source),
          labels: body.labels ?? [],
          skipSteps: body.skipSteps ?? [],
          whenBusy: body.whenBusy ?? 'reject',
          now,
          tryDefinition,
          checkExpression,
          endpointFault: deps.endpointFault,
        });
        switch (triggered.kind) {
          case 'release': {
            const started = { release: triggered.releaseId };
            await claim.keep(started, triggered.releaseId);
            return { kept: started, repeated: false };
          }
          case 'direct': {
            await applyDirectChanges(unit, {
              projectId: scope.projectId,
              changes: triggered.changes,
              actorId: caller.userId,
              at: now,
            });
            await claim.keep({ release: null });
            return { kept: { release: null }, repeated: false };
          }
          case 'faults':
            throw faultyDefinition('release.invalid', triggered.faults);
          case 'pipeline-gone':
            throw pipelineGone(scope.pipeline.slug);
          case 'outdated':
            throw new Problem('release.change-outdated', triggered.faults[0]?.message ?? 'A base is outdated', {
              errors: triggered.faults,
            });
          case 'busy':
            throw new Problem('release.busy', busyDetail(triggered), {
              facts: { active: triggered.active, queued: triggered.queued },
            });
        }
      });

      if (kept.release === null) {
        await deps.flagFollower.caughtUp();
        return ok({ applied: true as const, release: null });
      }
      const record = await readRelease(deps.store.read, kept.release);
      if (!record) {
        throw new Problem('release.unknown', `There is no release ${kept.release}`);
      }
      const location = `/v1/releases/${record.id}`;
      const view = await releaseView(deps.store, record, caller, now);
      return repeated ? ok(view, { location }) : created(location, view);
    },
  });

function pipelineGone(name: string): Problem {
  return new Problem('pipeline.gone', `The pipeline ${name} was deleted`);
}

function busyDetail({ active, queued }: { active: string[]; queued: string[] }): string {
  const behind = queued.length > 0 ? `, and ${queued.join(', ')} waits` : '';
  return `A target of the change is in release ${active.join(', ')}${behind}; send "whenBusy": "queue" to wait for it`;
}

/** The CI facts as sent, without what was left out. */
function sourceFacts(source: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(source).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** A user whom the CI facts name is an author (REL-5); any other name is just a fact. */
async function userNamed(unit: Unit, name: string | undefined): Promise<string | null> {
  if (name === undefined) {
    return null;
  }
  const user = await unit.sql.selectFrom('users').where('slug', '=', name).select('id').executeTakeFirst();
  return user?.id ?? null;
}

function pipelineScope({ store }: Deps) {
  return async ({ params, caller }: ScopeRequest): Promise<PipelineScope> => {
    const project = await findProject(store.read, params['project'] ?? '');
    const unknown = new Problem('project.unknown', `There is no project ${params['project'] ?? ''}`);
    if (!project || !caller.may('ProjectView', project.id)) {
      throw unknown;
    }
    if (project.deletedAt !== null) {
      throw new Problem('project.gone', `The project ${project.slug} was deleted`);
    }
    const pipeline = await findPipeline(store.read, project.id, params['pipeline'] ?? '');
    if (!pipeline) {
      throw new Problem('pipeline.unknown', `There is no pipeline ${params['pipeline'] ?? ''}`);
    }
    if (pipeline.deletedAt !== null) {
      throw pipelineGone(pipeline.slug);
    }
    return { projectId: project.id, pipeline };
  };
}
