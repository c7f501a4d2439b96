import { announcement } from '../../src/main/announce';

const service = { url: 'http://127.0.0.1:8700', tokenFile: '/home/ada/shop/.sluice/admin-token' };
const told = (isExampleNew: boolean) => announcement(service, isExampleNew, '/home/ada/shop');

describe('what the terminal is told', () => {
  it('is what to try with the example at the start that has made it', () => {
    expect(told(true)).toContain('Sluice is up at http://127.0.0.1:8700');
    expect(told(true)).toContain('-d @examples/release.json');
  });

  it('is where everything is, and where to look, at every other start', () => {
    const text = told(false);

    expect(text).toContain('.sluice/admin-token');
    expect(text).toContain('http://127.0.0.1:8700/v1/releases');
    expect(text).not.toMatch(/examples|ADA/);
  });
});
