import { isIP } from 'node:net';
import { mailAddressOf } from '../../domain/mail-address';

/** A mail server as `SMTP_URL` names it. */
export interface SmtpServer {
  host: string;
  port: number;
  /** TLS from the first byte (`smtps`); otherwise the connection is upgraded where the server offers that. */
  isSecure: boolean;
  /** Whether nothing is sent without TLS: a password is not shown to whoever stands in between. */
  needsTls: boolean;
  auth: { user: string; pass: string } | null;
}

/** Whom mail is from as `SMTP_FROM` says. */
export interface Sender {
  /** Empty: none. */
  name: string;
  address: string;
}

const SUBMISSION_PORT = 587;
const SECURE_PORT = 465;

/**
 * Reads `smtp://user:password@host:port` or `smtps://…`.
 *
 * @throws with what it has to be, for a person, without anything of the text: it may hold a password
 */
export function readSmtpUrl(text: string): SmtpServer {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    throw new Error('must be an smtp:// or smtps:// address');
  }
  // Whatever is meant by more than that would have no effect.
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') {
    throw new Error('must be an address without path, query and fragment');
  }
  if ((url.username === '') !== (url.password === '')) {
    throw new Error('must hold a user and a password, or neither');
  }
  const isSecure = url.protocol === 'smtps:';
  const auth = url.username === '' ? null : { user: decoded(url.username), pass: decoded(url.password) };
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: Number(url.port) || (isSecure ? SECURE_PORT : SUBMISSION_PORT),
    isSecure,
    needsTls: !isSecure && auth !== null && !isLoopback(host),
    auth,
  };
}

/**
 * Reads `sluice@example.com` or `Sluice <sluice@example.com>`.
 *
 * @throws with what it has to be, for a person
 */
export function readSender(text: string): Sender {
  const [, named = '', inBrackets] = /^([^<>]*)<([^<>]*)>$/.exec(text.trim()) ?? [];
  const address = mailAddressOf((inBrackets ?? text).trim());
  const name = named.trim().replace(/^"(.*)"$/, '$1');
  if (address === null || /\p{Cc}/u.test(name)) {
    throw new Error('must be an e-mail address, with a name or without');
  }
  return { name, address };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error('must have its user and password percent-encoded');
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
