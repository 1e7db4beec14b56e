// Every event that the activity page tells has its words in every language.
import test from 'ava';
import { TOLD_EVENTS } from '../../src/accounts/self-care/activity.ts';
import { LANGUAGE_NAMES, translatorOf } from '../../src/http/i18n.ts';

test('an event that is told has words in every language', (t) => {
  const languages = Object.keys(LANGUAGE_NAMES) as (keyof typeof LANGUAGE_NAMES)[]; // its only keys
  for (const language of languages) {
    for (const type of TOLD_EVENTS) {
      const values = { client: 'Contoso', group: 'partners' };
      const text = translatorOf(language)(`activity.${type.replaceAll('.', '-')}`, values);
      t.regex(text, /\p{L}/u, `${language} ${type}`);
    }
  }
});
