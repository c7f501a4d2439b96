import type { DeploymentVariable, OutputValue } from '../store/process/deployment-variables';
import type { SecretBox } from '../store/secret-box';
import { openVariable, sealVariable } from '../store/variables/variable-value';
import { repeatedIn } from '../targets/http/repeats-secret';

/**
 * Outputs as they are kept: what repeats a sensitive variable of the deployment is sensitive itself, sealed as that one
 * is (VAR-4). An endpoint may send back what it got; refusing the step would not take back what the endpoint has done,
 * and masking would hand later steps another value.
 */
export function keepOutputs(
  outputs: ReadonlyMap<string, string>,
  variables: readonly DeploymentVariable[],
  secretBox: SecretBox,
): Map<string, OutputValue> {
  const secrets = variables.flatMap((variable) => opened(variable, secretBox));
  // Many outputs may be the same field, and a long one is looked through in many ways.
  const repeatedBy = new Map(
    [...new Set(outputs.values())].map((value) => [value, repeatedIn(value, secrets)] as const),
  );
  return new Map(
    [...outputs].map(([name, value]): [string, OutputValue] => {
      const repeated = repeatedBy.get(value);
      return [
        name,
        repeated
          ? { value: sealVariable(secretBox, repeated.id, value, true), sensitive: 1, variableId: repeated.id }
          : { value, sensitive: 0, variableId: null },
      ];
    }),
  );
}

/** One that does not open was sent to nobody, so nobody can repeat it. */
function opened(
  { value, sensitive, variableId }: DeploymentVariable,
  secretBox: SecretBox,
): { id: string; value: string }[] {
  if (sensitive === 0 || variableId === null) {
    return [];
  }
  try {
    return [{ id: variableId, value: openVariable(secretBox, { id: variableId, value, sensitive }) }];
  } catch {
    return [];
  }
}
