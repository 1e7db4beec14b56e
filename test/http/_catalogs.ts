// The texts of the pages and mails, as they lie in the files.
import { readdirSync, readFileSync } from 'node:fs';

/** The files of a language, one an area. */
export const areas = readdirSync('views/messages/en').sort();

/** Every text of a language under its key. */
export function textsOf(language: string): Map<string, string> {
  const texts = areas.flatMap((file) => {
    const catalog: Record<string, string> = JSON.parse(
      readFileSync(`views/messages/${language}/${file}`, 'utf8'),
    );
    const area = file.slice(0, -'.json'.length);
    return Object.entries(catalog).map(([name, text]) => [`${area}.${name}`, text] as const);
  });
  return new Map(texts);
}
