import { failureDetail } from '../../src/targets/failure-detail';

const error = (code: unknown, message = 'said by the target') => Object.assign(new Error(message), { code }) as Error;

describe('PRO-5: why no answer came', () => {
  it.each([
    ['ECONNREFUSED', 'The target refused the connection (ECONNREFUSED)'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', "The target's certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID)"],
    ['HPE_INVALID_CONSTANT', 'The target answered something that is not HTTP (HPE_INVALID_CONSTANT)'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'The target and Sluice do not agree on TLS (ERR_SSL_WRONG_VERSION_NUMBER)'],
    ['EMFILE', 'The connection to the target failed (EMFILE)'],
  ])('is told for %s', (code, detail) => {
    expect(failureDetail(error(code))).toBe(detail);
  });

  it.each([[undefined], [7], ['said by the target'], ['X'.repeat(1_000)], ['constructor'], ['EPIPE\nmore']])(
    'repeats nothing that is no code: %j',
    (code) => {
      expect(failureDetail(error(code))).toBe('The connection to the target failed');
    },
  );
});
