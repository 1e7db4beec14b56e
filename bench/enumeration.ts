// Whether time tells that an address has an account: pairs of a known and an unknown address in turn,
// at sign-in, sign-up, reset and resend. Prints the gap of the medians. Run: npm run bench:enumeration
import { createAgent } from '../test/_agent.ts';
import { type Gatehouse, startGatehouse } from '../test/_gatehouse.ts';
import { authorizeUrl } from '../test/_protocol.ts';

const PAIRS = Number(process.argv[2] ?? 200);
const PASSWORD = 'seven quiet otters swim';

type Ask = (email: string) => Promise<number>;

async function formAt(gatehouse: Gatehouse, path: string, button: string) {
  const agent = createAgent(gatehouse.issuer);
  const start = await agent.get(authorizeUrl(gatehouse, gatehouse.client('web'), {}));
  const page = path ? await agent.get(`${start.url}/${path}`) : start;
  return (fields: Record<string, string>) => agent.submit(page, button, fields);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function doors(gatehouse: Gatehouse): Promise<Record<string, Ask>> {
  const signIn = await formAt(gatehouse, '', 'Sign in');
  const signUp = await formAt(gatehouse, 'sign-up', 'Create an account');
  const reset = await formAt(gatehouse, 'forgot-password', 'Send the mail');
  const person = { given_name: 'Noor', family_name: 'Haddad', password: PASSWORD };
  return {
    'sign-in': (email) => timed(() => signIn({ email, password: PASSWORD })),
    'sign-up': (email) => timed(() => signUp({ email, ...person })),
    reset: (email) => timed(() => reset({ email })),
  };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const gatehouse = await startGatehouse();
const known = gatehouse.accounts[0]?.email ?? '';
for (const [door, ask] of Object.entries(await doors(gatehouse))) {
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  for (let pair = 0; pair < PAIRS + 5; pair += 1) {
    const order =
      pair % 2 === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const kind of order) {
      const email = kind === 'known' ? known : `nobody-${pair}@example.com`;
      const time = await ask(email);
      // The first few warm up.
      if (pair >= 5) times[kind].push(time);
    }
  }
  const [a, b] = [median(times.known), median(times.unknown)];
  const gap = (100 * Math.abs(a - b)) / Math.max(a, b);
  process.stdout.write(
    `${door}: known ${a.toFixed(2)} ms, unknown ${b.toFixed(2)} ms, gap ${gap.toFixed(1)} %\n`,
  );
}
await gatehouse.stop();
process.exit(0);
