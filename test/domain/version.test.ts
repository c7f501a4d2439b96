import { compareVersions, formatVersion, parseVersion, type Version } from '../../src/domain/version';

const versionOf = (text: string): Version => parseVersion(text) ?? { core: [-1, -1, -1], prerelease: [] };

describe('versions', () => {
  it.each([
    ['1.2.3', '1.2.3'],
    ['v1.2.3', '1.2.3'],
    ['1', '1.0.0'],
    ['1.2', '1.2.0'],
    ['1.2.3-beta.1+build.7', '1.2.3-beta.1'],
    [' 1.2.3 ', '1.2.3'],
  ])('FLG-7: reads %j as %s', (text, spelled) => {
    expect(formatVersion(versionOf(text))).toBe(spelled);
  });

  it.each([
    '',
    'abc',
    '1.2.3.4',
    '01.2.3',
    '1.2.3-',
    '1.2.3-01',
    'x1',
    '1.',
    '99999999999999999999.0.0',
    `1.2.3-${'a'.repeat(300)}`,
  ])('FLG-7: takes %j for no version', (text) => {
    expect(parseVersion(text)).toBeNull();
  });

  it('FLG-7: orders them by semantic precedence', () => {
    const ordered = [
      '1.0.0-1',
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0',
      '1.2',
      '2',
    ];

    const sorted = [...ordered].reverse().sort((a, b) => compareVersions(versionOf(a), versionOf(b)));

    expect(sorted).toEqual(ordered);
    expect(compareVersions(versionOf('1.0.0+a'), versionOf('1.0.0+b'))).toBe(0);
  });
});
