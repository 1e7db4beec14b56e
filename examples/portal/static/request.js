// Calls the API with the token, and says how to do the same in a terminal.
import { toTitleCase } from './token-panel.js';

// What a browser lets a page of another origin see, and what helps when a call is refused.
const HEADERS_OF_INTEREST = ['content-type', 'www-authenticate', 'retry-after', 'cache-control'];

/** Sends the request; rejects with a sentence when there is no answer at all. */
export async function sendRequest({ method, url, token, body }) {
  const startedAt = performance.now();
  const response = await fetch(url, {
    method,
    headers: {
      Authorization: formatAuthorization(token),
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body }),
    credentials: 'omit',
  }).catch(() => {
    throw new Error(`${url} did not answer, or does not allow calls from this page (CORS).`);
  });
  const text = await response.text();
  return {
    status: `${response.status} ${response.statusText}`.trim(),
    isSuccess: response.ok,
    milliseconds: Math.round(performance.now() - startedAt),
    headers: HEADERS_OF_INTEREST.filter((name) => response.headers.has(name))
      .map((name) => `${name}: ${response.headers.get(name)}`)
      .join('\n'),
    body: prettify(text),
  };
}

/** The request as one line for a POSIX shell. */
export function toCurl({ method, url, token, body }) {
  const parts = ['curl', ...(method === 'GET' ? [] : ['-X', method]), quote(url)];
  if (token) parts.push('-H', quote(`Authorization: ${formatAuthorization(token)}`));
  else parts.push('-H', '"Authorization: Bearer $TOKEN"');
  if (body) parts.push('-H', quote('Content-Type: application/json'), '-d', quote(compact(body)));
  return parts.join(' ');
}

function formatAuthorization({ accessToken, accessTokenType }) {
  return `${toTitleCase(accessTokenType)} ${accessToken}`;
}

function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function compact(body) {
  try {
    return JSON.stringify(JSON.parse(body));
  } catch {
    return body;
  }
}

function prettify(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
