import { oneLine, withNotes } from '../../src/domain/one-line';

describe('free text in a line of ours', () => {
  it('INT-5: adds what somebody wrote, in one line, and nothing where they wrote nothing', () => {
    expect(withNotes('ada aborted it', 'Too\r\nslow\u2028 ')).toBe('ada aborted it: Too slow');
    expect(withNotes('ada aborted it', ' \n')).toBe('ada aborted it');
    expect(withNotes('ada aborted it', null)).toBe('ada aborted it');
  });

  it('is cut where it is very long, between characters', () => {
    expect(oneLine('ab😀', 3)).toBe('ab…');
    expect(withNotes('', 'x'.repeat(16_000)).length).toBeLessThan(600);
  });
});
