/*
 * What people see of the demo; only a terminal gets colours, and lines that the next one overwrites.
 */
export const bold = style(1);
export const dim = style(2);
export const green = style(32);
export const yellow = style(33);

function style(code: number): (text: string) => string {
  return process.stdout.isTTY ? (text) => `\u001B[${code}m${text}\u001B[0m` : (text) => text;
}

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function step(text: string): void {
  say(`\n${bold(`▸ ${text}`)}`);
}

let isLive = false;

/** A line that the next one overwrites. */
export function live(text: string): void {
  if (process.stdout.isTTY) {
    process.stdout.write(`\r\u001B[2K${text}`);
    isLive = true;
  }
}

export function endLive(): void {
  if (isLive) {
    process.stdout.write('\r\u001B[2K');
    isLive = false;
  }
}
