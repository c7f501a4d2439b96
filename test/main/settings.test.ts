import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isLoopback, readSettings, SettingsError } from '../../src/main/settings';

const LONG = 'x'.repeat(32);

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('need nothing: everything has a default on loopback', () => {
    expect(readSettings({})).toEqual({
      host: '127.0.0.1',
      port: 8700,
      dataDir: path.resolve('.sluice'),
      adminToken: undefined,
      example: true,
      secretKey: undefined,
      publicUrl: undefined,
      corsOrigins: [],
      trustProxy: false,
      temporalBinary: undefined,
      allowPrivateTargets: [],
      revertWaitMs: 10_000,
      databaseUrl: undefined,
      temporal: undefined,
    });
  });

  it('take an empty variable for an unset one', () => {
    expect(readSettings({ SLUICE_PORT: '', SLUICE_HOST: ' ', TEMPORAL_ADDRESS: '' })).toEqual(readSettings({}));
  });

  it('are read one by one', () => {
    const settings = readSettings({
      SLUICE_HOST: '0.0.0.0',
      SLUICE_PORT: '0',
      SLUICE_DATA_DIR: '/srv/sluice',
      SLUICE_ADMIN_TOKEN: LONG,
      SLUICE_SECRET_KEY: LONG,
      SLUICE_PUBLIC_URL: 'https://sluice.example.com/',
      SLUICE_CORS_ORIGINS: 'https://app.example.com, http://localhost:3000',
      SLUICE_TRUST_PROXY: 'loopback, 10.0.0.0/8, fd00::/8',
      SLUICE_TEMPORAL_BINARY: '/opt/temporal',
      SLUICE_REVERT_WAIT: '30s',
      SLUICE_ALLOW_PRIVATE_TARGETS: '10.0.0.0/8, fd00::/8',
      DATABASE_URL: 'postgresql://sluice@db/sluice',
    });

    expect(settings).toMatchObject({
      host: '0.0.0.0',
      port: 0,
      dataDir: '/srv/sluice',
      adminToken: LONG,
      example: false,
      secretKey: LONG,
      publicUrl: 'https://sluice.example.com',
      corsOrigins: ['https://app.example.com', 'http://localhost:3000'],
      trustProxy: ['loopback', '10.0.0.0/8', 'fd00::/8'],
      temporalBinary: '/opt/temporal',
      revertWaitMs: 30_000,
      allowPrivateTargets: ['10.0.0.0/8', 'fd00::/8'],
      databaseUrl: 'postgresql://sluice@db/sluice',
    });
  });

  it('are refused all at once, one line each', () => {
    const problems = problemsOf({ SLUICE_PORT: '70000', SLUICE_EXAMPLE: 'yes', SLUICE_PUBLIC_URL: 'ftp://x' });

    expect(problems).toEqual([
      'SLUICE_PORT must be a port number from 0 to 65535',
      'SLUICE_EXAMPLE must be `on` or `off`',
      'SLUICE_PUBLIC_URL must be an http or https address without user, query and fragment',
    ]);
  });

  it.each([
    ['SLUICE_HOST', 'http://localhost'],
    ['SLUICE_HOST', '127.0.0.1:8700'],
    ['SLUICE_PORT', '-1'],
    ['SLUICE_PORT', '8700.5'],
    ['SLUICE_PORT', '0x10'],
    ['SLUICE_ADMIN_TOKEN', 'short'],
    ['SLUICE_ADMIN_TOKEN', `${LONG} ${LONG}`],
    ['SLUICE_SECRET_KEY', 'short'],
    ['SLUICE_EXAMPLE', 'true'],
    ['SLUICE_PUBLIC_URL', 'sluice.example.com'],
    ['SLUICE_PUBLIC_URL', 'https://user@sluice.example.com'],
    ['SLUICE_PUBLIC_URL', 'https://sluice.example.com/?a=b'],
    ['SLUICE_CORS_ORIGINS', 'https://app.example.com/path'],
    ['SLUICE_CORS_ORIGINS', 'app.example.com'],
    ['SLUICE_TRUST_PROXY', 'true'],
    ['SLUICE_TRUST_PROXY', '10.0.0.0/33'],
    ['DATABASE_URL', 'mysql://db/sluice'],
    ['TEMPORAL_TLS', 'yes'],
    ['TEMPORAL_NAMESPACE', 'production'],
    ['TEMPORAL_API_KEY', 'key'],
    ['TEMPORAL_ADDRESS', 'https://temporal.example.com:7233'],
    ['TEMPORAL_ADDRESS', 'temporal.example.com'],
    ['TEMPORAL_CONFIG_FILE', '/nowhere/temporal.toml'],
    ['SLUICE_REVERT_WAIT', 'soon'],
    ['SLUICE_REVERT_WAIT', '-1'],
    ['SLUICE_ALLOW_PRIVATE_TARGETS', 'intranet'],
    ['SMTP_URL', 'https://mail.example.com'],
    ['SMTP_URL', 'smtp://mail.example.com?logger=true'],
    ['SMTP_FROM', 'sluice'],
    ['SMTP_FROM', 'ada@example.com, grace@example.com'],
  ])('name the wrong one: %s=%s', (name, value) => {
    const [problem] = problemsOf({ [name]: value });

    expect(problem).toMatch(new RegExp(`^${name} `));
    expect(problem).not.toContain('\n');
  });

  it('say where mail goes and whom it is from', () => {
    const mail = {
      SMTP_URL: 'smtps://user:secret@mail.example.com:465',
      SMTP_FROM: 'Sluice <sluice@example.com>',
    };

    expect(readSettings(mail).smtp).toEqual({ url: mail.SMTP_URL, from: mail.SMTP_FROM });
    expect(readSettings({ SMTP_FROM: mail.SMTP_FROM }).smtp).toBeUndefined();
    expect(problemsOf({ SMTP_URL: mail.SMTP_URL })).toEqual([
      'SMTP_FROM is needed with SMTP_URL: a mail without a sender is refused',
    ]);
  });

  it('never repeat the password of a mail server', () => {
    for (const url of ['http://user:hunter2@mail', 'smtp://hunter2@mail', 'smtp://user:hunter2@mail/?hunter2']) {
      expect(problemsOf({ SMTP_URL: url, SMTP_FROM: 'sluice@example.com' }).join()).toMatch(
        /^SMTP_URL must (?!.*hunter2)/,
      );
    }
  });

  it('never repeat a secret in a message', () => {
    expect(problemsOf({ SLUICE_ADMIN_TOKEN: 'hunter2', SLUICE_SECRET_KEY: 'hunter2' }).join()).not.toContain('hunter2');
  });

  it('make no example where others can reach the service', () => {
    expect(problemsOf({ SLUICE_HOST: '0.0.0.0', SLUICE_EXAMPLE: 'on' })).toEqual([
      'SLUICE_EXAMPLE must not be on where others can reach the service (SLUICE_HOST is 0.0.0.0)',
    ]);
    expect(readSettings({ SLUICE_HOST: '0.0.0.0' }).example).toBe(false);
    expect(readSettings({ SLUICE_HOST: '::1', SLUICE_EXAMPLE: 'on' }).example).toBe(true);
  });

  it('need a secret key with a database', () => {
    expect(problemsOf({ DATABASE_URL: 'postgres://db/sluice' })).toEqual([
      'SLUICE_SECRET_KEY is needed with DATABASE_URL: a key in one data folder is lost with that folder',
    ]);
  });

  it('know loopback addresses', () => {
    expect(['127.0.0.1', '127.8.0.1', '::1', 'localhost'].map(isLoopback)).not.toContain(false);
    expect(['0.0.0.0', '::', '10.0.0.1', '127.example.com', 'localhost.example.com'].map(isLoopback)).not.toContain(
      true,
    );
  });

  it.each([
    ['2', 2],
    ['0', false],
    ['off', false],
    ['10.0.0.1', ['10.0.0.1']],
  ])('understand SLUICE_TRUST_PROXY=%s', (text, expected) => {
    expect(readSettings({ SLUICE_TRUST_PROXY: text }).trustProxy).toEqual(expected);
  });

  it('understand every origin', () => {
    expect(readSettings({ SLUICE_CORS_ORIGINS: '*' }).corsOrigins).toBe('*');
  });
});

