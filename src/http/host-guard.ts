// The canonical host: a request for another host is refused before routing (421, RFC 9110 15.5.20).
// oidc-provider builds every URL it emits from the request, so the request is pinned to the issuer.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Middleware } from 'koa';
import { AppError } from '../errors.ts';
import { networkOf } from './network.ts';

const FORWARDED = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
];

/**
 * Refuses requests whose host is not the issuer's and drops forwarded headers of peers that are
 * not trusted proxies. `aliases` are further hosts of this node (demo nodes on loopback only).
 * Needs `app.proxy = true`: the headers left are then only those that we vouch for.
 */
export function guardHost(deps: {
  issuer: string;
  trustedProxies: string[];
  aliases: string[];
}): Middleware {
  const issuer = new URL(deps.issuer);
  const allowed = new Set([issuer.host, ...deps.aliases]);
  const isTrusted = createProxyCheck(deps.trustedProxies);

  return async function hostGuard(ctx, next) {
    const { req } = ctx;
    if (!isTrusted(req.socket.remoteAddress ?? '')) dropForwarded(req);
    expectCanonical(req, issuer, allowed);
    pinToIssuer(req, issuer, isTrusted);
    ctx.state['network'] = networkOf(ctx.ip);
    await next();
  };
}

function dropForwarded({ headers }: IncomingMessage): void {
  for (const name of FORWARDED) if (headers[name] !== undefined) delete headers[name];
}

function expectCanonical(req: IncomingMessage, issuer: URL, allowed: Set<string>): void {
  if (!allowed.has(requestedHost(req)) || isAmbiguous(req))
    throw misdirected(`at ${issuer.origin}`);
  if (issuer.protocol === 'https:' && !isSecure(req)) {
    throw misdirected(
      `at ${issuer.origin} over https; a proxy in front of it belongs into GATEHOUSE_TRUSTED_PROXIES and must send X-Forwarded-Proto`,
    );
  }
}

function requestedHost({ headers }: IncomingMessage): string {
  return firstValue(headers['x-forwarded-host']) || headers.host || '';
}

// Two Host headers, or an absolute request target, would let two parsers see two hosts.
function isAmbiguous({ rawHeaders, url }: IncomingMessage): boolean {
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host');
  return hosts.length > 1 || url?.startsWith('/') !== true;
}

function isSecure({ headers, socket }: IncomingMessage): boolean {
  return 'encrypted' in socket || firstValue(headers['x-forwarded-proto']) === 'https';
}

function misdirected(where: string): AppError {
  return new AppError(421, 'misdirected_request', `This server answers only ${where}.`);
}

function pinToIssuer(
  { headers, socket }: IncomingMessage,
  issuer: URL,
  isTrusted: (address: string) => boolean,
): void {
  headers['x-forwarded-for'] = clientAddress(headers['x-forwarded-for'], socket, isTrusted);
  headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
  headers.host = issuer.host;
  if (headers['x-forwarded-host'] !== undefined) delete headers['x-forwarded-host'];
}

function createProxyCheck(entries: string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const plain = address.replace(/^::ffff:/, '');
    return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  };
}

// Walks back from our own peer as long as the hop that vouches is trusted: the rest is hearsay.
function clientAddress(
  forwarded: string | string[] | undefined,
  socket: { remoteAddress?: string | undefined },
  isTrusted: (address: string) => boolean,
): string {
  const hops = [forwarded ?? []].flat().join(',').split(',').reverse().map(withoutPort);
  let known = withoutPort(socket.remoteAddress ?? '');
  for (const hop of hops) {
    if (!isTrusted(known) || isIP(hop) === 0) break;
    known = hop;
  }
  return known;
}

// Some proxies write "address:port", and IPv6 addresses in brackets.
function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](:\d+)?$/.exec(hop.trim());
  if (bracketed?.[1]) return bracketed[1];
  return hop
    .trim()
    .replace(/^::ffff:(?=[\d.]+$)/i, '')
    .replace(/^([\d.]+):\d+$/, '$1');
}

function firstValue(value: string | string[] | undefined): string {
  const text = Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
  return text.split(',', 1)[0]?.trim() ?? '';
}
