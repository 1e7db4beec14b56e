// How we prove to Microsoft Entra who we are.
import test, { type ExecutionContext } from 'ava';
import { Refusal } from '../../src/federation/connector.ts';
import { parseSettings } from '../../src/federation/connectors.ts';
import { travel } from './_entra-trip.ts';
import { type Certificate, createCertificate } from './upstreams/_certificate.ts';
import { CONTOSO, createEntra, createExternalId } from './upstreams/_entra.ts';
import { OUR_CLIENT } from './upstreams/_every-kind.ts';

const CERTIFICATE = 'file:/run/secrets/entra.crt';
const KEY = 'file:/run/secrets/entra.key';
const byCertificate = { client_secret: undefined, certificate: CERTIFICATE, private_key: KEY };
const secretsOf = ({ certificate, privateKey }: Certificate) => ({
  [CERTIFICATE]: certificate,
  [KEY]: privateKey,
});
const ours = createCertificate();

function tripWith(made: Certificate, registered = ours.certificate, tenant = 'common') {
  const settings = {
    tenant,
    ...byCertificate,
    ...(tenant === 'common' ? { any_tenant: true } : {}),
  };
  const fake = createEntra({ tenant, certificate: registered });
  return { kind: 'entra', fake, settings, secrets: secretsOf(made) };
}

const refusalOf = async (t: ExecutionContext, made: Certificate) => {
  const refusal = await t.throwsAsync(travel(tripWith(made)), { instanceOf: Refusal });
  t.is(refusal.reason, 'misconfigured', refusal.message);
  t.false(refusal.message.includes('PRIVATE KEY'));
  return refusal.message;
};

test('a certificate proves it, by its thumbprint and for the token endpoint, in every kind of tenant', async (t) => {
  for (const tenant of ['common', CONTOSO]) {
    const trip = tripWith(ours, undefined, tenant);
    await t.notThrowsAsync(travel(trip));
    const request = trip.fake.requests.find(({ url }) => url.pathname.endsWith('/token'));
    t.false(new URLSearchParams(request?.body).has('client_secret'));
  }
  const fake = createExternalId({ certificate: ours.certificate });
  const settings = { tenant: CONTOSO, authority: 'https://contoso.ciamlogin.com' };
  await t.notThrowsAsync(
    travel({
      kind: 'entra-external-id',
      fake,
      settings: { ...settings, ...byCertificate },
      secrets: secretsOf(ours),
    }),
  );
});

test('a certificate that is not in the registration is refused there', async (t) => {
  const trip = travel(tripWith(createCertificate()));
  const refusal = await t.throwsAsync(trip, { instanceOf: Refusal });
  t.is(refusal.reason, 'misconfigured');
});

test('an expired certificate is found before anybody is sent away', async (t) => {
  const expired = createCertificate(new Date(Date.now() - 86_400_000));
  t.regex(await refusalOf(t, expired), /expired on 20.+upload/);
});

test('a certificate of the future is not used', async (t) => {
  const future = createCertificate(new Date(Date.now() + 500 * 86_400_000));
  t.regex(await refusalOf(t, future), /not valid before/);
});

test('a key of another certificate, and what is no PEM, are told apart', async (t) => {
  const { privateKey } = createCertificate();
  t.regex(await refusalOf(t, { ...ours, privateKey }), /not the key of certificate/);
  t.regex(await refusalOf(t, { ...ours, privateKey: 'a password' }), /private_key is no/);
  t.regex(await refusalOf(t, { ...ours, certificate: 'x' }), /certificate is no/);
});

test('either a secret or a certificate with its key', (t) => {
  const refused = (settings: object) =>
    t.throws(() => parseSettings('entra', { ...OUR_CLIENT, tenant: CONTOSO, ...settings })).message;
  t.regex(refused({ certificate: CERTIFICATE }), /set together/);
  t.regex(refused({ certificate: CERTIFICATE, private_key: KEY }), /either it/);
  t.regex(refused({ client_secret: undefined }), /either it/);
  t.regex(refused({ certificate: '-----BEGIN CERTIFICATE-----' }), /must be env:/);
});

test('a secret goes in the body, as Entra wants it', async (t) => {
  const fake = createEntra({ tenant: CONTOSO });
  await t.notThrowsAsync(travel({ kind: 'entra', fake, settings: { tenant: CONTOSO } }));
});
