import path from 'node:path';

import type { Service } from './service';

/**
 * Tells the person at the terminal where everything is and, at the start that has made the example, what to try with it:
 * later the store is theirs. What is for programs goes to the log.
 */
export function announcement(service: Where, isExampleNew: boolean, workingDir: string): string {
  const { url, tokenFile } = service;
  const lines = ['', `  Sluice is up at ${url}`];
  if (tokenFile !== null) {
    lines.push(`  The operator's token is in ${relative(workingDir, tokenFile)}`);
  }
  lines.push(`  Ctrl-C stops everything; the next start goes on with what was running.`, '');
  const auth = `-H "Authorization: Bearer ${tokenFile === null ? '$SLUICE_ADMIN_TOKEN' : `$(cat ${relative(workingDir, tokenFile)})`}"`;
  if (!isExampleNew) {
    return [
      ...lines,
      '  What there is to see (README.md shows what to do with it):',
      '',
      `curl -sS ${auth} ${url}/v1/releases`,
      `curl -sS ${auth} "${url}/v1/interruptions?mine=true"`,
      '',
      '',
    ].join('\n');
  }

  const asAda = '-H "Authorization: Bearer $ADA"';
  return [
    ...lines,
    '  Try it in another terminal, in this folder. Trigger a release, as CI does with a token of ada:',
    '',
    `ADA=$(curl -sS ${auth} ${JSON_BODY} -d '{ "name": "ci" }' ${url}/v1/users/ada/tokens | ${get('token')})`,
    `RELEASE=$(curl -sS ${asAda} ${JSON_BODY} -d @examples/release.json ${url}/v1/projects/shop/pipelines/web/releases | ${get('id')})`,
    '',
    '  Watch it (Ctrl-C ends the watching, not the release):',
    '',
    `curl -sSN ${auth} "${url}/v1/events?release=$RELEASE"`,
    '',
    '  Approve it when it waits for its review, as the operator:',
    '',
    `curl -sS -X POST ${auth} ${url}/v1/releases/$RELEASE/approve`,
    '',
    '  When everyone has it, it asks a member of team operations to check the dashboards. Ada is one:',
    '',
    `ASKED=$(curl -sS ${asAda} "${url}/v1/interruptions?release=$RELEASE&mine=true" | ${get('items[0].id')})`,
    `curl -sS ${asAda} ${JSON_BODY} -d "{ \\"ids\\": [\\"$ASKED\\"], \\"result\\": \\"proceed\\", \\"notes\\": \\"as before\\" }" ${url}/v1/interruptions/submit`,
    '',
    '',
  ].join('\n');
}

type Where = Pick<Service, 'url' | 'tokenFile'>;

const JSON_BODY = "-H 'Content-Type: application/json'";

/** Takes one field out of the answer that is piped into it. */
function get(field: string): string {
  return `node -pe 'JSON.parse(fs.readFileSync(0)).${field}'`;
}

/** As short as it can be typed from here. */
function relative(from: string, file: string): string {
  const short = path.relative(from, file);
  const shown = short.startsWith('..') ? file : short;
  return /^[\w./-]+$/.test(shown) ? shown : `'${shown}'`;
}
