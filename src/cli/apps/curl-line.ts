// One line for a shell: it fetches a token, and calls the API with it.
import { isAbsolute } from 'node:path';
import { quote } from './env-file.ts';

export interface CurlRequest {
  /** Where the variables are; undefined: the values stand in the line. */
  envFile?: string | undefined;
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  resource: string;
  /** A GET of the API; undefined: the line only fetches the token. */
  exampleUrl: string | undefined;
}

/** The line as it can be pasted. */
export function curlLine(request: CurlRequest): string {
  const { envFile, exampleUrl } = request;
  const fetchToken = envFile === undefined ? withValues(request) : WITH_VARIABLES;
  const line =
    exampleUrl === undefined
      ? fetchToken
      : `curl -sS -H "Authorization: Bearer $(${fetchToken} | ${TAKE_TOKEN})" ${quote(exampleUrl)}`;
  // In a shell of its own, so that the variables do not stay.
  return envFile === undefined ? line : `(. ${quote(sourced(envFile))}; ${line})`;
}

const WITH_VARIABLES =
  'curl -sS -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials --data-urlencode "resource=$RESOURCE" "$TOKEN_URL"';
const TAKE_TOKEN = `sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;

function withValues({ clientId, clientSecret, resource, tokenUrl }: CurlRequest): string {
  return `curl -sS -u ${clientId}:${clientSecret} -d grant_type=client_credentials --data-urlencode ${quote(`resource=${resource}`)} ${quote(tokenUrl)}`;
}

// Without a slash, a shell would look for it in PATH.
function sourced(path: string): string {
  return isAbsolute(path) || path.startsWith('./') || path.startsWith('../') ? path : `./${path}`;
}
