import type { Json } from '../../src/domain/json';
import { renderJson } from '../../src/domain/render-json';
import { LONGEST_RENDERED } from '../../src/domain/template';

const valueOf = (name: string): string => ({ Name: 'Ada "Countess" #{Other}', Large: 'x'.repeat(32_000) })[name] ?? '';

it('VAR-4: fills in every text of a body, once, and leaves what JSON makes of it to JSON', () => {
  const body: Json = { 'who#{Name}': '#{Name}', list: ['is #{Name}', 7, true, null], deep: { a: '#{Missing}' } };

  const rendered = renderJson(body, valueOf);

  expect(rendered).toEqual({
    json: {
      'who#{Name}': 'Ada "Countess" #{Other}',
      list: ['is Ada "Countess" #{Other}', 7, true, null],
      deep: { a: '' },
    },
  });
});

it('VAR-4: all texts of a body together are bounded, not each by itself', () => {
  const most = Math.floor(LONGEST_RENDERED / 32_000);
  const body = (texts: number): Json => ({ texts: Array<Json>(texts).fill('#{Large}') });

  expect(renderJson(body(most), valueOf)).toHaveProperty('json');
  expect(renderJson(body(most + 1), valueOf)).toEqual({
    fault: `has more than ${LONGEST_RENDERED} characters with its variables filled in`,
  });
});

it('VAR-4: a body that is refused reads no more values', () => {
  let read = 0;
  const counted = (): string => {
    read += 1;
    return 'x'.repeat(600_000);
  };

  const rendered = renderJson(Array<Json>(2_000).fill('#{Any}'), counted);

  expect(rendered).toHaveProperty('fault');
  expect(read).toBe(2);
});
