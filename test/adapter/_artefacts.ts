// One artefact of each model, made by oidc-provider itself and carrying every field that it stores.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { type AdapterFactory, type AdapterPayload, Provider } from 'oidc-provider';

/** Every model that a storage adapter is asked for, but for Client. */
export const MODELS = [
  'AccessToken',
  'AuthorizationCode',
  'BackchannelAuthenticationRequest',
  'ClientCredentials',
  'DeviceCode',
  'Grant',
  'InitialAccessToken',
  'Interaction',
  'PreAuthorizedCode',
  'PushedAuthorizationRequest',
  'RefreshToken',
  'RegistrationAccessToken',
  'ReplayDetection',
  'Session',
] as const;
export type Model = (typeof MODELS)[number];

/** What is redeemed once. */
export const CONSUMABLE = [
  'AuthorizationCode',
  'BackchannelAuthenticationRequest',
  'DeviceCode',
  'PreAuthorizedCode',
  'PushedAuthorizationRequest',
  'RefreshToken',
] as const satisfies Model[];

/** What the library revokes by its grant; a grant itself is destroyed. */
export const REVOCABLE = [
  'AccessToken',
  'AuthorizationCode',
  'BackchannelAuthenticationRequest',
  'DeviceCode',
  'PreAuthorizedCode',
  'RefreshToken',
] as const satisfies Model[];

/** Seconds. */
export const LIFETIME = 3600;

/** A value that nobody guesses, as long as the library's own. */
export function randomId(): string {
  return randomBytes(32).toString('base64url');
}

/** A small payload of any model, as the library would hand it to an adapter. */
export function payloadOf(
  kind: string,
  jti: string,
  fields: Partial<AdapterPayload> = {},
): AdapterPayload {
  const iat = Math.floor(Date.now() / 1000);
  const times = { iat, exp: iat + LIFETIME };
  return { kind, jti, ...times, uid: randomId(), accountId: 'usr_1', clientId: 'c_1', ...fields };
}

type Fields = Record<string, unknown>;

export interface Artefact {
  id: string;
  /** What was saved and must come back, but for `iat` and `exp`. */
  fields: Fields;
  /** Finds it through the library: undefined when the library does not accept it any more. */
  load(): Promise<Fields | undefined>;
}

// What the model classes have in common, beyond what their types say.
interface ModelClass {
  IN_PAYLOAD: string[];
  instantiate(fields: Fields): Fields & { jti: string; save(ttl: number): Promise<string> };
  find(id: string, options: { ignoreSessionBinding: true }): Promise<Fields | undefined>;
}

// Made by `save`, or proven by tests of their own.
const OWN = new Set(['iat', 'exp', 'jti', 'kind', 'consumed']);

/** A library instance on the adapter. `save` stores one artefact, its fields replaced by `overrides`. */
export function createArtefacts(adapter: AdapterFactory) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const provider = new Provider('https://op.example', {
    adapter,
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig' }] },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true, initialAccessToken: true, policies: { few: () => undefined } },
    },
    extraTokenClaims: () => ({ org: 'org_1' }),
  });
  return {
    async save(model: Model, overrides: Fields = {}): Promise<Artefact> {
      // The library's own types give each class a constructor of its own.
      const type = provider[model] as unknown as ModelClass;
      const given = { ...sample(type), ...overrides };
      const artefact = type.instantiate({ ...given, expiresIn: LIFETIME });
      await artefact.save(LIFETIME);
      const { jti: id } = artefact;
      return {
        id,
        fields: { ...given, jti: id, kind: model },
        load: () => type.find(id, { ignoreSessionBinding: true }),
      };
    },
  };
}

function sample({ IN_PAYLOAD }: ModelClass): Fields {
  const id = randomId();
  const fields: Fields = {};
  for (const name of IN_PAYLOAD) {
    if (OWN.has(name)) continue;
    if (!(name in SAMPLES)) throw new Error(`the library stores a field unknown here: ${name}`);
    fields[name] = SAMPLES[name];
  }
  if (!('returnTo' in fields)) return { ...fields, ...uniqueOf(fields) };
  return { ...fields, jti: id, returnTo: `https://op.example/authorize/${id}` };
}

