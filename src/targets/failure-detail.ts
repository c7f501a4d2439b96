const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'The target refused the connection',
  ECONNRESET: 'The target closed the connection without an answer',
  EPIPE: 'The target closed the connection without an answer',
  ENOTFOUND: "The target's name is unknown",
  EAI_AGAIN: "The target's name could not be looked up",
  ETIMEDOUT: 'The target could not be reached',
  EHOSTUNREACH: 'The target could not be reached',
  ENETUNREACH: 'The target could not be reached',
  ERR_TLS_CERT_ALTNAME_INVALID: "The target's certificate is for another name",
  CERT_HAS_EXPIRED: "The target's certificate has expired",
  CERT_NOT_YET_VALID: "The target's certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The target's certificate is not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "The target's certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "The target's certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "The target's certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "The target's certificate is not trusted",
};

/**
 * Why no answer came, for people. Only the error's code is used: its message may hold what the target wrote, its
 * certificate for example.
 *
 * @param whom what the other side is called
 */
export function failureDetail(error: Partial<NodeJS.ErrnoException>, whom = 'target'): string {
  const code = /^[A-Z][A-Z0-9_]{1,60}$/.exec(error.code ?? '')?.[0];
  const sentence = code === undefined ? 'The connection to the target failed' : `${sentenceOf(code)} (${code})`;
  return sentence.replace('target', whom);
}

function sentenceOf(code: string): string {
  if (code.startsWith('HPE_')) {
    return 'The target answered something that is not HTTP';
  }
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') {
    return 'The target and Sluice do not agree on TLS';
  }
  return SENTENCES[code] ?? 'The connection to the target failed';
}
