// The key that encrypts the signing keys is replaced under two running servers, as docs/keys.md says.
import { randomBytes } from 'node:crypto';
import test from 'ava';
import { createInstallation, type Installation } from '../_installation.ts';
import { freePorts, type GatehouseProcess, run as start } from '../_process.ts';
import { type Environment, environmentOf, run, runJson } from '../cli/_cli.ts';
import { askForToken, kidOf, tokenOf } from './_keys.ts';

let installation: Installation;
let issuer: string;
let first: number;
const servers = new Map<number, GatehouseProcess>();
test.before(async () => {
  installation = await createInstallation();
  first = await freePorts(2);
  issuer = `http://127.0.0.1:${first}`;
});
test.after.always(async () => {
  await Promise.all([...servers.values()].map((server) => server.stop('SIGKILL')));
  await installation?.remove();
});

const OLD = randomBytes(32);
const NEW = randomBytes(32);

const environment = (...encryptionKeys: Buffer[]): Environment => {
  const secrets = { ...installation.secrets, encryptionKeys };
  return environmentOf({ issuer, databaseUrl: installation.databaseUrl, secrets });
};

async function restart(port: number, ...encryptionKeys: Buffer[]): Promise<void> {
  await servers.get(port)?.stop();
  const server = start({ ...environment(...encryptionKeys), GATEHOUSE_PORT: String(port) });
  servers.set(port, server);
  await server.says('"ready"');
}

const signers = async () => {
  const client = installation.client('machine');
  const ports = [first, first + 1];
  const answers = await Promise.all(ports.map((port) => askForToken({ issuer }, port, client)));
  return answers.map((answer) => kidOf(tokenOf(answer)));
};

test.serial('the servers change to the new value one by one and go on signing', async (t) => {
  const ports = [first, first + 1];
  for (const port of ports) await restart(port, OLD);
  const [kid] = await signers();
  for (const port of ports) {
    await restart(port, NEW, OLD);
    t.deepEqual(await signers(), [kid, kid]);
  }
  const keys = await runJson<object[]>(['keys', 'list'], environment(NEW, OLD));
  const text = await run(['keys', 'reencrypt'], environment(NEW, OLD));
  t.is(
    text.stdout,
    `${keys.length} of ${keys.length} private keys encrypted again: all are under the first of GATEHOUSE_ENCRYPTION_KEYS now.\n`,
  );
  t.deepEqual(await signers(), [kid, kid]);
  const again = await runJson(['keys', 'reencrypt'], environment(NEW, OLD));
  t.deepEqual(again, { reencrypted: 0, keys: keys.length });

  for (const port of ports) {
    await restart(port, NEW);
    t.deepEqual(await signers(), [kid, kid]);
  }
});

test.serial('the old value opens nothing any more', async (t) => {
  const command = await run(['keys', 'reencrypt'], environment(OLD));
  t.is(command.code, 1);
  t.regex(command.stderr, /^These secrets are not the ones of the server/);
  await servers.get(first + 1)?.stop();
  const server = start({ ...environment(OLD), GATEHOUSE_PORT: String(first + 1) });
  t.is(await server.exited, 1);
  t.regex(server.output(), /GATEHOUSE_ENCRYPTION_KEYS does not decrypt the signing key \S+: add /);
  t.notRegex(server.output(), /\n +at /);
});
