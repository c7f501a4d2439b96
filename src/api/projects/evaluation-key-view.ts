import { z } from 'zod';
import type { EvaluationKeyRow } from '../../store/projects/list-evaluation-keys';
import { id, instant, toInstant } from '../schemas/common';
import { environmentParams } from './environment-view';

export const evaluationKeyParams = environmentParams.extend({ key: id.describe('The key’s id, not the key itself.') });

export const evaluationKeyKind = z
  .enum(['server', 'client'])
  .describe('`client` keys are for browsers: they evaluate only. `server` keys may also read the flagd export.');

export const evaluationKeyView = z
  .strictObject({
    id: z.string().describe('Names the key; opens nothing.'),
    kind: evaluationKeyKind,
    name: z.string().describe('For people.'),
    createdAt: instant.describe('When it was made.'),
  })
  .meta({ id: 'EvaluationKey', description: 'What a client of flags uses; the key itself is shown once only.' });

export function showEvaluationKey(row: EvaluationKeyRow): z.input<typeof evaluationKeyView> {
  return { id: row.id, kind: row.kind, name: row.name, createdAt: toInstant(row.createdAt) };
}
