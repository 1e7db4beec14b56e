// The texts of the pages and mails: every language has every one of them, with the same values.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { REFUSAL_REASONS } from '../../src/federation/connector.ts';
import { LANGUAGE_NAMES, translatorOf } from '../../src/http/i18n.ts';
import { MAIL_KINDS } from '../../src/mail/kinds.ts';
import { areas, textsOf } from './_catalogs.ts';

const languages = Object.keys(LANGUAGE_NAMES) as (keyof typeof LANGUAGE_NAMES)[]; // its only keys
const valuesIn = (text: string) =>
  [...new Set([...text.matchAll(/\{(\w+)[,}]/g)].map(([, name]) => name))].sort();
const english = textsOf('en');

for (const language of languages) {
  test(`${LANGUAGE_NAMES[language]} has every text, with the values of the English one`, (t) => {
    t.deepEqual(readdirSync(`views/messages/${language}`).sort(), areas);
    const texts = textsOf(language);
    t.deepEqual([...texts.keys()].sort(), [...english.keys()].sort());
    for (const [key, text] of texts) {
      t.deepEqual(valuesIn(text), valuesIn(english.get(key) ?? ''), `${language} ${key}`);
      const values = Object.fromEntries(valuesIn(text).map((name) => [name, 7]));
      t.notThrows(() => translatorOf(language)(key, values), `${language} ${key}`);
    }
  });
}

const sources = ['src', 'views']
  .flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' }).map((file) => join(root, file)),
  )
  .filter((file) => /\.(ts|eta)$/.test(file))
  .map((file) => ({ file, text: readFileSync(file, 'utf8') }));

test('every text that code and pages name is there', (t) => {
  const named = sources.flatMap(({ file, text }) => {
    const uses = /(?:\bt\(|rich\(|translate\(ctx\)\(|\bkey: )'([a-z-]+\.[\w-]+)'/g;
    return [...text.matchAll(uses)].map(([, key]) => ({ file, key: key ?? '' }));
  });
  t.true(named.length > 100);
  t.deepEqual(
    named.filter(({ key }) => !english.has(key)),
    [],
  );
});

/** Keys that are put together from parts, by what they are put together for. */
const composed = [
  /^account\.(done|nav)-/,
  /^activity\./,
  /^application\.(done|kind|logo|method|nav|state|subscription|uri)-/,
  /^application\.(description|homepage|name)-[a-z]+$/,
  /^application\.\w+_uris(-hint)?$|^application\.cors_origins(-hint)?$/,
  /^application-activity\./,
  /^check-mail\.(reset|sign-up)$/,
  /^code\.(environment|api|language)$/,
  /^consent\.scope-/,
  /^developer-api\.scope-/,
  /^credential\.(state|kind|done)-/,
  /^credential\.(after-\d+|first-(key|secret)|expires|retiring|ended)$/,
  /^error\.(title-(\d{3}|other)|access_denied|invalid_\w+|request-refused)$/,
  new RegExp(`^federation\\.(${REFUSAL_REASONS.join('|')})$`),
  /^invitation\.(accepted|revoked|unknown)(-title)?$/,
  new RegExp(`^mail\\.(${MAIL_KINDS.join('|')})-(subject|body|button)$`),
  /^password\.strength-[0-4]$/,
  /^product\.approval-(automatic|person|webhook|delegation)$/,
  /^subscription\.(state|became|by|is|done)-/,
  /^promotion\.done-/,
  /^approval\.(list|done)-|^approval\.(approve|reject|suspend|resume)$/,
  /^refusal\.(.*-(what|do)|place-.*|difference-.*|(limit|clock|detail)-.*)$/,
  /^sign-up\.(email|given_name|family_name)$/,
  /^usage\.(issued|reused|throttled)$/,
];

test('every text is used', (t) => {
  const code = sources.map(({ text }) => text).join('\n');
  const idle = [...english.keys()].filter((key) => !code.includes(`'${key}'`));
  t.deepEqual(
    idle.filter((key) => !composed.some((pattern) => pattern.test(key))),
    [],
  );
  t.deepEqual(
    composed.filter((pattern) => !idle.some((key) => pattern.test(key))),
    [],
  );
});

test('every mail has a subject and a body, and every line of activity an event', (t) => {
  for (const kind of MAIL_KINDS)
    for (const part of ['subject', 'body']) t.true(english.has(`mail.${kind}-${part}`), kind);
  const events = sources.flatMap(({ text }) =>
    [...text.matchAll(/'([a-z-]+(?:\.[a-z-]+)?)'/g)].map(([, type = '']) =>
      type.replaceAll('.', '-'),
    ),
  );
  const lines = [...english.keys()].filter((key) => key.startsWith('activity.'));
  t.deepEqual(
    lines.filter((key) => !events.includes(key.slice('activity.'.length))),
    ['activity.this-server'],
  );
});
