/** How two programs compare: ours beside a floor that does the same with nothing around it. */
export interface Line {
  what: string;
  unit: string;
  ours: number;
  /** `null`: there is nothing to put it beside. */
  floor: number | null;
  /** Ours by floor. */
  ratio: number | null;
  /** `null`: shown for information. */
  goal: Goal | null;
}

/** Where the ratio has to be, or without a floor what is ours itself; `most`: less is better, as with times. */
export type Goal = { is: 'most' | 'least'; ratio: number } | { is: 'most' | 'least'; ours: number };

type Heading = Pick<Line, 'what' | 'unit' | 'goal'>;

/** One run of both. */
type Pair = Record<'ours' | 'floor', number>;

/** Between two samples of the loop: each meets a workflow that waits, as in real life, not one that is still busy. */
export const REST_MS = 50;

/** One run of a measurement; `runs` of ours and the floor take turns, so that a busy machine is busy for both. */
export async function compareRuns(
  heading: Heading,
  runs: number,
  ours: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<Line> {
  const pairs: Pair[] = [];
  for (let run = 0; run < runs; run += 1) {
    pairs.push({ ours: await ours(), floor: await floor() });
  }
  return lineOf(heading, pairs);
}

/** What several runs come to: medians, so that one bad run does not count. */
export function lineOf(heading: Heading, pairs: readonly Pair[]): Line {
  return {
    ...heading,
    ours: median(pairs.map((pair) => pair.ours)),
    floor: median(pairs.map((pair) => pair.floor)),
    ratio: median(pairs.map((pair) => pair.ours / pair.floor)),
  };
}

/** The least value that this share of all does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function isMet({ ours, ratio, goal }: Line): boolean | null {
  if (goal === null) {
    return null;
  }
  // What was not measured is not met.
  const [value, bound] = 'ratio' in goal ? [ratio ?? Number.NaN, goal.ratio] : [ours, goal.ours];
  return goal.is === 'most' ? value <= bound : value >= bound;
}

/** The lines as one table, in Markdown so that it can be pasted, and a last word on goals that are missed. */
export function tableOf(lines: readonly Line[]): string {
  const rows = [
    ['What', 'Ours', 'Floor', 'Ratio', 'Goal', 'Met'],
    ...lines.map((line) => {
      const met = isMet(line);
      return [
        line.what,
        `${shown(line.ours)} ${line.unit}`,
        line.floor === null ? '–' : `${shown(line.floor)} ${line.unit}`,
        line.ratio === null ? '–' : shownRatio(line.ratio),
        line.goal === null ? '–' : shownGoal(line.goal, line.unit),
        met === null ? '–' : met ? 'yes' : 'MISSED',
      ];
    }),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const render = (row: string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const missed = lines.filter((line) => isMet(line) === false);
  const [head = [], ...body] = rows;
  return [
    ...[render(head), rule, ...body.map(render)],
    '',
    missed.length === 0
      ? 'Every goal is met.'
      : `Missed: ${missed.map((line) => `${line.what} (${line.ratio === null ? `${shown(line.ours)} ${line.unit}` : shownRatio(line.ratio)})`).join('; ')}.`,
  ].join('\n');
}

function shownGoal(goal: Goal, unit: string): string {
  return `${goal.is === 'most' ? '≤' : '≥'} ${'ratio' in goal ? shownRatio(goal.ratio) : `${shown(goal.ours)} ${unit}`}`;
}

function shownRatio(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}

function shown(value: number): string {
  return Number.isInteger(value) || value >= 1_000 ? String(Math.round(value)) : value.toFixed(1);
}
