// A mail as text and as HTML, in the language of its reader.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import { translatorOf } from '../http/i18n.ts';
import type { Mail } from './outbox.ts';

export interface ComposedMail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

const TEMPLATE = readFileSync(
  fileURLToPath(new URL('../../views/mail.eta', import.meta.url)),
  'utf8',
);
const eta = new Eta({ autoEscape: true });
eta.loadTemplate('@mail', TEMPLATE);

/** Composes the mail; `productName` is the portal's name as its people know it. */
export function composeMail(mail: Mail, productName: string): ComposedMail {
  const t = translatorOf(mail.language);
  const values = { product: productName, ...mail.values };
  const subject = t(`mail.${mail.kind}-subject`, values);
  const paragraphs = t(`mail.${mail.kind}-body`, values)
    .split('\n\n')
    .filter((text) => text.trim());
  const button = mail.link ? t(`mail.${mail.kind}-button`, values) : undefined;
  const footer = t('mail.footer', values);
  const link = mail.link;
  const text = [...paragraphs, ...(link ? [`${button}:\n${link}`] : []), `-- \n${footer}`];
  return {
    to: mail.to,
    // A name may hold what a header may not.
    subject: subject.replace(/[\p{Cc}\p{Cf}]/gu, ' '),
    text: `${text.join('\n\n')}\n`,
    html: eta.render('@mail', {
      language: mail.language,
      ...{ subject, paragraphs, button, link, footer, productName },
    }),
  };
}
