import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * The folder this package is installed in, the same whether the code runs from src (tests) or from dist: what is not
 * compiled (tools/temporal, examples, package.json) is found from here.
 */
export function packageRoot(): string {
  let folder = __dirname;
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`No package.json above ${__dirname}`);
    folder = parent;
  }
  return folder;
}
