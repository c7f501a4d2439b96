import type { Notification } from '../domain/notification-data';
import { projectUrl, releasePage } from './links';

/** `content-type` of the envelope. */
export const ENVELOPE_TYPE = 'application/cloudevents+json';

/** What a webhook carries: a CloudEvents 1.0 envelope (NOT-1). The same text on every try. */
export function webhookEnvelope(
  { id, createdAt, type, data }: Notification & { id: string; createdAt: number },
  publicUrl: string,
): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: projectUrl(publicUrl, data.project),
    type: `sluice.${type}`,
    time: new Date(createdAt).toISOString(),
    subject: `releases/${data.release}`,
    datacontenttype: 'application/json',
    data: { ...data, url: releasePage(publicUrl, data.release) },
  });
}
