// Registering clients by program, as portals and gateways do.
import type { Gatehouse } from '../_gatehouse.ts';
import { type Answer, addAccount, send } from '../_protocol.ts';
import { environmentOf, runJson } from '../cli/_cli.ts';

export interface Registered {
  client_id: string;
  client_secret: string;
  registration_access_token: string;
  registration_client_uri: string;
}

/** Makes a registration token of a new owner by the command line. */
export async function addRegistrationToken(gatehouse: Gatehouse, ...options: string[]) {
  const owner = await addAccount(gatehouse);
  const args = ['registration-tokens', 'create', '--owner', owner.id, ...options];
  const made = await runJson<{ id: string; token: string }>(args, environmentOf(gatehouse.config));
  return { owner, ...made };
}

/** Sends JSON with a bearer token. */
export function sendJson(
  url: string,
  method: string,
  token: string,
  body?: object,
): Promise<Answer> {
  return send(url, {
    method,
    headers: {
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      'Content-Type': 'application/json',
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

/** A registration request. */
export function register(gatehouse: Gatehouse, token: string, metadata: object): Promise<Answer> {
  return sendJson(`${gatehouse.issuer}/register`, 'POST', token, metadata);
}

/** A request to a registered client's own address. */
export function manage(registered: Registered, method: string, body?: object): Promise<Answer> {
  const { registration_client_uri: uri, registration_access_token: token } = registered;
  return sendJson(uri, method, token, body);
}

/** What a machine client sends at least. */
export const MACHINE = {
  client_name: 'Nightly sync',
  grant_types: ['client_credentials'],
};

/** What a web client sends at least. */
export const WEB = {
  client_name: 'Trucks',
  redirect_uris: ['https://trucks.example.com/callback'],
};

/** Registers a client. Throws when it is refused. */
export async function registered(
  gatehouse: Gatehouse,
  token: string,
  metadata: object,
): Promise<Registered & Record<string, unknown>> {
  const answer = await register(gatehouse, token, metadata);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body as unknown as Registered & Record<string, unknown>;
}
