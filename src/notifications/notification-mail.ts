import { createHash } from 'node:crypto';

import type { Notification } from '../domain/notification-data';
import { notificationText } from '../domain/notification-text';
import type { Mail } from '../targets/mail/mailer';
import { releasePage } from './links';

/** A notification as a mail to one address, as text and as HTML, the same on every try. */
export function notificationMail(
  notification: Notification & { id: string },
  address: string,
  publicUrl: string,
): Mail {
  const { subject, lead, quote, facts } = notificationText(notification);
  const page = releasePage(publicUrl, notification.data.release);
  const quoted =
    quote === null
      ? []
      : [
          quote
            .split(/\r\n|\r|\n/)
            .map((line) => `> ${line}`)
            .join('\n'),
        ];

  return {
    to: [address],
    subject,
    text: [lead, ...quoted, facts.map(({ name, value }) => `${name}: ${value}`).join('\n'), page].join('\n\n') + '\n',
    html: [
      '<!doctype html>',
      '<html lang="en"><body>',
      `<p>${escaped(lead)}</p>`,
      ...(quote === null ? [] : [`<blockquote style="white-space: pre-wrap">${escaped(quote)}</blockquote>`]),
      '<table>',
      ...facts.map(({ name, value }) => `<tr><th align="left">${escaped(name)}</th><td>${escaped(value)}</td></tr>`),
      '</table>',
      `<p><a href="${escaped(page)}">${escaped(page)}</a></p>`,
      '</body></html>',
      '',
    ].join('\n'),
    messageId: `<${notification.id}.${hashOf(address)}@sluice>`,
  };
}

/** One notification goes to many: each mail has an id of its own, without the address in it. */
function hashOf(address: string): string {
  return createHash('sha256').update(address.toLowerCase()).digest('hex').slice(0, 16);
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** What people wrote is text, never markup (VAR-4). */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
