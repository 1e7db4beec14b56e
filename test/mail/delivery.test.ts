// Mails on their way to a mail server that takes them, and to those that do not.
import { startBackgroundJobs } from '../../src/cli/background.ts';
import { LANGUAGE_NAMES, type Language, translatorOf } from '../../src/http/i18n.ts';
import { createOutbox } from '../../src/mail/outbox.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { runInUnitOfWork } from '../../src/storage/unit-of-work.ts';
import { createAgent } from '../_agent.ts';
import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { runJobs } from '../_mail.ts';
import { test } from '../_one-at-a-time.ts';
import { eventually } from '../_protocol.ts';
import { forget, mainText, signUp, visit } from '../accounts/_person.ts';
import { dumpTables, spellings } from '../security/_dump.ts';
import { type Mood, type StandInMailServer, startMailServer } from './_mail-server.ts';

const FROM = 'Contoso <no-reply@contoso.com>';

let mailServer: StandInMailServer;
let gatehouse: Gatehouse;
test.before(async () => {
  mailServer = await startMailServer();
  gatehouse = await startGatehouse({ mail: { kind: 'smtp', url: mailServer.url, from: FROM } });
});
test.after.always(async () => {
  await gatehouse?.stop();
  await mailServer?.stop();
});

let people = 0;
const somebody = () => {
  people += 1;
  return `rin-${people}@example.com`;
};

const keptFor = (email: string) => mailServer.kept.filter(({ to }) => to.includes(email));
const waiting = () => gatehouse.db.knex('outgoing_mails').whereNull('sent_at');

/** Later, when the job runner tries again: no test waits for that. */
async function later() {
  await gatehouse.db.knex.raw('UPDATE graphile_worker._private_jobs SET run_at = now()');
  await runJobs(gatehouse);
}

/** Tries again until nothing waits: the job runner may note a failure a moment after it. */
async function recover() {
  await later();
  await eventually(
    () => later().then(waiting),
    (rows) => rows.length === 0,
  );
}

const failedJob = async () => {
  const failed = () => gatehouse.db.knex('graphile_worker.jobs').whereNotNull('last_error');
  const [job] = await eventually(
    async () => failed(),
    (rows) => rows.length > 0,
  );
  return job;
};

/** Runs the jobs of the page that was sent, and then the deliveries that they queued. */
async function deliver() {
  await runJobs(gatehouse);
  await runJobs(gatehouse);
}

for (const language of Object.keys(LANGUAGE_NAMES) as Language[]) {
  test(`a mail arrives once, as text and as HTML, for a reader of ${language}`, async (t) => {
    const words = translatorOf(language);
    const [account] = gatehouse.accounts;
    const email = account?.email ?? '';
    const before = keptFor(email).length;
    const agent = createAgent(gatehouse.issuer);
    const signIn = await visit(gatehouse, agent, { ui_locales: language });
    const form = await agent.get(`${signIn.url.replace(/\?.*/, '')}/forgot-password`);
    const sent = await agent.submit(form, words('recovery.send'), { email });
    t.is(sent.status, 200);
    await deliver();
    await later();
    const mails = keptFor(email).slice(before);
    t.is(mails.length, 1);
    const [mail] = mails;
    if (!mail) return;
    const product = { product: 'Gatehouse' };
    t.deepEqual(mail.to, [email]);
    t.is(mail.headers.get('from'), FROM);
    t.is(mail.headers.get('auto-submitted'), 'auto-generated');
    t.is(mail.subject, words('mail.reset-password-subject', product));
    const [opening = ''] = words('mail.reset-password-body', product).split('\n\n');
    const [link = ''] = /http:\S+\/reset-password\?token=\S+/.exec(mail.text) ?? [];
    t.true(mail.text.includes(opening), mail.text);
    t.true(mail.html.includes(`<html lang="${language}">`), mail.html);
    t.true(mail.html.includes(`href="${link}"`), mail.html);
    t.is((await agent.get(link)).status, 200);
  });
}

