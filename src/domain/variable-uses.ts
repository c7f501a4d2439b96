import type { Pipeline } from './pipeline';

/**
 * Whether a pipeline's process names a variable: `#{Name}` in a template, `vars["Name"]` in an expression (VAR-3). Looks
 * at every text of the process alike; one that only looks like a use counts as one.
 */
export function usesVariable({ process }: Pick<Pipeline, 'process'>, name: string): boolean {
  const use = useOf(name);
  return textsIn(process).some((text) => use.test(text));
}

function useOf(name: string): RegExp {
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const forms = [
    `#\\{\\s*${literal}\\s*\\}`,
    `\\bvars\\s*\\[\\s*(["'])${literal}\\1\\s*\\]`,
    // CEL reads a member of a map this way, too.
    `\\bvars\\s*\\.\\s*${literal}(?!\\w)`,
  ];
  return new RegExp(forms.join('|'));
}

/** Every text in a process, a step or a part of one. */
export function textsIn(value: unknown): string[] {
  if (typeof value === 'string') {
    return [value];
  }
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(textsIn);
}
