// Where connectors take their secrets from.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createSecretReader } from '../../src/config.ts';
import { UsageError } from '../../src/errors.ts';

const directory = mkdtempSync(join(tmpdir(), 'gatehouse-secrets-'));
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

const problemOf = (t: ExecutionContext, work: () => string) =>
  t.throws(work, { instanceOf: UsageError })?.message ?? '';

test('a secret of the environment is trimmed, and read at each use', (t) => {
  const environment: Record<string, string> = { GATEHOUSE_CONNECTOR_ACME: ' first\n' };
  const read = createSecretReader(environment);
  t.is(read('env:GATEHOUSE_CONNECTOR_ACME'), 'first');
  environment['GATEHOUSE_CONNECTOR_ACME'] = 'second';
  t.is(read('env:GATEHOUSE_CONNECTOR_ACME'), 'second');
  environment['GATEHOUSE_CONNECTOR_ACME'] = '  ';
  const message = problemOf(t, () => read('env:GATEHOUSE_CONNECTOR_ACME'));
  t.is(message, 'Set GATEHOUSE_CONNECTOR_ACME: a connector takes its secret from it.');
});

test('a secret of a file is trimmed, and read at each use', (t) => {
  const read = createSecretReader({});
  const path = join(directory, 'secret');
  t.regex(
    problemOf(t, () => read(`file:${path}`)),
    /secret cannot be read \(ENOENT\)/,
  );
  writeFileSync(path, 'first\n');
  t.is(read(`file:${path}`), 'first');
  writeFileSync(path, 'second\r\n');
  t.is(read(`file:${path}`), 'second');
  writeFileSync(path, '\n');
  t.regex(
    problemOf(t, () => read(`file:${path}`)),
    /secret is empty/,
  );
  t.regex(
    problemOf(t, () => read(`file:${directory}`)),
    /cannot be read \(EISDIR\)/,
  );
});

test('nothing else is a reference, and what was written instead is not repeated', (t) => {
  const read = createSecretReader({ DATABASE_URL: 'postgres://', GATEHOUSE_HASH_KEYS: 's3cret' });
  const others = [
    's3cret',
    'env:DATABASE_URL',
    'env:GATEHOUSE_HASH_KEYS',
    'file:s3cret',
    'file:',
    '',
  ];
  for (const reference of others) {
    const message = problemOf(t, () => read(reference));
    t.is(message, 'A secret is named by env:GATEHOUSE_CONNECTOR_... or file:/an/absolute/path.');
  }
});
