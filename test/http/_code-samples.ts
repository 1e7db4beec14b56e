// The data that the tests of the page of code show.
import type { CodeViews } from '../../src/http/views/code.ts';

const choice = (name: string, isChosen = false) => ({ name, href: '/elsewhere', isChosen });

export const codeSamples: CodeViews = {
  'application/code': {
    ...{ account: { name: 'Ada Lovelace', email: 'ada@example.com' }, csrf: 'a"token' },
    ...{ notice: undefined, section: 'code' },
    application: {
      ...{ id: 'app_1', name: 'Fabrikam Shipping', kind: 'web', verified: false },
      ...{ state: 'active', logoUrl: undefined },
    },
    environments: [choice('Sandbox', true), choice('Production')],
    apis: [choice('Orders', true), choice('Payments')],
    languages: ['Node.js', 'Python', 'Go', 'Java', 'C#'].map((name, index) =>
      choice(name, index === 0),
    ),
    snippet: {
      ...{ file: 'client.mjs', install: 'npm install openid-client', run: 'node client.mjs' },
      code: `const text = '<a>' && "b";\n${'console.log(text); '.repeat(20)}`,
    },
    ...{ missing: undefined, readsSecret: true, guessesUrl: true },
    localUri: 'http://localhost:8080/callback',
  },
};
