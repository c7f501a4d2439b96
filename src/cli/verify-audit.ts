import { createReadStream } from 'node:fs';
import { verifyExport, type LoggedHead } from '../store/audit/verify-export';

const USAGE = `Usage: verify-audit <file> [--head <sequence>:<hash>]

Checks an audit chain exported by GET /v1/audit/export, without the service: every entry, their order, both ends.
--head takes a head of the chain from the service's log and checks that the chain holds that very entry.
Exit code: 0 the chain is whole, 1 it is not, 2 it could not be read.`;

async function main(args: string[]): Promise<number> {
  const [file, option, head, ...more] = args;
  const logged = option === '--head' ? parseHead(head) : undefined;
  if (file === undefined || file.startsWith('-') || more.length > 0 || (option !== undefined && logged === undefined)) {
    console.error(USAGE);
    return 2;
  }

  const found = await verifyExport(createReadStream(file), logged);
  if (!found.ok) {
    console.error(`${file}:${found.line}: ${found.fault}`);
    return 1;
  }
  console.log(`${found.chain}: ${found.count} entries, whole up to ${found.hash}`);
  return 0;
}

function parseHead(text: string | undefined): LoggedHead | undefined {
  const [, sequence, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text ?? '') ?? [];
  return sequence === undefined || hash === undefined ? undefined : { sequence: Number(sequence), hash };
}

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  },
);
