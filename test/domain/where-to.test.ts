import { whereTo } from '../../src/domain/where-to';
import { email, http, manual, notify, rollOut } from './process-fixture';

it('INV-7: a log names where a step sends to, without what may be secret in it', () => {
  expect(whereTo(http({ url: 'https://ci.example.com:8443/jobs/7?token=planted', method: 'PUT' }))).toBe(
    'PUT ci.example.com:8443/jobs/7',
  );
  expect(whereTo(http({ url: 'https://ci.example.com?token=planted' }))).toBe('POST ci.example.com');
  expect(whereTo(notify({ url: 'https://hooks.example.com/services/planted' }))).toBe('hooks.example.com');
  expect(whereTo(http({ url: `https://ci.example.com/${'x'.repeat(1_900)}` }))?.length).toBeLessThan(130);
  expect([manual(), email(), rollOut()].map(whereTo)).toEqual([null, null, null]);
});
