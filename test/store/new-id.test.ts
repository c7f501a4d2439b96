import { newId } from '../../src/store/new-id';

it('rises within a process, also inside a millisecond', () => {
  const ids = Array.from({ length: 10_000 }, () => newId());

  expect(ids).toEqual([...ids].sort());
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids[0]).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
});
