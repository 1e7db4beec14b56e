// A scope in words, in the language of whoever reads it.
import type { ApiScope } from '../storage/apis.ts';

/** The text of a scope in a language; without one, its default text. */
export function scopeText({ description, texts }: ApiScope, language: string): string {
  return texts[language] ?? description;
}
