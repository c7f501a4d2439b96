import { effectKey } from '../../../src/domain/effect-key';
import { stepKey } from '../../../src/store/process/step-key';

const step = {
  release: '01JZ8W6N0000000000000000ZZ',
  phase: 'everyone',
  environment: 'production',
  item: 'pay',
  attempt: '1.2',
};
const long = (character: string) => character.repeat(100);

describe('stepKey', () => {
  it('WHK-3: names the step, and is none of a service of that name', () => {
    expect(stepKey(step)).toBe('01JZ8W6N0000000000000000ZZ/-/everyone/production/pay/run/1.2');
    for (const direction of ['apply', 'revert'] as const) {
      expect(effectKey({ ...step, direction })).not.toBe(stepKey(step));
    }
  });

  it.each([
    ['a long name', { item: long('x') }],
    ['a name in another script', { item: long('全') }],
    ['umlauts', { item: 'ü'.repeat(20) }],
    ['a long phase', { phase: long('ü') }],
    ['all of it', { item: long('ü'), phase: long('😀').slice(0, 100), environment: long('e') }],
  ])('PRO-5: has at most 128 visible ASCII characters, the same each time, with %s', (_, more) => {
    const key = stepKey({ ...step, ...more });

    expect(key).toMatch(/^[!-~]{1,128}$/);
    expect(key.split('/')).toHaveLength(7);
    expect(key.split('/')[6]).toBe('1.2');
    expect(stepKey({ ...step, ...more })).toBe(key);
  });

  it('PRO-5: is another one for another step, phase or environment, however much alike they begin', () => {
    const names = [`${long('ü')}a`, `${long('ü')}b`, 'pay'];
    const keys = names.flatMap((item) =>
      names.flatMap((phase) => names.map((environment) => stepKey({ ...step, item, phase, environment }))),
    );

    expect(new Set(keys).size).toBe(27);
  });

  it('WHK-3: is as it is written up to the longest that fits', () => {
    const bare = stepKey({ ...step, item: '' }).length;

    expect(stepKey({ ...step, item: 'x'.repeat(128 - bare) })).toContain('x'.repeat(128 - bare));
    expect(stepKey({ ...step, item: 'x'.repeat(129 - bare) })).toContain('/~');
  });
});
