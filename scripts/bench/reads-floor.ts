/**
 * The floor of reading a release: Express and one SQL read by primary key, in a copy of the service's file. No token, no
 * rights, no position made readable: what they cost is ours to answer for.
 */
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Kysely } from 'kysely';

import { openSqlite } from '../../src/store/sqlite-file';
import type { Tables } from '../../src/store/tables';
import { answerQuestions, argumentGiven } from './children';

export interface ReadsFloorArgument {
  /** Holds the copy, under the name that the service gives its file. */
  dataDir: string;
}

const { dialect } = openSqlite(argumentGiven<ReadsFloorArgument>().dataDir, undefined);
const db = new Kysely<Tables>({ dialect });

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.get('/v1/releases/:release', async (request, response) => {
  const row = await db
    .selectFrom('releases')
    .selectAll()
    .where('id', '=', request.params.release)
    .executeTakeFirstOrThrow();
  response.json(row);
});

const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  answerQuestions<object>(() => Promise.resolve(`http://127.0.0.1:${port}`));
});
