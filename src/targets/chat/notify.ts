import type { HttpOutcome } from '../../domain/http-answer';
import { SECOND } from '../../domain/instant';
import { sendRequest, type HttpSurroundings } from '../http/send-request';

/** One message to a chat. */
export interface ChatMessage {
  /** The chat's webhook; whoever knows it can post, so it is a secret. */
  url: string;
  text: string;
  /** The same on every retry (WHK-3); chats pay no attention to it, what stands between may. */
  key: string;
}

/** Chats answer at once or not at all. */
const TIMEOUT_MS = 15 * SECOND;

/** Posts `{"text"}`, which Slack, Teams, Mattermost and others take (PRO-1), and says what came of it (PRO-5). */
export function notifyChat({ url, text, key }: ChatMessage, surroundings: HttpSurroundings): Promise<HttpOutcome> {
  const body = JSON.stringify({ text });
  const request = { method: 'POST', headers: {}, body, contentType: 'application/json', timeoutMs: TIMEOUT_MS };
  return sendRequest({ ...request, url, key }, surroundings);
}
