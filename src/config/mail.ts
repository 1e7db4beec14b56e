// How mails leave: through a mail server, or not at all (the demo shows them on a page).

export type MailConfig = { kind: 'mailbox' } | { kind: 'smtp'; url: string; from: string };

/** Reads GATEHOUSE_SMTP_URL and GATEHOUSE_MAIL_FROM; undefined: no mail can be sent. */
export function readMail(
  values: Record<string, string | undefined>,
  demo: boolean,
  problems: string[],
): MailConfig | undefined {
  const url = values['GATEHOUSE_SMTP_URL'];
  const from = values['GATEHOUSE_MAIL_FROM'];
  if (!url) return demo ? { kind: 'mailbox' } : undefined;
  const protocol = URL.parse(url)?.protocol;
  if (protocol !== 'smtp:' && protocol !== 'smtps:')
    problems.push(
      'GATEHOUSE_SMTP_URL must look like smtps://name:password@mail.example.com (TLS) or smtp://mail.example.com:587 (STARTTLS).',
    );
  if (!from || /[\r\n]/.test(from) || !/[^\s@<]+@[^\s@>]+/.test(from))
    problems.push(
      'Set GATEHOUSE_MAIL_FROM to the sender of all mails, for example "Contoso APIs <no-reply@contoso.com>".',
    );
  return { kind: 'smtp', url, from: from ?? '' };
}