const moods: { mood: Mood | 'gone'; what: string }[] = [
  { mood: 'gone', what: 'cannot be reached' },
  { mood: 'silent', what: 'never greets' },
  { mood: 'drops', what: 'goes dead before it answers to a mail' },
  { mood: 'busy', what: 'says 451' },
  { mood: 'refuses', what: 'says 550' },
];
for (const { mood, what } of moods) {
  test(`while the mail server ${what}, pages answer as always, and each mail arrives once it is back`, async (t) => {
    const forgotten = somebody();
    const stranger = somebody();
    if (mood === 'gone') await mailServer.stop();
    else mailServer.mood = mood;
    const connections = mailServer.connections;
    const reset = await forget(gatehouse, createAgent(gatehouse.issuer), forgotten);
    const trying = deliver();
    if (mood !== 'gone')
      await eventually(
        async () => mailServer.connections,
        (count) => count > connections,
      );
    // Only now, when a delivery hangs or has failed.
    const sign = await signUp(gatehouse, createAgent(gatehouse.issuer), stranger);
    for (const [page, email] of [
      [reset, forgotten],
      [sign, stranger],
    ] as const) {
      t.is(page.status, 200);
      t.regex(mainText(page), new RegExp(`We wrote to ${email}`));
    }
    // Who waited for the greeting must give up by itself, and is tried again.
    if (mood === 'silent') mailServer.mood = 'takes';
    await trying;
    if (mood === 'gone') await mailServer.start();
    mailServer.mood = 'takes';
    await recover();
    for (const email of [forgotten, stranger]) {
      const ids = keptFor(email).map(({ id }) => id);
      t.is(new Set(ids).size, 1, `${email}: ${ids}`);
    }
    t.is(keptFor(forgotten).length, mood === 'drops' ? 2 : 1);
    if (mood !== 'gone') t.true(mailServer.connections >= connections + 3, 'it was tried again');
    t.deepEqual(await waiting(), []);
    const jobs = await gatehouse.db.knex('graphile_worker.jobs');
    t.deepEqual(jobs, []);
    const arrived = mailServer.kept.length;
    await later();
    t.is(mailServer.kept.length, arrived);
  });
}

test('a mail that a node was delivering when it died is delivered by another', async (t) => {
  const { knex } = gatehouse.db;
  const email = somebody();
  mailServer.mood = 'refuses';
  await forget(gatehouse, createAgent(gatehouse.issuer), email);
  await deliver();
  mailServer.mood = 'takes';
  const lock = (age: string) => `locked_by = 'dead', locked_at = now() - interval '${age}'`;
  const die = (age: string) =>
    knex.raw(`UPDATE graphile_worker._private_job_queues SET ${lock(age)};
      UPDATE graphile_worker._private_jobs SET ${lock(age)}`);
  const prune = async () => {
    await knex.raw("SELECT graphile_worker.add_job('prune')");
    await runJobs(gatehouse);
    await later();
  };
  await die('1 minute');
  await prune();
  t.is(keptFor(email).length, 0, 'it may yet be alive');
  await die('6 minutes');
  await prune();
  await recover();
  t.is(keptFor(email).length, 1);
});

test('a mail server that hangs holds up no other jobs', async (t) => {
  const { config, db, upstreams } = gatehouse;
  mailServer.mood = 'silent';
  for (let mail = 0; mail < 6; mail += 1)
    await forget(gatehouse, createAgent(gatehouse.issuer), somebody());
  const logger = createLogger({ level: 'silent', name: 'jobs' });
  const before = mailServer.connections;
  const jobs = startBackgroundJobs({ config, db, logger, metrics: undefined, upstreams });
  await eventually(
    async () => mailServer.connections,
    (count) => count > before,
  );
  const email = somebody();
  const page = await signUp(gatehouse, createAgent(gatehouse.issuer), email);
  t.is(page.status, 200);
  const answered = await eventually(
    () => waiting().where({ kind: 'confirm-sign-up' }),
    (rows) => rows.length > 0,
  );
  t.is(answered.length, 1);
  mailServer.mood = 'takes';
  await mailServer.stop();
  await mailServer.start();
  const left = await eventually(
    async () => {
      await db.knex.raw('UPDATE graphile_worker._private_jobs SET run_at = now()');
      return waiting();
    },
    (rows) => rows.length === 0,
    500,
  );
  t.deepEqual(left, []);
  t.is(keptFor(email).length, 1);
  await jobs.stop();
});

