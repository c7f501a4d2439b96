import { z } from 'zod';
import { effectivePermissions, PERMISSIONS } from '../../domain/permission';
import { findUser } from '../../store/users/find-user';
import { listProjects } from '../../store/projects/list-projects';
import { defineRoute, ok } from '../define-route';
import { unknown } from '../deletion';
import type { Deps } from '../deps';
import { instant, slug, toInstantOrNull } from '../schemas/common';
import { visibleProjects } from '../visible-projects';

/** Projects named with their permissions; those of more are told by `everywhere` or asked one by one. */
const MOST_PROJECTS = 200;

const permission = z.enum(PERMISSIONS);

export const getMeRoute = ({ store }: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/me',
    operationId: 'getMe',
    summary: 'Who the caller is',
    description:
      'User, teams and what the token can do now: what its user may do, as far as the token allows it (SEC-3).',
    permission: 'authenticated',
    answers: {
      200: {
        description: 'The caller.',
        body: z
          .strictObject({
            name: slug.describe('Name of the user.'),
            displayName: z.string().describe('For people.'),
            email: z.string().nullable().describe('Where mail goes.'),
            teams: z.array(slug).describe('Names of the user’s teams.'),
            administrator: z.boolean().describe('Whether the caller is administrator everywhere.'),
            permissions: z
              .strictObject({
                everywhere: z.array(permission).describe('Held in every project.'),
                projects: z
                  .record(slug, z.array(permission))
                  .describe(`Held in each project the caller may see, by its name; at most ${MOST_PROJECTS} of them.`),
              })
              .describe('What the caller may do.'),
            token: z
              .strictObject({
                id: z.string().describe('Names the token.'),
                expiresAt: instant.nullable().describe('When it dies by itself; null: never.'),
              })
              .describe('The token of this request.'),
          })
          .meta({ id: 'Me', description: 'The caller.' }),
      },
    },
    handle: async ({ caller }) => {
      const user = await findUser(store.read, caller.user);
      if (!user) {
        throw unknown('user', caller.user);
      }
      const page = { limit: MOST_PROJECTS - 1, after: null };
      const projects = await listProjects(store.read, page, visibleProjects(caller));
      return ok({
        name: user.slug,
        displayName: user.displayName,
        email: user.email,
        teams: [...caller.teams],
        administrator: caller.isGlobalAdministrator,
        permissions: {
          everywhere: effectivePermissions(caller.rights, null),
          projects: Object.fromEntries(
            projects.map((project) => [project.slug, effectivePermissions(caller.rights, project.id)]),
          ),
        },
        token: { id: caller.tokenId, expiresAt: toInstantOrNull(caller.expiresAt) },
      });
    },
  });
