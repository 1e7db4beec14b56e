// E-mail addresses: one spelling for each, and none that a mail program could read as another.
import { domainToASCII } from 'node:url';
import { z } from 'zod';

// RFC 5321 section 4.5.3.1: the path of a mail.
const LONGEST = 254;
const address = z.email().max(LONGEST);

/**
 * The one spelling of an address: its domain has no letter case and is written in ASCII (RFC 5321
 * section 2.4, RFC 5891). undefined when it is no single, plain address: quotes, comments, lists,
 * control characters and letters that only look like others are refused before any mail is written.
 */
export function parseEmailAddress(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST) return undefined;
  // A full-width sign or a ligature becomes another character in some program on the way.
  if (trimmed !== trimmed.normalize('NFKC')) return undefined;
  const [, local, domain] = /^([^@\s]+)@([^@\s]+)$/.exec(trimmed) ?? [];
  if (!local || !domain) return undefined;
  return address.safeParse(`${local}@${domainToASCII(domain)}`).data;
}
