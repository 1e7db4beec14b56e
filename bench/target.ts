// A server under load: some processes, asked directly, that answer as one issuer.
import { Pool } from 'undici';
import type { Clients, Person } from './scenario.ts';

export interface Target {
  name: string;
  issuer: string;
  clients: Clients;
  person: Person;
  processes: Connection[];
  stop(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

export interface Request {
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  form?: Record<string, string>;
}

/** Kept-alive connections to one process. */
export interface Connection {
  request(path: string, request?: Request): Promise<Answer>;
  close(): Promise<void>;
}

/** As many requests at once as anything here sends to one process, and no queue in the client. */
const CONNECTIONS = 80;

/** Opens connections to the process on a port of this machine; it knows itself as `issuer`. */
export function connect(port: number, issuer: string): Connection {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS });
  const { host } = new URL(issuer);
  return {
    async request(path, { method = 'GET', headers = {}, form } = {}) {
      const response = await pool.request({
        path,
        method: form ? 'POST' : method,
        headers: {
          host,
          ...headers,
          ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        },
        body: form ? new URLSearchParams(form).toString() : null,
      });
      const text = await response.body.text();
      return { status: response.statusCode, headers: response.headers, text };
    },
    close: () => pool.destroy(),
  };
}

/** Another address for each call: to a server behind a proxy, a person in a network of their own. */
export function someNetwork(): string {
  const part = () => 1 + Math.floor(Math.random() * 254);
  return `10.${part()}.${part()}.${part()}`;
}

/** Throws unless the answer has that status, so that nothing measures refusals. */
export function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status)
    throw new Error(`expected ${status}, got ${answer.status}: ${answer.text.slice(0, 400)}`);
  return answer;
}
