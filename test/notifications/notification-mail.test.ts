import type { Notification } from '../../src/domain/notification-data';
import { notificationMail } from '../../src/notifications/notification-mail';
import { webhookEnvelope } from '../../src/notifications/webhook-envelope';
import { NOON } from '../support/store-fixtures';

const RELEASE = '01KG9YQ3M8W2V6T0R4N1X5Z7BC';
const PUBLIC_URL = 'https://sluice.example.com/of/shop';
const PAGE = `${PUBLIC_URL}/releases/${RELEASE}`;

type Raised = Extract<Notification, { type: 'interruption-raised' }>;

const raised = (more: Partial<Raised['data']> = {}): Raised & { id: string; createdAt: number } => ({
  id: '01KGNOTIFICATION',
  createdAt: NOON,
  type: 'interruption-raised',
  data: {
    ...{ project: 'shop', pipeline: 'to-all', release: RELEASE, phase: 'staff', environment: 'production' },
    ...{ interruption: '01KGINTERRUPTION', title: 'Check dashboards', instructions: 'Look at errors,\nthen *decide*.' },
    ...{ kind: 'manual', step: 'Check dashboards', deployment: '01KGDEPLOYMENT' },
    ...{ teams: ['operations'], results: ['proceed', 'abort'], deadline: '2026-01-03T12:00:00.000Z' },
    ...more,
  },
});

describe('a notification as mail', () => {
  it('NOT-1: says what to decide in plain text, with the address of the page', () => {
    const mail = notificationMail(raised(), 'ada@example.com', PUBLIC_URL);

    expect(mail.to).toEqual(['ada@example.com']);
    expect(mail.subject).toBe(`[shop] Decision needed: "Check dashboards" in staff/production of release ${RELEASE}`);
    expect(mail.text.split('\n')).toEqual([
      'The deployment of phase staff to production waits for a decision: "Check dashboards".',
      '',
      '> Look at errors,',
      '> then *decide*.',
      '',
      'Answers: proceed, abort',
      'Phase: staff',
      'Environment: production',
      'Teams: operations',
      'Deadline: 2026-01-03T12:00:00.000Z',
      'Interruption: 01KGINTERRUPTION',
      'Project: shop',
      'Pipeline: to-all',
      `Release: ${RELEASE}`,
      '',
      `To answer it: POST ${PUBLIC_URL}/v1/interruptions/01KGINTERRUPTION/take, then …/submit`,
      '',
      PAGE,
      '',
    ]);
    expect(mail.html).toContain('/v1/interruptions/01KGINTERRUPTION/take, then …/submit</p>');
    expect(mail.html).toContain(`<a href="${PAGE}">${PAGE}</a>`);
  });

  it('NOT-1, VAR-4: shows instructions as the Markdown they are, and values in them as they are', () => {
    const mail = notificationMail(
      raised({
        instructions: 'Look at **errors** of https\\://ci\\.example\\.com/runs/1?x\\=1\\&y\\=2,\\\n\\<b\\>v1\\*',
      }),
      'ada@example.com',
      PUBLIC_URL,
    );

    expect(mail.text).toContain('\n\n> Look at **errors** of https://ci.example.com/runs/1?x=1&y=2,\n> <b>v1*\n\n');
    expect(mail.html).toContain(
      '<blockquote>\n<p>Look at <strong>errors</strong> of https://ci.example.com/runs/1?x=1&amp;y=2,<br>\n' +
        '&lt;b&gt;v1*</p>\n</blockquote>',
    );
  });

  it('NOT-1: shows notes as they were written, which are no Markdown', () => {
    const { project, pipeline, release, phase, environment, title, step } = raised().data;
    const where = { project, pipeline, release, phase, environment };
    const aborted: Notification & { id: string } = {
      id: '01KGNOTIFICATION',
      type: 'interruption-aborted',
      data: { ...where, interruption: '01KGINTERRUPTION', title, step, by: 'ada', notes: 'a *b* \\* <i>' },
    };

    const mail = notificationMail(aborted, 'grace@example.com', PUBLIC_URL);

    expect(mail.text).toContain('> a *b* \\* <i>');
    expect(mail.html).toContain('<blockquote style="white-space: pre-wrap">a *b* \\* &lt;i&gt;</blockquote>');
  });

  it('VAR-4: leaves what people wrote as text, in HTML and in headers', () => {
    const hostile = `"><script>alert('x')</script>&<a href="javascript:1">`;
    const mail = notificationMail(
      raised({ title: `${hostile}\r\nBcc: all@example.com`, step: hostile, instructions: hostile, teams: [hostile] }),
      'ada@example.com',
      PUBLIC_URL,
    );

    expect(mail.html).not.toMatch(/<script|<a href="j/);
    expect(mail.html).toContain('&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;');
    expect(mail.subject).not.toMatch(/[\r\n]/);
  });

  it('VAR-4: keeps every line that a person wrote inside the quotation', () => {
    const { text } = notificationMail(
      raised({ instructions: 'a\r\n\r\nhttps://evil.example.com\rb' }),
      'ada@example.com',
      PUBLIC_URL,
    );

    expect(text).toContain('\n\n> a\n> \n> https://evil.example.com\n> b\n\n');
  });

  it('NOT-1: has the same id on every try, one for each address, without the address in it', () => {
    const idFor = (address: string, id = '01KGNOTIFICATION') =>
      notificationMail({ ...raised(), id }, address, PUBLIC_URL).messageId;

    expect(idFor('ada@example.com')).toMatch(/^<01KGNOTIFICATION\.[0-9a-f]{16}@sluice>$/);
    expect(idFor('ada@example.com')).toBe(idFor('ada@example.com'));
    expect(
      new Set([idFor('ada@example.com'), idFor('grace@example.com'), idFor('ada@example.com', 'other')]).size,
    ).toBe(3);
  });
});

describe('a notification as a webhook', () => {
  it('NOT-1: is a CloudEvents envelope with the data and the address of the page', () => {
    const { data } = raised();

    expect(JSON.parse(webhookEnvelope(raised(), PUBLIC_URL))).toEqual({
      specversion: '1.0',
      id: '01KGNOTIFICATION',
      source: `${PUBLIC_URL}/v1/projects/shop`,
      type: 'sluice.interruption-raised',
      time: new Date(NOON).toISOString(),
      subject: `releases/${RELEASE}`,
      datacontenttype: 'application/json',
      data: { ...data, url: PAGE },
    });
  });
});
