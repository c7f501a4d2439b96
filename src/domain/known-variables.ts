import type { ProcessStep } from './pipeline';
import { quoted } from './quoted';
import { canonicalName, firstOfGroup, namesAt, outputName, outputNamesOf, type NamedInProject } from './variables';

/** The variables that a step can name (VAR-3). */
export interface KnownVariables {
  /** By canonical name. */
  has: (name: string) => boolean;
  /** Why a name that is none of them is a fault, in half a sentence; as it is written. */
  whyNot: (name: string) => string;
}

/** The variables that the step at `index` can name, and what is wrong with others. */
export function variablesAt(process: readonly ProcessStep[], index: number, project: NamedInProject): KnownVariables {
  const names = namesAt(process, index, project);
  return {
    has: (name) => names.has(name),
    whyNot: (name) =>
      `names the variable ${quoted(name)}${whyNoOutput(name, process, index) ?? whyUnknown(name, [...names])}`,
  };
}

/** Variables of steps: which step it is, and what it leaves behind. null: it is none. */
function whyNoOutput(name: string, process: readonly ProcessStep[], index: number): string | null {
  const [, stepName = '', output = ''] = /^(?:octopus\.)?action\[([^[\]]*)\]\.output\.(.*)$/is.exec(name) ?? [];
  if (output === '') {
    return null;
  }
  const at = process.findIndex((step) => step.name.toLowerCase() === stepName.toLowerCase());
  const step = process[at];
  if (!step) {
    return `, and there is no step ${quoted(stepName)}`;
  }
  const whose = quoted(step.name);
  if (at === index) {
    return ', which this step sets itself: it has no value before the step has ended';
  }
  if (firstOfGroup(process, at) === firstOfGroup(process, index)) {
    return `, and step ${whose} starts together with this one: it has not ended when this one needs it`;
  }
  if (at > index) {
    return `, and step ${whose} comes later`;
  }
  const known = outputNamesOf(step);
  const meant = outputName(step.name, output);
  const likely = known.find((each) => each.toLowerCase() === meant.toLowerCase());
  if (likely !== undefined) {
    return didYouMean(likely);
  }
  const names = known.map((each) => each.slice(outputName(step.name, '').length));
  const has = names.length === 0 ? 'none' : names.join(', ');
  return `, and step ${whose}, which is ${KIND[step.kind]}, has no output ${quoted(output)}: it has ${has}`;
}

const KIND: Readonly<Record<ProcessStep['kind'], string>> = {
  'roll-out': 'a roll-out',
  manual: 'a manual one',
  http: 'an http one',
  email: 'a mail',
  notify: 'a message to a chat',
};

function whyUnknown(name: string, names: readonly string[]): string {
  const written = name.trim().toLowerCase();
  const likely =
    names.find((each) => each.toLowerCase() === written) ??
    names.find((each) => each.toLowerCase() === `octopus.${written}`) ??
    names.find((each) => isOneOff(each.toLowerCase(), written));
  return likely === undefined
    ? ', which is neither built in, nor the project’s, nor set by an earlier step'
    : didYouMean(canonicalName(likely));
}

function didYouMean(name: string): string {
  return `, which does not exist: did you mean ${quoted(name)}?`;
}

/** Whether a character was forgotten, added, mistaken, or two of them exchanged. */
function isOneOff(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1 || Math.max(one.length, other.length) < 4) {
    return false;
  }
  let at = 0;
  while (at < one.length && one[at] === other[at]) {
    at++;
  }
  const [restOfOne, restOfOther] = [one.slice(at), other.slice(at)];
  const isExchanged =
    restOfOne[0] === restOfOther[1] && restOfOne[1] === restOfOther[0] && restOfOne.slice(2) === restOfOther.slice(2);
  return (
    restOfOne.slice(1) === restOfOther.slice(1) ||
    restOfOne.slice(1) === restOfOther ||
    restOfOne === restOfOther.slice(1) ||
    isExchanged
  );
}
