import { checkVariable } from '../../domain/variable-check';
import type { SecretBox } from '../../store/secret-box';
import type { Unit } from '../../store/store';
import { MOST_VARIABLES, putVariable } from '../../store/variables/put-variable';
import { gone } from '../deletion';
import { checkPreconditions, type Preconditions } from '../etag';
import { faultyDefinition } from '../faulty-definition';
import { Problem } from '../problem';
import { variableEtag, type VariableBody } from './variable-view';

/** What PUT and `apply` save. */
export interface VariableToSave {
  projectId: string;
  name: string;
  body: VariableBody;
  /** Whether it comes in a document, which holds no secrets. */
  isDocument: boolean;
  secretBox: SecretBox;
  by: string;
  at: number;
  preconditions: Preconditions;
}

/**
 * Creates or replaces a variable (VAR-6).
 *
 * @throws Problem 400 `variable.invalid` with all faults, 410 `variable.gone`, 409 `variable.too-many`, 412 `request.precondition-failed`
 */
export async function saveVariable(
  unit: Unit,
  { projectId, name, body, isDocument, secretBox, by, at, preconditions }: VariableToSave,
): Promise<'created' | 'changed' | 'unchanged'> {
  const wanted = body.environments ?? [];
  const outcome = await putVariable(unit, {
    projectId,
    name,
    value: body.value,
    sensitive: body.sensitive ?? null,
    environments: wanted,
    secretBox,
    by,
    at,
    judge: (current) => checkPreconditions(preconditions, current && variableEtag(current)),
    judgeContent: ({ lacksValue, sensitive, environments }) => {
      const variable = { lacksValue, sensitive, environments: wanted, tenants: body.tenants ?? [] };
      const faults = checkVariable(variable, { environments, isDocument });
      if (faults.length > 0) {
        throw faultyDefinition('variable.invalid', faults);
      }
    },
  });
  if (outcome.kind === 'gone') {
    throw gone('variable', name);
  }
  if (outcome.kind === 'too-many') {
    const detail = `The project has ${MOST_VARIABLES} variables, and can have no more: delete one that nothing uses`;
    throw new Problem('variable.too-many', detail, { facts: { most: MOST_VARIABLES } });
  }
  return outcome.kind;
}
