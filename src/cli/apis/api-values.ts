// The values of the options of apis create and update.
import { InvalidArgumentError } from 'commander';
import { z } from 'zod';

export const scopeValue = z.object({ name: z.string(), description: z.string() });
export const scopeTextValue = scopeValue.extend({ language: z.string() });

/** Reads `name=description`. */
export function collectScope(text: string, previous: z.infer<typeof scopeValue>[] = []) {
  const [, name, description] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name && description) return [...previous, { name, description }];
  throw new InvalidArgumentError(
    "Write its name, an equals sign and what people read, such as 'orders.read=See orders'.",
  );
}

/** Reads `name:language=text`. */
export function collectScopeText(text: string, previous: z.infer<typeof scopeTextValue>[] = []) {
  const [, name, language, description] = /^([^=]+):([a-z]{2})=(.+)$/s.exec(text) ?? [];
  if (name && language && description) return [...previous, { name, language, description }];
  throw new InvalidArgumentError(
    "Write the scope, a colon, a language, an equals sign and the text, such as 'orders.read:de=Bestellungen sehen'.",
  );
}

/** Reads a whole number of seconds. */
export function readSeconds(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number of seconds.');
}
