import { z } from 'zod';
import type { FlagDefinition } from '../../domain/flag';
import type { Json } from '../../domain/json';

/**
 * A definition's outline. What stands in variants and targeting is judged by the domain (`checkDefinition`), which
 * names every fault with its path and knows the flag's kind.
 */
export const flagDefinition = z
  .strictObject({
    state: z.enum(['ENABLED', 'DISABLED']).describe('Disabled: clients use the default of their code.'),
    variants: z
      .record(z.string(), z.unknown())
      .describe('Values by name: booleans for a gate, JSON objects for a dynamic config.'),
    defaultVariant: z
      .string()
      .nullable()
      .optional()
      .describe('Answered where targeting chooses nothing; null or absent: clients use the default of their code.'),
    targeting: z
      .unknown()
      .optional()
      .describe('JsonLogic with flagd’s operators that chooses a variant; within FLG-9.'),
  })
  .meta({
    id: 'FlagDefinition',
    description: 'What a flag answers, in flagd’s schema (FLG-1): at most 64 KB, nested 32 deep, 1,000 values (FLG-9).',
    example: { state: 'ENABLED', variants: { on: true, off: false }, defaultVariant: 'off' },
  });

/** The domain’s definition from a body’s, without members that are `undefined`. */
export function toDefinition(body: z.output<typeof flagDefinition>): FlagDefinition {
  const { state, variants, defaultVariant, targeting } = body;
  return {
    state,
    variants: variants as Record<string, Json>,
    ...(defaultVariant !== undefined && { defaultVariant }),
    ...(targeting !== undefined && { targeting: targeting as Json }),
  };
}
