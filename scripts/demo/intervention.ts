import type { SmtpReceiver } from '../../test/support/smtp-receiver';
import type { Api } from './api';
import { poll } from './poll';
import { dim, green, say, step, yellow } from './say';

/** Whom the process writes to (examples/shop.yaml). */
const TEAM_ADDRESS = 'checkout@shop.example';

interface Interruption {
  id: string;
  title: string;
  environment: string;
  instructions: string;
  teams: string[];
}

/** Lets the process write a mail at its end. */
export async function wantMail(admin: Api): Promise<void> {
  await admin.send('PUT', '/v1/projects/shop/variables/MailTo', { value: TEAM_ADDRESS });
}

/** The process asks a person: one takes it, nobody else can, and their answer goes on to the mail at its end. */
export async function answerIntervention(release: string, ada: Api, grace: Api, mail: SmtpReceiver): Promise<void> {
  const asked = await poll('The manual step', () => decisionFor(ada, release));
  step(`The process asks a person of ${asked.teams.join(', ')}`);
  line('asks', `${asked.title}, in ${asked.environment}`);
  quote(asked.instructions);

  const interruption = `/v1/interruptions/${asked.id}`;
  await ada.send('POST', `${interruption}/take`);
  line('ada', green('takes it'));
  line(
    'grace',
    `wants to take it, and is ${yellow('refused')}: ${await grace.refused('POST', `${interruption}/take`)}`,
  );
  const notes = 'Errors and sales as before';
  await ada.send('POST', `${interruption}/submit`, { result: 'proceed', notes });
  line('ada', `${green('proceeds')}: ${notes}`);

  const { to, subject, text } = await poll(
    'The mail',
    () => mail.mails.find((one) => one.to.includes(TEAM_ADDRESS)) ?? null,
  );
  say();
  line('mail to', to.join(', '));
  line('subject', subject);
  quote(text);
}

/** What needs this person's decision. */
async function decisionFor(person: Api, release: string): Promise<Interruption | null> {
  const { items } = await person.send<{ items: Interruption[] }>(
    'GET',
    `/v1/interruptions?release=${release}&mine=true`,
  );
  return items[0] ?? null;
}

const NAME_WIDTH = 16;

function line(name: string, text: string): void {
  say(`    ${dim(name.padEnd(NAME_WIDTH))} ${text}`);
}

function quote(text: string): void {
  for (const each of text.trim().split(/\r?\n/)) {
    say(`    ${''.padEnd(NAME_WIDTH)} ${dim(`│ ${each}`.trimEnd())}`);
  }
}
