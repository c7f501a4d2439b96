import path from 'node:path';

import type { Service } from './service';

/** Tells the person at the terminal where everything is and what to try; what is for programs goes to the log. */
export function announcement(service: Service, hasExample: boolean, workingDir: string): string {
  const { url, tokenFile } = service;
  const lines = ['', `  Sluice is up at ${url}`];
  if (tokenFile !== null) {
    lines.push(`  The operator's token is in ${relative(workingDir, tokenFile)}`);
  }
  lines.push(`  Ctrl-C stops everything; the next start goes on with what was running.`, '');
  if (!hasExample) {
    return lines.join('\n');
  }

  const auth = `-H "Authorization: Bearer ${tokenFile === null ? '$SLUICE_ADMIN_TOKEN' : `$(cat ${relative(workingDir, tokenFile)})`}"`;
  return [
    ...lines,
    '  Try it in another terminal, in this folder. Trigger a release:',
    '',
    `RELEASE=$(curl -sS ${auth} -H 'Content-Type: application/json' -d @examples/release.json ${url}/v1/projects/shop/pipelines/web/releases | node -pe 'JSON.parse(fs.readFileSync(0)).id')`,
    '',
    '  Watch it (Ctrl-C ends the watching, not the release):',
    '',
    `curl -sSN ${auth} "${url}/v1/events?release=$RELEASE"`,
    '',
    '  Approve it when it waits for its review:',
    '',
    `curl -sS -X POST ${auth} ${url}/v1/releases/$RELEASE/approve`,
    '',
    '',
  ].join('\n');
}

/** As short as it can be typed from here. */
function relative(from: string, file: string): string {
  const short = path.relative(from, file);
  const shown = short.startsWith('..') ? file : short;
  return /^[\w./-]+$/.test(shown) ? shown : `'${shown}'`;
}
