import { isIP, isIPv6 } from 'node:net';
import path from 'node:path';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { parseDuration } from '../domain/duration';
import { REVERT_WAIT_MS } from '../domain/release-plan';
import { readSender, readSmtpUrl } from '../targets/mail/smtp-settings';

export interface Settings {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** Absolute. */
  dataDir: string;
  /** The token of user `admin` (SEC-6); generated when unset. */
  adminToken: string | undefined;
  /** Whether a first start in an empty data folder makes the example project. */
  example: boolean;
  /** Encrypts stored secrets; from the data folder when unset (data-folder.ts). */
  secretKey: string | undefined;
  /** Without a trailing slash; the address listened on when unset. */
  publicUrl: string | undefined;
  /** `*`, or the origins browsers may come from; none by default. */
  corsOrigins: '*' | string[];
  /** Express's `trust proxy`: how many proxies there are, or their addresses; `false` for none. */
  trustProxy: false | number | string[];
  temporalBinary: string | undefined;
  /** Address ranges that webhooks may go to although they are private (WHK-2). */
  allowPrivateTargets: string[];
  /** How long the revert of a service waits for the one before it (REL-19). */
  revertWaitMs: number;
  /** PostgreSQL; the store is a file in the data folder when unset. */
  databaseUrl: string | undefined;
  /** A Temporal that runs already; the embedded one when unset. */
  temporal: TemporalSettings | undefined;
  /** The server that mail is sent through; none is sent when unset. */
  smtp: SmtpSettings | undefined;
}

export interface SmtpSettings {
  /** With user and password; never part of a message. */
  url: string;
  from: string;
}

export interface TemporalSettings {
  connection: ClientConnectConfig['connectionOptions'];
  namespace: string;
}

/** Settings that cannot be used; each line of the message names one and says what it has to be. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/**
 * Reads every setting from the environment; a variable that is empty is unset.
 *
 * @throws SettingsError with one line for each wrong setting, all at once.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && value.trim() !== '') env[name] = value.trim();
  }
  const problems: string[] = [];

  /** What a setting means, or the default. A problem is a thrown sentence without the setting's name. */
  function read<T, D>(name: string, otherwise: D, parse: (text: string) => T): T | D {
    const text = env[name];
    if (text === undefined) return otherwise;
    try {
      return parse(text);
    } catch (error) {
      problems.push(`${name} ${error instanceof Error ? error.message : String(error)}`);
      return otherwise;
    }
  }

  const host = read('SLUICE_HOST', '127.0.0.1', parseHost);
  const databaseUrl = read('DATABASE_URL', undefined, parseDatabaseUrl);
  const smtpUrl = read('SMTP_URL', undefined, parseSmtpUrl);
  const smtpFrom = read('SMTP_FROM', undefined, parseSender);
  const exampleByDefault = isLoopback(host) && databaseUrl === undefined;
  const settings: Settings = {
    host,
    port: read('SLUICE_PORT', 8700, parsePort),
    dataDir: path.resolve(read('SLUICE_DATA_DIR', '.sluice', String)),
    adminToken: read('SLUICE_ADMIN_TOKEN', undefined, parseSecret),
    example: read('SLUICE_EXAMPLE', exampleByDefault, parseOnOff),
    secretKey: read('SLUICE_SECRET_KEY', undefined, parseSecret),
    publicUrl: read('SLUICE_PUBLIC_URL', undefined, parsePublicUrl),
    corsOrigins: read('SLUICE_CORS_ORIGINS', [], parseOrigins),
    trustProxy: read('SLUICE_TRUST_PROXY', false, parseTrustProxy),
    temporalBinary: read('SLUICE_TEMPORAL_BINARY', undefined, (text) => path.resolve(text)),
    allowPrivateTargets: read('SLUICE_ALLOW_PRIVATE_TARGETS', [], parseRanges),
    revertWaitMs: read('SLUICE_REVERT_WAIT', REVERT_WAIT_MS, parseWait),
    databaseUrl,
    temporal: readTemporal(env, problems),
    smtp: smtpUrl !== undefined && smtpFrom !== undefined ? { url: smtpUrl, from: smtpFrom } : undefined,
  };

  if (settings.example && !isLoopback(host)) {
    problems.push(`SLUICE_EXAMPLE must not be on where others can reach the service (SLUICE_HOST is ${host})`);
  }
  if (env['DATABASE_URL'] !== undefined && env['SLUICE_SECRET_KEY'] === undefined) {
    problems.push('SLUICE_SECRET_KEY is needed with DATABASE_URL: a key in one data folder is lost with that folder');
  }
  if (env['SMTP_URL'] !== undefined && env['SMTP_FROM'] === undefined) {
    problems.push('SMTP_FROM is needed with SMTP_URL: a mail without a sender is refused');
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function parseHost(text: string): string {
  if (isIP(text) === 0 && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text)) {
    throw new Error('must be an IP address or a host name, without a port');
  }
  return text;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error('must be a port number from 0 to 65535');
  return port;
}

