// The texts of the pages and mails: every language has every one of them, with the same values.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { LANGUAGE_NAMES, translatorOf } from '../../src/http/i18n.ts';

const languages = Object.keys(LANGUAGE_NAMES) as (keyof typeof LANGUAGE_NAMES)[]; // its only keys
const areas = readdirSync('views/messages/en').sort();

/** Every text of a language under its key. */
function textsOf(language: string): Map<string, string> {
  const texts = areas.flatMap((file) => {
    const catalog: Record<string, string> = JSON.parse(
      readFileSync(`views/messages/${language}/${file}`, 'utf8'),
    );
    const area = file.slice(0, -'.json'.length);
    return Object.entries(catalog).map(([name, text]) => [`${area}.${name}`, text] as const);
  });
  return new Map(texts);
}

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

test('every text that code and pages name is there', (t) => {
  const files = ['src', 'views'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' }).map((file) => join(root, file)),
  );
  const named = files
    .filter((file) => /\.(ts|eta)$/.test(file))
    .flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      const uses = /(?:\bt\(|rich\(|translate\(ctx\)\(|\bkey: )'([a-z-]+\.[\w-]+)'/g;
      return [...text.matchAll(uses)].map(([, key]) => ({ file, key: key ?? '' }));
    });
  t.true(named.length > 100);
  t.deepEqual(
    named.filter(({ key }) => !english.has(key)),
    [],
  );
});