describe('TEMPORAL_*', () => {
  it('name a server instead of the embedded one', () => {
    const { temporal } = readSettings({
      TEMPORAL_ADDRESS: 'temporal.example.com:7233',
      TEMPORAL_NAMESPACE: 'sluice',
      TEMPORAL_API_KEY: 'key',
      TEMPORAL_TLS_SERVER_NAME: '',
    });

    expect(temporal).toMatchObject({
      namespace: 'sluice',
      connection: { address: 'temporal.example.com:7233', apiKey: 'key', tls: true },
    });
  });

  it('default to the namespace `default` and no encryption', () => {
    const { temporal } = readSettings({ TEMPORAL_ADDRESS: 'localhost:7233' });

    expect(temporal).toMatchObject({ namespace: 'default', connection: { address: 'localhost:7233' } });
    expect(temporal?.connection.tls).toBeUndefined();
  });

  it('read a configuration file where it is named', () => {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), 'sluice-')), 'temporal.toml');
    writeFileSync(file, '[profile.default]\naddress = "temporal.example.com:7233"\nnamespace = "sluice"\n');

    expect(readSettings({ TEMPORAL_CONFIG_FILE: file }).temporal).toMatchObject({
      namespace: 'sluice',
      connection: { address: 'temporal.example.com:7233' },
    });
  });

  it('that configure no connection are left alone', () => {
    expect(readSettings({ TEMPORAL_TRACE_NATIVE_CALLS: '1' }).temporal).toBeUndefined();
  });
});