function parseOnOff(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new Error('must be `on` or `off`');
  return text === 'on';
}

/** The text itself is never part of a message: it would end up in logs. */
function parseSecret(text: string): string {
  if (!/^[\x21-\x7e]{32,}$/.test(text)) {
    throw new Error('must have at least 32 characters, visible ASCII without blanks');
  }
  return text;
}

function parsePublicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash || url.username) {
    throw new Error('must be an http or https address without user, query and fragment');
  }
  return url.href.replace(/\/+$/, '');
}

function parseDatabaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['postgres:', 'postgresql:'].includes(url.protocol)) {
    throw new Error('must be a postgresql:// address');
  }
  return text;
}

function parseOrigins(text: string): '*' | string[] {
  if (text === '*') return '*';
  const origins = listOf(text);
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong !== undefined) {
    throw new Error(`must be \`*\` or origins such as https://app.example.com with commas between; ${wrong} is none`);
  }
  return origins;
}

function parseTrustProxy(text: string): false | number | string[] {
  if (text === 'off' || text === '0') return false;
  if (/^[1-9]\d?$/.test(text)) return Number(text);

  const names = ['loopback', 'linklocal', 'uniquelocal'];
  const proxies = listOf(text);
  const wrong = proxies.find((proxy) => !names.includes(proxy) && !isAddressRange(proxy));
  if (wrong !== undefined) {
    // `true` would believe whatever any client says about its own address.
    throw new Error(`must be \`off\`, the number of proxies, or their addresses or ranges; ${wrong} is none of these`);
  }
  return proxies;
}

function parseWait(text: string): number {
  const wait = parseDuration(/^\d+$/.test(text) ? Number(text) : text);
  if ('fault' in wait) throw new Error('must be a duration such as 10s, or whole milliseconds');
  return wait.ms;
}

function parseRanges(text: string): string[] {
  const ranges = listOf(text);
  const wrong = ranges.find((range) => !isAddressRange(range));
  if (wrong !== undefined) {
    throw new Error(`must be addresses or ranges such as 10.0.0.0/8 with commas between; ${wrong} is none`);
  }
  return ranges;
}

/** What is checked is kept as it is: the mailer reads it again (smtp-settings.ts). */
function parseSmtpUrl(text: string): string {
  readSmtpUrl(text);
  return text;
}

function parseSender(text: string): string {
  readSender(text);
  return text;
}

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (isIP(address) === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32));
}

function listOf(text: string): string[] {
  return text.split(',').flatMap((item) => item.trim() || []);
}

/** What `@temporalio/envconfig` reads; the SDK has other TEMPORAL_* variables that configure no connection. */
const CONNECTION_SETTING = /^TEMPORAL_(ADDRESS|NAMESPACE|API_KEY|PROFILE|CONFIG_FILE|TLS(_.*)?|GRPC_META_.*)$/;

/**
 * `TEMPORAL_*` as every Temporal client reads them. The configuration file of Temporal's command line counts only where
 * it is named: a developer's own default profile must not redirect a service.
 */
function readTemporal(env: Record<string, string>, problems: string[]): TemporalSettings | undefined {
  const [first] = Object.keys(env).filter((name) => CONNECTION_SETTING.test(name));
  if (first === undefined) return undefined;

  const { TEMPORAL_TLS: tls, TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: profile } = env;
  if (tls !== undefined && !['true', '1', 'false', '0'].includes(tls)) {
    // The SDK takes what it does not know for "no": an unencrypted connection.
    problems.push('TEMPORAL_TLS must be `true` or `false`');
    return undefined;
  }

  let config: ClientConnectConfig;
  try {
    config = loadClientConnectConfig({ overrideEnvVars: env, disableFile: (file ?? profile) === undefined });
  } catch (error) {
    problems.push(`${first} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  const { address } = config.connectionOptions;
  if (address === undefined) {
    problems.push(`${first} has no effect without TEMPORAL_ADDRESS: set both, or neither for the embedded server`);
    return undefined;
  }
  if (!/^[^\s/]+:\d{1,5}$/.test(address)) {
    problems.push('TEMPORAL_ADDRESS must be a host and a port, such as temporal.example.com:7233');
    return undefined;
  }
  return { connection: config.connectionOptions, namespace: config.namespace ?? 'default' };
}
