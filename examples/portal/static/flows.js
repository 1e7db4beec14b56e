// Three ways to get an access token, as the consoles of real portals do them.
import { openPopup } from './popup.js';

export const FLOW_NOTES = {
  code: 'A window opens where you sign in. The portal exchanges the code with its secret. The token acts for you.',
  'code-pkce':
    'A window opens where you sign in. This page exchanges the code itself, without a secret. The token acts for you.',
  'client-credentials':
    'Nobody is asked. The portal gets a token with its own secret. The token acts for the portal, not for you.',
};

/** Something that the person at the console should read. */
export class FlowError extends Error {}

const FLOWS = {
  code: authorizationCode,
  'code-pkce': authorizationCodeWithPkce,
  'client-credentials': clientCredentials,
};

/** Resolves with `{ accessToken, accessTokenType }`; rejects with FlowError. */
export async function acquireToken(flow, setup, scopes) {
  const token = await FLOWS[flow](setup, scopes.join(' '));
  if (token.error !== undefined) throw describe(token);
  return token;
}

async function authorizationCode(setup, scope) {
  // The first half ties the code to the portal session, the second to this attempt.
  const state = `${setup.consoleKey}.${crypto.randomUUID()}`;
  const message = await authorize(setup, {
    client_id: setup.clientId,
    redirect_uri: setup.codeRedirectUri,
    response_type: 'code',
    state,
    scope,
  });
  if (message.state !== state) throw new FlowError('The answer belongs to another attempt.');
  return message;
}

async function authorizationCodeWithPkce(setup, scope) {
  const verifier = createVerifier();
  const message = await authorize(setup, {
    response_type: 'code',
    client_id: setup.clientId,
    code_challenge_method: 'S256',
    code_challenge: await createChallenge(verifier),
    redirect_uri: setup.pkceRedirectUri,
    scope,
  });
  if (message.error !== undefined) return message;
  const answer = await post(setup.tokenEndpoint, 'omit', {
    client_id: setup.clientId,
    code_verifier: verifier,
    grant_type: 'authorization_code',
    redirect_uri: setup.pkceRedirectUri,
    code: message.code,
  });
  if (answer.error !== undefined) return answer;
  return { accessToken: answer.access_token, accessTokenType: answer.token_type };
}

function clientCredentials(setup, scope) {
  return post(setup.credentialsPath, 'same-origin', { csrf: setup.csrf, scope });
}

async function authorize({ authorizationEndpoint }, parameters) {
  const url = new URL(authorizationEndpoint);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value);
  const message = await openPopup(url.href);
  if (typeof message === 'string') throw new FlowError(message);
  return message;
}

async function post(url, credentials, fields) {
  let response;
  try {
    response = await fetch(url, { method: 'POST', credentials, body: new URLSearchParams(fields) });
  } catch (cause) {
    throw new FlowError(
      `${new URL(url, location.origin).host} did not answer. Either it is not running, or it does not allow calls from ${location.origin} (CORS).`,
      { cause },
    );
  }
  try {
    return await response.json();
  } catch (cause) {
    throw new FlowError(`The answer was HTTP ${response.status} and not JSON.`, { cause });
  }
}

function describe({ error, error_description: description }) {
  return new FlowError(description ? `${error}: ${description}` : error);
}

function createVerifier() {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(48)));
}

async function createChallenge(verifier) {
  if (!crypto.subtle) throw new FlowError('PKCE needs a page on https or on loopback.');
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return toBase64Url(new Uint8Array(digest));
}

function toBase64Url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
