import { type Gatehouse, startGatehouse } from '../_gatehouse.ts';
import { test } from '../_one-at-a-time.ts';
import { refresh, signInFor } from '../_protocol.ts';
let gatehouse: Gatehouse;
test.before(async () => {
  gatehouse = await startGatehouse();
});
test.after.always(() => gatehouse?.stop());
for (let i = 0; i < 12; i += 1)
test(`race ${i}`, async (t) => {
  const spa = gatehouse.client('spa');
  const tokens = await signInFor(gatehouse, spa, { scope: 'openid offline_access orders.read orders.write' });
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => refresh(gatehouse, spa, tokens['refresh_token'])),
  );
  for (const a of answers) { if (a.status === 500) t.log(gatehouse.log.filter((l) => l.includes(String(a.body['correlation_id'])))); }
});
