import { z } from 'zod';
import { backUp, BackupUnsupported } from '../../store/backup';
import { findKept } from '../../store/idempotency';
import type { Store } from '../../store/store';
import { defineRoute } from '../define-route';
import type { Deps } from '../deps';
import { claimIdempotencyKey } from '../idempotency';
import { Problem } from '../problem';
import { instant, toInstant } from '../schemas/common';

const backup = z
  .strictObject({
    file: z.string().describe('Absolute path of the copy, on the machine of the service.'),
    bytes: z.int().describe('Its size.'),
    at: instant.describe('The moment it shows.'),
  })
  .meta({ id: 'Backup', description: 'A consistent copy of the store.' });

export const createBackupRoute = ({ store, now }: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/backup',
    operationId: 'createBackup',
    summary: 'Write a copy of the running store',
    description:
      'Into the data folder’s `backups`, mode 0600, checked when written. Restored by putting it in the place of the store’s file while the service is stopped. A store on PostgreSQL is backed up with its own tools.',
    permission: { name: 'Administration' },
    answers: { 201: { description: 'It is written.', body: backup } },
    problems: ['backup.unsupported'],
    handle: async ({ caller, idempotency }) => {
      const first = idempotency && (await findKept<z.input<typeof backup>>(store.read, idempotency));
      if (first) {
        return { status: 201, body: first };
      }
      const at = now();
      const { file, bytes } = await writeBackup(store, at);
      const made = { file, bytes, at: toInstant(at) };
      return store.write(async (unit) => {
        const claim = await claimIdempotencyKey<z.input<typeof backup>>(unit, idempotency, at);
        if (claim.repeated) {
          return { status: 201, body: claim.repeated };
        }
        unit.record({
          type: 'backup-made',
          at,
          actorId: caller.userId,
          projectId: null,
          releaseId: null,
          data: { file, bytes },
        });
        await claim.keep(made);
        return { status: 201, body: made };
      });
    },
  });

async function writeBackup(store: Store, at: number) {
  try {
    return await backUp(store, at);
  } catch (error) {
    throw error instanceof BackupUnsupported ? new Problem('backup.unsupported', error.message) : error;
  }
}
