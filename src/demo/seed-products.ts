// The demo's products: one that a person approves in production, one for partners only.
import type { Api } from '../catalog/apis.ts';
import { findAccountByEmail } from '../storage/accounts.ts';
import { updateApi } from '../storage/change-apis.ts';
import type { Database } from '../storage/database.ts';
import { addToGroups, insertGroup } from '../storage/groups.ts';
import { insertProduct } from '../storage/products.ts';
import { saveQuotaClass } from '../storage/quota-classes.ts';

const TEXTS: Record<string, Record<string, string>> = {
  'orders.read': {
    de: 'Bestellungen sehen',
    fr: 'Voir les commandes',
    es: 'Ver los pedidos',
    ja: '注文を見る',
  },
  'orders.write': {
    de: 'Bestellungen aufgeben und ändern',
    fr: 'Passer et modifier des commandes',
    es: 'Hacer y cambiar pedidos',
    ja: '注文の作成と変更',
  },
};

/** A member of the group that sees the partners' product. */
const PARTNER = 'sam@example.com';

/** Creates the products; in production of the first one a person decides: the administrator. */
export async function seedProducts(db: Database, apis: Api[]): Promise<void> {
  const partners = await insertGroup(db, {
    name: 'partners',
    description: 'Companies that we have a contract with',
  });
  const partner = await findAccountByEmail(db, PARTNER);
  if (partner) await addToGroups(db, partner.id, [partners.id]);
  await saveQuotaClass(db, { name: 'standard', tokensPerMinute: 60, tokensPerDay: 5000 });
  const scopesOf = (...names: string[]) =>
    apis.flatMap((api) =>
      api.scopes
        .filter(({ name }) => names.includes(name))
        .map(({ name }) => ({ apiId: api.id, scope: name })),
    );
  const common = { ownerGroupId: undefined, lifetimeDays: undefined };
  await insertProduct(db, {
    ...common,
    name: 'Orders',
    description:
      'See orders, place them and change them. The sandbox is free and holds made-up orders.',
    approval: 'person',
    quotaClass: 'standard',
    terms:
      'Use the orders of people for nothing but what they asked you to do.\n\nKeep your secrets out of code and logs.',
    scopes: scopesOf('orders.read', 'orders.write'),
    groupIds: [],
  });
  await insertProduct(db, {
    ...common,
    name: 'Orders for partners',
    description: 'See orders without limits. For companies that we have a contract with.',
    ...{ approval: 'automatic', quotaClass: undefined, terms: undefined },
    scopes: scopesOf('orders.read'),
    groupIds: [partners.id],
  });
}

/** Says where the APIs of the demo answer, and their scopes in several languages. */
export async function describeDemoApis(db: Database, apis: Api[], apiUrl: string): Promise<void> {
  for (const api of apis) {
    const { id, clientId: _client, suspendedAt: _suspended, ...rest } = api;
    await updateApi(db, id, {
      ...rest,
      exampleUrl: `${apiUrl}/${api.environment}/orders`,
      scopes: api.scopes.map((scope) => ({
        ...scope,
        texts: { ...TEXTS[scope.name], ...scope.texts },
      })),
    });
  }
}
