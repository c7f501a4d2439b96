import { z } from 'zod';

/** Letters first, and none of what is built in: `Octopus.` in any case; `Action[` the characters keep out. */
const NAME = /^(?![Oo][Cc][Tt][Oo][Pp][Uu][Ss]\.)[A-Za-z][A-Za-z0-9._-]{0,99}$/;

const LONGEST_VALUE_BYTES = 32 * 1024;

/** Name of a project's variable, as paths, templates and expressions have it (VAR-6). */
export const variableName = z
  .string()
  .regex(
    NAME,
    'Must be a letter and up to 99 letters, digits, dots, underscores and hyphens, and not begin with "Octopus."',
  )
  .describe('A letter, then letters, digits, `.`, `_` and `-`; as written, upper and lower case differ. Never reused.');

/** Value of a variable: any text, UTF-8 of at most 32 KB. What is no Unicode text no body may hold. */
export const variableValue = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= LONGEST_VALUE_BYTES, 'Must be at most 32 KB of UTF-8')
  .meta({ maxLength: LONGEST_VALUE_BYTES });
