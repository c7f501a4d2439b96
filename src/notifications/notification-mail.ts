import { createHash } from 'node:crypto';

import type { Notification } from '../domain/notification-data';
import { notificationText } from '../domain/notification-text';
import type { Mail } from '../targets/mail/mailer';
import { renderFragment } from '../targets/mail/markdown';
import { answerAddress, releasePage } from './links';

/** A notification as a mail to one address, as text and as HTML, the same on every try. */
export function notificationMail(
  notification: Notification & { id: string },
  address: string,
  publicUrl: string,
): Mail {
  const { subject, lead, quote, isMarkdown, facts } = notificationText(notification);
  const page = releasePage(publicUrl, notification.data.release);
  const { type, data } = notification;
  const answer = type === 'interruption-raised' ? [`To answer it: ${answerAddress(publicUrl, data.interruption)}`] : [];
  const quotation = quote === null ? null : quotationOf(quote, isMarkdown);

  return {
    to: [address],
    subject,
    text:
      [
        lead,
        ...(quotation ? [quotation.text] : []),
        facts.map(({ name, value }) => `${name}: ${value}`).join('\n'),
        ...answer,
        page,
      ].join('\n\n') + '\n',
    html: [
      '<!doctype html>',
      '<html lang="en"><body>',
      `<p>${escaped(lead)}</p>`,
      ...(quotation ? [quotation.html] : []),
      '<table>',
      ...facts.map(({ name, value }) => `<tr><th align="left">${escaped(name)}</th><td>${escaped(value)}</td></tr>`),
      '</table>',
      ...answer.map((line) => `<p>${escaped(line)}</p>`),
      `<p><a href="${escaped(page)}">${escaped(page)}</a></p>`,
      '</body></html>',
      '',
    ].join('\n'),
    messageId: `<${notification.id}.${hashOf(address)}@sluice>`,
  };
}

/** What people wrote, set apart from what is ours. */
function quotationOf(quote: string, isMarkdown: boolean): { text: string; html: string } {
  const { text, html } = isMarkdown
    ? markdownQuotation(quote)
    : { text: quote, html: `<blockquote style="white-space: pre-wrap">${escaped(quote)}</blockquote>` };
  const lines = text.split(/\r\n|\r|\n/).map((line) => `> ${line}`);
  return { text: lines.join('\n'), html };
}

function markdownQuotation(quote: string): { text: string; html: string } {
  const { text, fragment } = renderFragment(quote);
  return { text, html: `<blockquote>\n${fragment}</blockquote>` };
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