function uniqueOf(fields: Fields): Fields {
  const unique = ['uid', 'userCode', 'grantId'].filter((name) => name in fields);
  return Object.fromEntries(unique.map((name) => [name, randomId()]));
}

/** Values that let their bearer in, or that name a person's session; a stored copy is a leak. */
export const BEARER_VALUES = {
  cookie: 'the-cookie-of-a-session',
  deviceCode: 'the-device-code-of-an-interaction',
  idTokenHint: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c3JfMSJ9.c2ln',
  parJti: 'the-request-uri-of-an-interaction',
  request: 'eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCJ9.',
  secret: 'the-secret-of-a-sign-out-form',
};

const RAR = [{ type: 'payment', amount: { currency: 'EUR', value: '1.00' }, actions: ['read'] }];
const PARAMS = {
  client_id: 'c_1',
  scope: 'openid offline_access',
  redirect_uri: 'https://client.example/cb?a=1&b=%20',
  state: 'a "state" \\ with € and 🎈',
  resource: ['https://api.example/1', 'https://api.example/2'],
  max_age: 0,
  id_token_hint: BEARER_VALUES.idTokenHint,
};
const RESULT = {
  login: { accountId: 'usr_1', acr: 'urn:acr:2', amr: ['pwd', 'otp'], remember: false, ts: 1 },
  consent: { grantId: 'grant_1' },
  custom: { nested: [null, true, 0.5, ''] },
};
const GRANTED = { scope: 'openid email', claims: ['name', 'email'] };

/** One value for each field that any model stores. */
const SAMPLES: Fields = {
  accountId: 'usr_1',
  acr: 'urn:acr:2',
  amr: ['pwd', 'otp'],
  attestationJkt: 'attestation-thumbprint',
  aud: 'https://api.example/1',
  authTime: 1_700_000_000,
  authorizations: { c_1: { sid: 'sid_1', grantId: 'grant_1', persistsLogout: true }, c_2: {} },
  cid: 'consent_1',
  claims: { id_token: { email: null, acr: { values: ['1', '2'], essential: true } }, rejected: [] },
  clientId: 'c_1',
  codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  codeChallengeMethod: 'S256',
  deviceCode: BEARER_VALUES.deviceCode,
  deviceInfo: { ip: '::1', ua: 'A browser (x)' },
  dpopJkt: 'dpop-thumbprint',
  error: 'access_denied',
  errorDescription: 'no, "thanks"',
  expiresWithSession: true,
  extra: { org: 'org_1' },
  grantId: 'grant_1',
  gty: 'authorization_code refresh_token',
  iiat: 1_700_000_001,
  inFlight: true,
  iss: 'https://issuer.example',
  jkt: 'thumbprint',
  lastSubmission: RESULT,
  loginTs: 1_700_000_002,
  nonce: 'n-0S6_WzA2Mj',
  openid: GRANTED,
  params: PARAMS,
  parJti: BEARER_VALUES.parJti,
  policies: ['few'],
  prompt: {
    name: 'consent',
    reasons: ['op_scopes_missing'],
    details: { missingOIDCScope: ['openid'], id_token_hint: BEARER_VALUES.idTokenHint },
  },
  rar: RAR,
  redirectUri: 'https://client.example/cb?a=1&b=%20',
  rejected: { openid: { scope: 'phone' }, resources: { 'https://api.example/2': 'write' } },
  request: BEARER_VALUES.request,
  resource: ['https://api.example/1', 'https://api.example/2'],
  resources: { 'https://api.example/1': 'read write' },
  result: RESULT,
  returnTo: '',
  rotations: 3,
  scope: 'openid email offline_access',
  session: {
    accountId: 'usr_1',
    uid: 'uid_1',
    cookie: BEARER_VALUES.cookie,
    acr: 'urn:acr:2',
    amr: ['pwd'],
  },
  sessionUid: 'uid_1',
  sid: 'sid_1',
  state: { secret: BEARER_VALUES.secret, clientId: 'c_1', postLogoutRedirectUri: null },
  transient: true,
  trusted: ['client_id'],
  txCode: { value: '1234' },
  uid: 'uid_1',
  userCode: 'BCDF-GHJK',
  'x5t#S256': 'certificate-thumbprint',
};
