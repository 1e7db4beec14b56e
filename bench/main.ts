// `npm run bench`: client-credentials JWTs from Gatehouse beside a bare oidc-provider with its
// in-memory adapter, in alternation in one run, and beside what the machine can sign. Ratios count;
// absolute figures belong to the machine and its neighbours.
import { generateKeyPairSync, sign } from 'node:crypto';
import { bareProvider } from './_bare-provider.ts';
import { ownServer } from './_own-server.ts';

const ROUNDS = 5;
const SECONDS = 2;
const CONNECTIONS = 16;

interface Target {
  name: string;
  request: () => Promise<Response>;
  stop: () => Promise<void>;
}

async function measure(target: Target): Promise<{ rate: number; p50: number; p99: number }> {
  const latencies: number[] = [];
  const until = performance.now() + SECONDS * 1000;
  const worker = async () => {
    while (performance.now() < until) {
      const started = performance.now();
      const response = await target.request();
      if (response.status !== 200) throw new Error(`${target.name}: ${await response.text()}`);
      await response.arrayBuffer();
      latencies.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0;
  return { rate: latencies.length / SECONDS, p50: at(0.5), p99: at(0.99) };
}

function signingRate(): number {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const data = Buffer.alloc(600);
  const started = performance.now();
  const count = 500;
  for (let i = 0; i < count; i += 1) sign('sha256', data, privateKey);
  return (count * 1000) / (performance.now() - started);
}

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const targets = [await bareProvider(), await ownServer()];
const results = new Map<string, Awaited<ReturnType<typeof measure>>[]>();
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const target of targets) {
    const result = await measure(target);
    // The first round warms up.
    if (round > 0) results.set(target.name, [...(results.get(target.name) ?? []), result]);
  }
}
for (const target of targets) await target.stop();

const signing = signingRate();
const [bare, own] = targets.map(({ name }) => results.get(name) ?? []);
const rate = (list: { rate: number }[] | undefined) => median((list ?? []).map((r) => r.rate));
for (const { name } of targets) {
  const list = results.get(name);
  const p = (key: 'p50' | 'p99') => median((list ?? []).map((r) => r[key])).toFixed(1);
  console.log(
    `${name.padEnd(28)} ${rate(list).toFixed(0).padStart(6)}/s   p50 ${p('p50')} ms   p99 ${p('p99')} ms   ${(rate(list) / signing).toFixed(2)} of one core's RSA signatures`,
  );
}
console.log(`Gatehouse / bare oidc-provider: ${(rate(own) / rate(bare)).toFixed(2)}`);
