// Whether many applications make anything slower: the pages of a developer and of an approver, and the
// first token of a client, with ten applications and with 10,000 (1,000 products, 100,000 subscriptions),
// in turn. Prints the ratio of the medians. Run: npm run bench:crowd

import { openDatabase } from '../src/storage/database.ts';
import { createAgent } from '../test/_agent.ts';
import { type Gatehouse, startGatehouse } from '../test/_gatehouse.ts';
import { authorizeUrl, proceed, requestToken, type TestClient } from '../test/_protocol.ts';
import { addApplication, addProduct } from '../test/applications/_application.ts';

const ROUNDS = Number(process.argv[2] ?? 30);

interface Crowd {
  applications: number;
  products: number;
  subscriptions: number;
}

/** Made with one statement each table; every twentieth subscription waits for a decision. */
async function fill({ config }: Gatehouse, { applications, products, subscriptions }: Crowd) {
  const db = openDatabase({ url: config.databaseUrl, name: 'crowd', patient: true });
  await db.knex.transaction(async (query) => {
    await query.raw(
      `INSERT INTO accounts (id, email, email_verified, state)
       SELECT 'usr_crowd' || i, 'crowd' || i || '@example.com', true, 'active'
       FROM generate_series(0, ?::int / 20) i`,
      [applications],
    );
    await query.raw(
      `INSERT INTO applications (id, kind, name, owner_id)
       SELECT 'app_' || lpad(to_hex(i), 24, '0'), 'machine', 'Crowd ' || i, 'usr_crowd' || i / 20
       FROM generate_series(0, ?::int - 1) i`,
      [applications],
    );
    await query.raw(
      `INSERT INTO application_members (application_id, account_id)
       SELECT id, owner_id FROM applications WHERE name LIKE 'Crowd %'`,
    );
    await query.raw(
      `INSERT INTO clients (id, kind, name, token_endpoint_auth_method, grant_types, application_id, environment)
       SELECT 'c_' || substr(id, 5), 'machine', name, 'client_secret_basic', '{client_credentials}', id, 'sandbox'
       FROM applications WHERE name LIKE 'Crowd %'`,
    );
    await query.raw(
      `INSERT INTO products (id, name, approval)
       SELECT 'prd_' || lpad(to_hex(i), 24, '0'), 'Product ' || i, 'person'
       FROM generate_series(0, ?::int - 1) i`,
      [products],
    );
    await query.raw(
      `INSERT INTO product_scopes (product_id, api_id, scope)
       SELECT p.id, s.api_id, s.name FROM products p, api_scopes s JOIN apis a ON a.id = s.api_id
       WHERE p.name LIKE 'Product %' AND s.name = 'orders.read'`,
    );
    await query.raw(
      `INSERT INTO subscriptions (id, application_id, product_id, environment, state)
       SELECT 'sub_' || lpad(to_hex(i), 24, '0'), 'app_' || lpad(to_hex(i % ?::int), 24, '0'),
         'prd_' || lpad(to_hex((i / ?::int * 7 + i) % ?::int), 24, '0'), 'production',
         CASE WHEN i % 20 = 0 THEN 'submitted' ELSE 'active' END
       FROM generate_series(0, ?::int - 1) i ON CONFLICT DO NOTHING`,
      [applications, applications, products, subscriptions],
    );
    await query.raw(
      'ANALYZE accounts, applications, application_members, clients, products, product_scopes, subscriptions',
    );
  });
  await db.close();
}

type Ask = () => Promise<unknown>;

/** The same requests at an installation with a crowd and at one without. */
async function asks(gatehouse: Gatehouse): Promise<Record<string, Ask>> {
  const [admin] = gatehouse.accounts;
  if (!admin) throw new Error('no account');
  const { id } = await gatehouse.db.knex('accounts').where({ email: admin.email }).first('id');
  const productId = await addProduct(gatehouse, { name: 'Orders', approval: 'person' });
  const { application } = await addApplication(gatehouse, { ownerId: id, productIds: [productId] });
  const agent = createAgent(gatehouse.issuer);
  await proceed(
    gatehouse,
    agent,
    await agent.get(authorizeUrl(gatehouse, gatehouse.client('web'))),
    admin,
  );
  const page = (path: string) => async () => {
    const { status, text } = await agent.get(`${gatehouse.issuer}${path}`);
    if (status !== 200) throw new Error(`${path}: ${status} ${text.slice(0, 300)}`);
  };
  const machines: TestClient[] = [];
  for (let round = 0; round < ROUNDS + 5; round += 1)
    machines.push((await addApplication(gatehouse, { productIds: [productId] })).client);
  const own = `/applications/${application.id}`;
  return {
    'My applications': page('/applications'),
    'a new application': page('/applications/new'),
    'an application': page(own),
    'its subscriptions': page(`${own}/subscriptions`),
    'its promotion': page(`${own}/production`),
    Products: page('/products'),
    'a search of products': page('/products?search=orders'),
    'a product': page(`/products/${productId}`),
    Approvals: page('/approvals'),
    'the first token of a client': async () => {
      const machine = machines.pop();
      if (!machine) throw new Error('no machine is left');
      const { status, text } = await requestToken(gatehouse, machine, {
        grant_type: 'client_credentials',
      });
      if (status !== 200) throw new Error(text);
    },
  };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const overrides = { maxApplications: 100_000 };
const few = await startGatehouse(overrides);
const many = await startGatehouse(overrides);
await fill(few, { applications: 10, products: 10, subscriptions: 10 });
await fill(many, { applications: 10_000, products: 1000, subscriptions: 100_000 });
const [fewAsks, manyAsks] = [await asks(few), await asks(many)];
for (const [name, askFew] of Object.entries(fewAsks)) {
  const askMany = manyAsks[name];
  if (!askMany) continue;
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS + 5; round += 1)
    for (const [index, ask] of [askFew, askMany].entries()) {
      const started = performance.now();
      await ask();
      // The first few warm up.
      if (round >= 5) times[index]?.push(performance.now() - started);
    }
  const [a, b] = [median(times[0]), median(times[1])];
  process.stdout.write(
    `${name}: ${a.toFixed(1)} ms with ten, ${b.toFixed(1)} ms with the crowd, ratio ${(b / a).toFixed(2)}\n`,
  );
}
await few.stop();
await many.stop();
process.exit(0);
