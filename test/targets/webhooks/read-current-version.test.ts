import { readCurrentVersion } from '../../../src/targets/webhooks/read-current-version';

describe('WHK-5: the version in an answer', () => {
  it.each<[string, string | null]>([
    ['{"currentVersion":"1.5.0"}', '1.5.0'],
    ['{"currentVersion":null,"more":[1]}', null],
    ['{"currentVersion":""}', ''],
    ['{"currentVersion":"größer 😀"}', 'größer 😀'],
    [`{"currentVersion":"${'x'.repeat(200)}"}`, 'x'.repeat(200)],
  ])('is read from %p', (body, version) => {
    expect(readCurrentVersion(body)).toBe(version);
  });

  it.each([
    [''],
    ['null'],
    ['"1.5.0"'],
    ['[{"currentVersion":"1.5.0"}]'],
    ['{}'],
    ['{"currentversion":"1.5.0"}'],
    ['{"currentVersion":1.5}'],
    ['{"currentVersion":{"currentVersion":"1.5.0"}}'],
    ['{"__proto__":{"currentVersion":"1.5.0"}}'],
    [`{"currentVersion":"${'x'.repeat(201)}"}`],
    ['{"currentVersion":"1.5.0\\u0000"}'],
    ['{"currentVersion":"1.5.0\\nand more"}'],
    ['{"currentVersion":"\\ud800"}'],
    ['{"currentVersion":"1.5.0"'],
    ['<html>'],
    ['['.repeat(64_000)],
  ])('is not in %j', (body) => {
    expect(readCurrentVersion(body)).toBeUndefined();
  });
});
