import { z } from 'zod';
import { parseDuration } from '../../domain/duration';
import { LONGEST_MS, type Instant } from '../../domain/instant';
import { mailAddressOf } from '../../domain/mail-address';
import { PERMISSIONS, ROLES } from '../../domain/permission';

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?$/;
const ACTOR = /^(?:service:)?[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?$/;

/** A name that stands in a path (HTTP-1). */
export const slug = z
  .string()
  .regex(SLUG, 'Must be 1 to 100 lower-case letters, digits and hyphens, with no hyphen at either end')
  .describe('Lower-case letters, digits and hyphens; never renamed or reused.');

/** Who brought something about, in an answer: a user, or a target that called back (PRO-6). */
export const actor = z.string().regex(ACTOR).describe('Name of a user, or `service:<name>`.');

/** An opaque id, as it stands in a path. */
export const id = z.string().min(1).max(100).describe('An opaque id.');

/** A name for people. */
export const displayName = z.string().trim().min(1).max(200).describe('For people; free to change.');

/** Where mail goes, as a body has it. */
export const mailAddress = z
  .string()
  .refine((text) => mailAddressOf(text) !== null, 'Must be one mail address, like ada@example.com, and nothing else')
  .meta({ format: 'idn-email', minLength: 3, maxLength: 254, description: 'Where mail goes: one address.' });

/** An instant in an answer (HTTP-1); written by `toInstant`. */
export const instant = z.iso.datetime({ precision: 3 }).describe('ISO 8601, UTC.');

/** Epoch milliseconds as the API writes them. */
export function toInstant(at: Instant): string {
  return new Date(at).toISOString();
}

/** The same of one that may not have come yet. */
export function toInstantOrNull(at: Instant | null): string | null {
  return at === null ? null : toInstant(at);
}

/** An instant in a request, as epoch milliseconds. */
export const instantInput = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .describe('ISO 8601 with an offset, e.g. `2026-01-31T12:00:00Z`.');

/** A duration in a request (HTTP-2): whole milliseconds or text, read as milliseconds. */
export const duration = z
  .union([z.number(), z.string()])
  .transform((value, context) => {
    const parsed = parseDuration(value);
    if ('ms' in parsed) {
      return parsed.ms;
    }
    context.addIssue(parsed.fault);
    return z.NEVER;
  })
  .describe('Whole milliseconds, or text like `90s`, `30m`, `12h`, `2d`, `1h30m`, `PT30M`; at most 366 days.');

/**
 * The same where a definition is judged as a whole: what is no duration becomes NaN, which the domain refuses with all
 * other faults.
 */
export const durationToJudge = z.union([z.number(), z.string()]).transform((value) => {
  const parsed = parseDuration(value);
  return 'ms' in parsed ? parsed.ms : NaN;
});

/** A duration in an answer, always milliseconds (HTTP-2). */
export const durationMs = z.int().min(0).max(LONGEST_MS).describe('Milliseconds.');

/** A field that only answers have: a GET body is a valid PUT body (HTTP-7). */
export const readOnly = z.unknown().optional().describe('Part of answers; known and ignored in a request.');

/** `true` or `false` in a query. */
export const flagInQuery = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .describe('`true` or `false`.');

/** One or more of an enumeration's words in a query, with commas between. */
export function oneOrMoreOf<T extends z.ZodEnum>(words: T) {
  return z.string().transform((list, context) => {
    const read = z.array(words).safeParse(list.split(','));
    if (read.success) {
      return read.data;
    }
    context.addIssue(`Must be one or more of ${words.options.join(', ')}, with commas between`);
    return z.NEVER;
  });
}

/** One or more names in a query, with commas between. */
export const oneOrMoreSlugs = z.string().transform((list, context) => {
  const read = z.array(slug).safeParse(list.split(','));
  if (read.success) {
    return read.data;
  }
  context.addIssue('Must be one or more names, with commas between');
  return z.NEVER;
});

/** One entry of `roles`, with the name of a project or none for everywhere. */
export const roleEntry = z
  .union([
    z.strictObject({
      role: z.enum(ROLES).describe('A role, with all its permissions.'),
      project: slug.optional().describe('Name of a project; left out: everywhere.'),
    }),
    z.strictObject({
      permission: z.enum(PERMISSIONS).describe('A single permission.'),
      project: slug.optional().describe('Name of a project; left out: everywhere.'),
    }),
  ])
  .meta({ id: 'RoleEntry', description: 'A role or a single permission, in one project or everywhere.' });

export type RoleEntry = z.output<typeof roleEntry>;