test('neither the waiting mail nor its failed job shows an address or a link', async (t) => {
  const email = somebody();
  mailServer.mood = 'refuses';
  await forget(gatehouse, createAgent(gatehouse.issuer), email);
  await deliver();
  const [row] = await waiting();
  t.true(row.sealed.length > 0);
  const dump = (await dumpTables(gatehouse.db)).get('outgoing_mails')?.join('\n') ?? '';
  const job = await failedJob();
  t.regex(job.last_error, /550/);
  const payloads = await gatehouse.db.knex('graphile_worker._private_jobs');
  const jobs = JSON.stringify([job, payloads]);
  for (const secret of spellings(email))
    for (const text of [dump, jobs]) t.false(text.includes(secret), secret);

  mailServer.mood = 'takes';
  await recover();
  const sent = await gatehouse.db.knex('outgoing_mails').where({ id: row.id }).first();
  t.is(sent.sealed, null);
  t.truthy(sent.sent_at);
});

test('the token of a mail is nowhere in the database, before and after it was sent', async (t) => {
  const email = gatehouse.accounts[1]?.email ?? '';
  mailServer.mood = 'drops';
  await forget(gatehouse, createAgent(gatehouse.issuer), email);
  await deliver();
  const [, token = ''] = /token=(\S+)/.exec(keptFor(email).at(-1)?.text ?? '') ?? [];
  t.true(token.length > 20);
  const assertHidden = async () => {
    const rows = [...(await dumpTables(gatehouse.db)).values()].flat();
    rows.push(JSON.stringify(await gatehouse.db.knex('graphile_worker._private_jobs')));
    for (const secret of spellings(token)) t.false(rows.join('\n').includes(secret));
  };
  await assertHidden();
  mailServer.mood = 'takes';
  await recover();
  await assertHidden();
});

test('a request that is rolled back sends no mail', async (t) => {
  const email = somebody();
  const { knex } = gatehouse.db;
  await knex.raw(`
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
    CREATE TRIGGER fail BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION fail()`);
  const page = await forget(gatehouse, createAgent(gatehouse.issuer), email);
  await knex.raw('DROP FUNCTION fail() CASCADE');
  t.is(page.status, 500);
  t.deepEqual(await knex('graphile_worker.jobs'), []);

  const outbox = createOutbox({ db: gatehouse.db, ...gatehouse.secrets });
  await runInUnitOfWork(knex, async (unit) => {
    await outbox.queue({ kind: 'reset-unknown', to: email, language: 'en' });
    await unit.rollback();
  });
  t.deepEqual(await waiting(), []);
  t.deepEqual(await knex('graphile_worker.jobs'), []);
  await deliver();
  t.deepEqual(keptFor(email), []);
});

// 127.0.0.2 is this machine, but not one of the names that may go without TLS.
const tlsTraps: { what: string; options: { disabledCommands?: string[] }; says: RegExp }[] = [
  { what: 'offers no STARTTLS', options: { disabledCommands: ['STARTTLS'] }, says: /STARTTLS/i },
  { what: 'has a certificate of its own', options: {}, says: /self-signed|certificate/i },
];
for (const { what, options, says } of tlsTraps) {
  test(`a distant mail server that ${what} gets no mail`, async (t) => {
    const distant = await startMailServer({ host: '127.0.0.2', ...options });
    const email = somebody();
    const mail = { kind: 'smtp', url: distant.url, from: FROM } as const;
    await forget(gatehouse, createAgent(gatehouse.issuer), email);
    const elsewhere = { ...gatehouse, config: { ...gatehouse.config, mail } };
    await runJobs(elsewhere);
    await runJobs(elsewhere);
    await distant.stop();
    t.true(distant.connections > 0);
    t.deepEqual(distant.kept, []);
    const job = await failedJob();
    t.regex(job.last_error, says);
    await recover();
    t.is(keptFor(email).length, 1);
  });
}
