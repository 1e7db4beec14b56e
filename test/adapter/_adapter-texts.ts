// Text from outside that an adapter stores: it comes back as it was, or is refused.
import type { AdapterFactory, AdapterPayload } from 'oidc-provider';
import { LIFETIME, payloadOf, randomId } from './_artefacts.ts';
import type { Check } from './_open-adapter.ts';

const ODD_TEXTS = {
  quotes: `'"\`\\ $1 ? ?? :name %s {"a":1}`,
  'control characters': '\u0001\t\r\n\u001f\u007f\u2028\ufeff',
  'characters beyond the first plane': '🎈👩‍👩‍👧 \u{10ffff}',
  'characters that look alike': 'é é ﬁ ſ İ',
  'an empty text': '',
  'two hundred thousand characters': 'a€'.repeat(100_000),
};
// PostgreSQL's text holds neither; other stores hold both.
const UNSTORABLE_TEXTS = { NUL: 'a\0b', 'half a surrogate pair': 'a\ud800b' };

/** Registers the tests of what may stand in a value or an id. */
export function registerTexts(check: Check): void {
  for (const [what, text] of Object.entries(ODD_TEXTS)) {
    check(`text comes back unchanged: ${what}`, async (t, { factory }) => {
      const extra = { [text.slice(0, 1000)]: [text], ...JSON.parse('{"__proto__":{"a":1}}') };
      const found = await saveText(factory, `${randomId()}${text}`, text, extra);
      t.is(found?.nonce, text);
      t.is(JSON.stringify(sorted(found?.extra)), JSON.stringify(sorted(extra)));
    });
  }
  for (const [what, text] of Object.entries(UNSTORABLE_TEXTS)) {
    check(`text comes back unchanged, or is refused: ${what}`, async (t, { factory }) => {
      const found = await saveText(factory, randomId(), text, {}).catch(() => 'refused' as const);
      t.is(found === 'refused' ? text : found?.nonce, text);
      t.falsy(await factory('AccessToken').find(text));
      t.falsy(await factory('Session').findByUid(text));
    });
  }
}

// Stores need not keep the order of members.
function sorted(members: Record<string, unknown> = {}): [string, unknown][] {
  return Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function saveText(
  factory: AdapterFactory,
  id: string,
  nonce: string,
  extra: Record<string, unknown>,
): Promise<AdapterPayload | undefined> {
  const adapter = factory('AccessToken');
  await adapter.upsert(id, payloadOf('AccessToken', id, { nonce, extra }), LIFETIME);
  return (await adapter.find(id)) ?? undefined;
}
