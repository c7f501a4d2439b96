import { createLog, requestLog } from '../../src/api/log';

function collected(level = 'debug') {
  const lines: Record<string, unknown>[] = [];
  const log = createLog(level, { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  return { log, lines };
}

const line = {
  requestId: 'my-request-1',
  method: 'GET',
  path: '/v1/me',
  operation: 'getMe',
  status: 200,
  ms: 3,
  user: 'ada',
};

describe('the log', () => {
  it('INV-7: shows no secret of an object from elsewhere, also once request lines are written', () => {
    const { log, lines } = collected();
    requestLog(log)('info', () => line);

    log.error({ token: 'a-secret', request: { headers: { authorization: 'a-secret' } }, key: 'a-secret' }, 'failed');

    expect(JSON.stringify(lines)).not.toContain('a-secret');
    expect(lines[1]).toMatchObject({
      token: '[secret]',
      key: '[secret]',
      request: { headers: { authorization: '[secret]' } },
    });
  });

  it('has a line for a request with the fields that are named for it', () => {
    const { log, lines } = collected();

    requestLog(log)('info', () => line);

    expect(lines).toEqual([expect.objectContaining({ level: 30, msg: 'request', ...line })]);
  });

  it('makes no line below its level, nor asks for what would be in it', () => {
    const { log, lines } = collected('info');
    const make = jest.fn(() => line);

    requestLog(log)('debug', make);

    expect(lines).toEqual([]);
    expect(make).not.toHaveBeenCalled();
  });
});
